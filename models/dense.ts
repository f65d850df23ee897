/**
 * Dense networks as plain code over typed arrays. For a request's few rows this is some thirty times cheaper than a
 * call into TF.js, and the API process need not load it at all. A test holds it equal to TF.js.
 */
import { z } from "zod";

const activation = z.enum(["linear", "relu", "tanh", "sigmoid"]);

/** The part of TF.js's layers format that we write and read: a Sequential of Dense layers. */
const layersModelSchema = z.object({
  format: z.literal("layers-model"),
  modelTopology: z.object({
    class_name: z.literal("Sequential"),
    config: z.object({
      layers: z
        .array(
          z.object({
            class_name: z.literal("Dense"),
            config: z.object({
              name: z.string(),
              units: z.int().positive(),
              activation,
              use_bias: z.literal(true),
            }),
          }),
        )
        .min(1),
    }),
  }),
  weightsManifest: z
    .array(
      z.object({
        paths: z.array(z.string()),
        weights: z.array(
          z.object({ name: z.string(), shape: z.array(z.int().positive()), dtype: z.literal("float32") }),
        ),
      }),
    )
    .length(1),
});

interface DenseLayer {
  readonly inputs: number;
  readonly units: number;
  readonly activation: z.infer<typeof activation>;
  /** Row-major, [inputs][units], as TF.js writes it. */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

export interface DenseNet {
  readonly inputs: number;
  readonly outputs: number;
  readonly layers: readonly DenseLayer[];
}

/**
 * @param weights the bytes of `weights.bin`
 * @throws ZodError for another architecture, RangeError when weights and layers do not fit together.
 */
export function parseDenseNet(modelJson: unknown, weights: Uint8Array): DenseNet {
  const model = layersModelSchema.parse(modelJson);
  const tensors = readTensors(model.weightsManifest[0]?.weights ?? [], weights);
  const layers = model.modelTopology.config.layers.map(({ config }): DenseLayer => {
    const kernel = tensors.get(`${config.name}/kernel`);
    const bias = tensors.get(`${config.name}/bias`);
    if (kernel === undefined || bias === undefined) throw new RangeError(`layer ${config.name} has no weights`);
    const inputs = kernel.length / config.units;
    if (!Number.isInteger(inputs) || bias.length !== config.units) {
      throw new RangeError(`the weights of layer ${config.name} have the wrong size`);
    }
    return { inputs, units: config.units, activation: config.activation, kernel, bias };
  });
  for (const [index, layer] of layers.entries()) {
    const before = layers[index - 1];
    if (before !== undefined && before.units !== layer.inputs) throw new RangeError("layers do not fit together");
  }
  return { inputs: layers[0]?.inputs ?? 0, outputs: layers.at(-1)?.units ?? 0, layers };
}

function readTensors(specs: readonly { name: string; shape: readonly number[] }[], bytes: Uint8Array) {
  // A copy: the file's bytes may lie at an offset that Float32Array cannot address.
  const floats = new Float32Array(bytes.slice().buffer, 0, Math.floor(bytes.byteLength / 4));
  const tensors = new Map<string, Float32Array>();
  let offset = 0;
  for (const spec of specs) {
    const length = spec.shape.reduce((product, size) => product * size, 1);
    if (offset + length > floats.length) throw new RangeError("weights.bin is too short");
    tensors.set(spec.name, floats.subarray(offset, offset + length));
    offset += length;
  }
  if (offset * 4 !== bytes.byteLength) throw new RangeError("weights.bin is too long");
  return tensors;
}

/** @throws RangeError when the input has another width than the network. */
export function forward(net: DenseNet, input: Float32Array): Float32Array {
  if (input.length !== net.inputs) throw new RangeError(`expected ${net.inputs} inputs, got ${input.length}`);
  let values = input;
  for (const layer of net.layers) values = applyLayer(layer, values);
  return values;
}

function applyLayer(layer: DenseLayer, input: Float32Array): Float32Array {
  const out = new Float32Array(layer.bias);
  for (let i = 0; i < layer.inputs; i += 1) {
    const value = input[i] ?? 0;
    const row = i * layer.units;
    for (let j = 0; j < layer.units; j += 1) out[j] = (out[j] ?? 0) + value * (layer.kernel[row + j] ?? 0);
  }
  for (let j = 0; j < layer.units; j += 1) out[j] = activate(layer.activation, out[j] ?? 0);
  return out;
}

function activate(name: DenseLayer["activation"], value: number): number {
  switch (name) {
    case "linear":
      return value;
    case "relu":
      return Math.max(0, value);
    case "tanh":
      return Math.tanh(value);
    case "sigmoid":
      return 1 / (1 + Math.exp(-value));
  }
}
