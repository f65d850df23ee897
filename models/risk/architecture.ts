import type { LayersModel } from "@tensorflow/tfjs";
import type { TensorFlow } from "../runtime.ts";

/** Gives back what it is shown through a bottleneck of four: what it cannot give back is unlike the training rows. */
export function autoencoder(tf: TensorFlow, inputs: number, seed: number): LayersModel {
  const initial = (offset: number) => tf.initializers.glorotUniform({ seed: seed + offset });
  const model = tf.sequential({
    name: "risk",
    layers: [
      tf.layers.dense({
        name: "encode_1",
        units: 10,
        inputShape: [inputs],
        activation: "tanh",
        kernelInitializer: initial(1),
      }),
      tf.layers.dense({ name: "bottleneck", units: 4, activation: "tanh", kernelInitializer: initial(2) }),
      tf.layers.dense({ name: "decode_1", units: 10, activation: "tanh", kernelInitializer: initial(3) }),
      tf.layers.dense({ name: "decoded", units: inputs, activation: "linear", kernelInitializer: initial(4) }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.003), loss: "meanSquaredError" });
  return model;
}
