import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitLogistic, predictLogistic } from "../../../models/training/logistic.ts";
import { areaUnderRoc, averagePrecision, calibrationError, logLoss } from "../../../models/training/metrics.ts";
import { permutation, seeded } from "../../../models/training/random.ts";

describe("metrics", () => {
  it("give AUC as the share of pairs in the right order, ties counted half", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), { maxLength: 40 }), (rows) => {
        const positive = rows.filter(([, label]) => label).map(([score]) => score);
        const negative = rows.filter(([, label]) => !label).map(([score]) => score);
        const pairs = positive.flatMap((p) => negative.map((n) => (p > n ? 1 : p === n ? 0.5 : 0)));
        const expected = pairs.length === 0 ? Number.NaN : pairs.reduce((a: number, b) => a + b, 0) / pairs.length;
        const actual = areaUnderRoc(
          rows.map(([score]) => score),
          rows.map(([, label]) => (label ? 1 : 0)),
        );
        if (Number.isNaN(expected)) expect(actual).toBeNaN();
        else expect(actual).toBeCloseTo(expected, 10);
      }),
    );
  });

  it("give average precision 1 to a perfect order and the base rate to a constant score", () => {
    expect(averagePrecision([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0])).toBe(1);
    expect(averagePrecision([0.5, 0.5, 0.5, 0.5], [1, 0, 0, 0])).toBe(0.25);
    expect(averagePrecision([0.9, 0.8, 0.7], [0, 1, 1])).toBeCloseTo((1 / 2 + 2 / 3) / 2, 12);
  });

  it("give the log-loss of a coin for a coin, and stay finite for a certain mistake", () => {
    expect(logLoss([0.5, 0.5], [1, 0])).toBeCloseTo(Math.LN2, 12);
    expect(logLoss([0, 1], [1, 0])).toBeGreaterThan(10);
    expect(Number.isFinite(logLoss([0], [1]))).toBe(true);
  });

  it("find no calibration error where every bin keeps its promise", () => {
    const labels = Array.from({ length: 1000 }, (_, index) => (index % 4 === 0 ? 1 : 0));
    expect(
      calibrationError(
        labels.map(() => 0.25),
        labels,
      ),
    ).toBeLessThan(1e-12);
    expect(
      calibrationError(
        labels.map(() => 0.75),
        labels,
      ),
    ).toBeCloseTo(0.5, 12);
  });
});

describe("logistic regression", () => {
  it("recovers the coefficients that made the labels", () => {
    const random = seeded(3);
    const rows = Array.from({ length: 20_000 }, () => [random() * 2 - 1, random() * 2 - 1]);
    const labels = rows.map(([a, b]) => (random() < 1 / (1 + Math.exp(-(2 * (a ?? 0) - (b ?? 0) - 1))) ? 1 : 0));
    const model = fitLogistic(rows, labels, 1e-6);
    expect(model.intercept).toBeCloseTo(-1, 1);
    expect(model.weights[0]).toBeCloseTo(2, 0);
    expect(model.weights[1]).toBeCloseTo(-1, 0);
    expect(predictLogistic(model, [0, 0])).toBeCloseTo(1 / (1 + Math.E), 1);
  });

  it("stays finite on separable and on constant columns", () => {
    const model = fitLogistic(
      [
        [-1, 3],
        [-2, 3],
        [1, 3],
        [2, 3],
      ],
      [0, 0, 1, 1],
      1e-3,
    );
    expect(model.weights.every(Number.isFinite)).toBe(true);
    expect(predictLogistic(model, [2, 3])).toBeGreaterThan(0.9);
  });
});

describe("seeded randomness", () => {
  it("repeats by seed and permutes completely", () => {
    const first = permutation(1000, seeded(11));
    expect(permutation(1000, seeded(11))).toEqual(first);
    expect(permutation(1000, seeded(12))).not.toEqual(first);
    expect(Array.from(first).sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  });
});
