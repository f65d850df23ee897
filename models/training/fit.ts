/** The training loop: seeded order, a validation loss after each epoch, early stopping with the best weights kept. */
import type { LayersModel, Tensor } from "@tensorflow/tfjs";
import { collectModel, type ModelFiles } from "../registry/io.ts";
import type { TensorFlow } from "../runtime.ts";
import { permutation, seeded } from "./random.ts";

export interface FitData {
  /** Row-major, `width` columns. */
  readonly inputs: Float32Array;
  readonly width: number;
  /** Row-major, `outputWidth` columns. */
  readonly targets: Float32Array;
  readonly outputWidth: number;
}

export interface FitOptions {
  readonly seed: number;
  readonly batchSize: number;
  readonly epochsMax: number;
  /** Stops after so many epochs without a better validation loss. */
  readonly patience: number;
  readonly onEpoch: (epoch: number, loss: number, validationLoss: number) => void;
}

/** The model must be compiled. It leaves with the weights of its best epoch. @returns the number of that epoch */
export async function fitNetwork(
  tf: TensorFlow,
  model: LayersModel,
  train: FitData,
  validation: FitData,
  options: FitOptions,
): Promise<number> {
  const random = seeded(options.seed);
  const held = tensors(tf, validation);
  let best = { loss: Number.POSITIVE_INFINITY, epoch: 0, weights: copyWeights(model) };
  for (let epoch = 1; epoch <= options.epochsMax && epoch - best.epoch <= options.patience; epoch += 1) {
    const trainLoss = await trainEpoch(tf, model, train, options.batchSize, random);
    const loss = await scalar(model.evaluate(held.x, held.y, { batchSize: 4096 }));
    options.onEpoch(epoch, trainLoss, loss);
    if (loss < best.loss - 1e-6) best = { loss, epoch, weights: copyWeights(model) };
  }
  tf.dispose([held.x, held.y]);
  tf.tidy(() => model.setWeights(best.weights.map(({ values, shape }) => tf.tensor(values, shape))));
  return best.epoch;
}

/** Every row once, in an order drawn from `random`. @returns the mean training loss */
export async function trainEpoch(
  tf: TensorFlow,
  model: LayersModel,
  train: FitData,
  batchSize: number,
  random: () => number,
): Promise<number> {
  const shuffled = tensors(tf, shuffle(train, random));
  const history = await model.fit(shuffled.x, shuffled.y, { epochs: 1, batchSize, shuffle: false, verbose: 0 });
  tf.dispose([shuffled.x, shuffled.y]);
  return Number(history.history.loss?.[0]);
}

/** The first output of each row. */
export async function predict(tf: TensorFlow, model: LayersModel, data: FitData): Promise<number[]> {
  const { x, y } = tensors(tf, data);
  const given = model.predict(x, { batchSize: 4096 });
  const tensor = Array.isArray(given) ? given[0] : given;
  const values = Array.from((await tensor?.data()) ?? []);
  tf.dispose([x, y, ...(Array.isArray(given) ? given : [given])]);
  return values;
}

export async function filesOf(model: LayersModel): Promise<ModelFiles> {
  let files: ModelFiles | undefined;
  await model.save(
    collectModel((collected) => {
      files = collected;
    }),
  );
  if (files === undefined) throw new Error("the model was not saved");
  return files;
}

function tensors(tf: TensorFlow, data: FitData) {
  const rows = data.inputs.length / data.width;
  return {
    x: tf.tensor2d(data.inputs, [rows, data.width]),
    y: tf.tensor2d(data.targets, [rows, data.outputWidth]),
  };
}

function shuffle(data: FitData, random: () => number): FitData {
  const order = permutation(data.inputs.length / data.width, random);
  return {
    ...data,
    inputs: reorder(data.inputs, data.width, order),
    targets: reorder(data.targets, data.outputWidth, order),
  };
}

function reorder(values: Float32Array, width: number, order: Uint32Array): Float32Array {
  const out = new Float32Array(values.length);
  for (const [to, from] of order.entries()) out.set(values.subarray(from * width, (from + 1) * width), to * width);
  return out;
}

async function scalar(given: Tensor | Tensor[]): Promise<number> {
  const tensor = Array.isArray(given) ? given[0] : given;
  const value = (await tensor?.data())?.[0] ?? Number.NaN;
  for (const each of Array.isArray(given) ? given : [given]) each.dispose();
  return value;
}

function copyWeights(model: LayersModel) {
  return model.getWeights().map((tensor) => ({ values: tensor.dataSync().slice(), shape: tensor.shape }));
}
