import { describe, expect, it } from "vitest";
import { creditNet, netOutput } from "../../../../models/estimators/tabular/net-credit.ts";
import { NetworkTrainer } from "../../../../models/estimators/tabular/network.ts";
import { loadRuntime } from "../../../../models/runtime.ts";
import { seeded } from "../../../../models/training/random.ts";

const options = { hidden: [16, 8], dropout: 0.1, decay: 1e-4, learningRate: 0.02, batchSize: 32, seed: 3 };

function data(rows: number) {
  const random = seeded(1);
  const matrix = Float32Array.from({ length: rows * 3 }, () => random() * 2 - 1);
  const targets = Float64Array.from({ length: rows }, (_, row) =>
    (matrix[row * 3] ?? 0) * (matrix[row * 3 + 1] ?? 0) > 0 ? 1 : 0,
  );
  return { matrix, width: 3, targets };
}

describe("the network of the ensemble", () => {
  it("learns what no sum of its inputs says, the same each time, and explains itself exactly", async () => {
    const { tf } = await loadRuntime();
    const rows = data(256);
    const train = () => {
      const trainer = new NetworkTrainer(tf, 3, 0, options);
      for (let epoch = 0; epoch < 20; epoch += 1) trainer.epoch(rows);
      const net = trainer.net();
      trainer.dispose();
      return net;
    };
    const before = tf.memory().numTensors;
    const net = train();
    expect(train()).toEqual(net);
    expect(tf.memory().numTensors).toBe(before);
    const row = (at: number) => rows.matrix.slice(at * 3, at * 3 + 3);
    const right = [...rows.targets].filter((label, at) => netOutput(net, row(at)) > 0 === (label === 1)).length;
    expect(right / 256).toBeGreaterThan(0.85);

    const reference = Float32Array.of(0.1, -0.2, 0);
    for (let at = 0; at < 50; at += 1) {
      const credits = new Float64Array(3);
      creditNet(net, row(at), reference, 2, credits);
      const change = 2 * (netOutput(net, row(at)) - netOutput(net, reference));
      expect(credits.reduce((sum, credit) => sum + credit, 0)).toBeCloseTo(change, 6);
    }
  }, 60_000);

  it("says of a row, wherever it lies among others, what plain sums say, to the last bit", () => {
    const random = seeded(4);
    const numbers = (length: number) => Float32Array.from({ length }, () => random() * 2 - 1);
    const layer = (inputs: number, units: number, activation: "relu" | "linear") =>
      ({ inputs, units, activation, kernel: numbers(inputs * units), bias: numbers(units) }) as const;
    for (const sizes of [
      [7, 5, 3],
      [300, 9, 6],
      [2, 1, 1],
    ] as const) {
      const [inputs, first, second] = sizes;
      const layers = [layer(inputs, first, "relu"), layer(first, second, "relu"), layer(second, 1, "linear")];
      const rows = numbers(inputs * 20).map((value) => (value > 0.4 ? 0 : value));
      for (let row = 0; row < 20; row += 1) {
        let values = Float64Array.from(rows.subarray(row * inputs, (row + 1) * inputs));
        for (const { units, activation, kernel, bias } of layers) {
          const sums = Float64Array.from(bias);
          for (const [input, value] of values.entries()) {
            for (let unit = 0; unit < units; unit += 1) {
              sums[unit] = (sums[unit] ?? 0) + value * (kernel[input * units + unit] ?? 0);
            }
          }
          values = activation === "relu" ? sums.map((sum) => Math.max(0, sum)) : sums;
        }
        expect(netOutput({ inputs, outputs: 1, layers }, rows, row * inputs)).toBe(values[0]);
      }
    }
  });
});
