import type { LayersModel, Tensor } from "@tensorflow/tfjs";
import type { TensorFlow } from "../runtime.ts";

/** Standardised features in, one logit out. Small on purpose: it must beat logistic regression, not impress. */
export function offerNetwork(tf: TensorFlow, inputs: number, seed: number): LayersModel {
  // Strong, and on every layer: a few dozen campaigns are soon learnt by heart from what is the same for all customers.
  const kernelRegularizer = tf.regularizers.l2({ l2: 1e-2 });
  const initial = (offset: number) => tf.initializers.glorotUniform({ seed: seed + offset });
  const model = tf.sequential({
    name: "personalisation",
    layers: [
      tf.layers.dense({
        name: "hidden_1",
        units: 16,
        inputShape: [inputs],
        activation: "relu",
        kernelInitializer: initial(1),
        kernelRegularizer,
      }),
      tf.layers.dense({
        name: "hidden_2",
        units: 8,
        activation: "relu",
        kernelInitializer: initial(2),
        kernelRegularizer,
      }),
      tf.layers.dense({
        name: "logit",
        units: 1,
        activation: "linear",
        kernelInitializer: initial(3),
        kernelRegularizer,
      }),
    ],
  });
  model.compile({
    optimizer: tf.train.adam(0.002),
    // Unweighted: a rare positive stays rare, so that the output is a probability and not a ranking.
    loss: (labels: Tensor, logits: Tensor) => tf.losses.sigmoidCrossEntropy(labels, logits),
  });
  return model;
}
