import { beforeAll, describe, expect, it } from "vitest";
import { loadRuntime, type Runtime } from "../../../models/runtime.ts";

let runtime: Runtime;
beforeAll(async () => {
  runtime = await loadRuntime();
});

/** On TF.js's plain backend, which is slow and complete; then back to where we were. */
async function onCpu<T>(work: () => Promise<T>): Promise<T> {
  const { tf } = runtime;
  const before = tf.getBackend();
  await tf.setBackend("cpu");
  try {
    return await work();
  } finally {
    await tf.setBackend(before);
  }
}

async function gatherGradient(): Promise<number[]> {
  const { tf } = runtime;
  const table = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [5, 2]);
  // One row twice, two rows never.
  const rows = tf.tensor1d([3, 0, 3, 4], "int32");
  const weights = tf.tensor2d([0.5, -1, 2, 3, 1.25, 4, -2, 0.75], [4, 2]);
  const gradient = tf.grad((given) => tf.gather(given, rows).square().mul(weights).sum())(table);
  return Array.from(await gradient.data());
}

describe("the runtime", () => {
  it("gives gather the gradient that the plain backend gives it", async () => {
    const gradient = await gatherGradient();
    expect(gradient).toEqual([4, 12, 0, 0, 0, 0, 24.5, 48, -36, 15]);
    expect(await onCpu(gatherGradient)).toEqual(gradient);
  });

  it("sums rows by segment, drops ids outside, and leaves empty segments at nothing", async () => {
    const { tf } = runtime;
    const values = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [4, 1, 2]);
    const sums = tf.unsortedSegmentSum(values, tf.tensor1d([2, -1, 2, 0], "int32"), 4);
    expect(sums.shape).toEqual([4, 1, 2]);
    expect(Array.from(await sums.data())).toEqual([7, 8, 0, 0, 6, 8, 0, 0]);
  });

  it("trains a network with an embedding: its loss falls", async () => {
    const { tf } = runtime;
    const model = tf.sequential({
      layers: [
        tf.layers.embedding({ inputDim: 20, outputDim: 3, inputLength: 1 }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 1, kernelInitializer: tf.initializers.glorotUniform({ seed: 3 }) }),
      ],
    });
    model.compile({ optimizer: tf.train.adam(0.05), loss: "meanSquaredError" });
    const ids = tf.tensor2d(Array.from({ length: 200 }, (_, row) => [row % 20]));
    const targets = tf.tensor2d(Array.from({ length: 200 }, (_, row) => [(row % 20) % 2]));
    const { history } = await model.fit(ids, targets, { epochs: 30, batchSize: 20, shuffle: false, verbose: 0 });
    expect(Number(history.loss?.at(-1))).toBeLessThan(0.05);
  });
});
