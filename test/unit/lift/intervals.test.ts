import { describe, expect, it } from "vitest";
import { adjust } from "../../../api/lift/cuped.ts";
import {
  differenceOfMeans,
  differenceOfShares,
  ratio,
  relativeDifference,
  wilson,
} from "../../../api/lift/interval.ts";
import { momentsOf, variance } from "../../../api/lift/moments.ts";
import { normal975, student975 } from "../../../api/lift/quantile.ts";

describe("Student's quantile", () => {
  it.each([
    // From the tables; the last by their limit.
    [1, 12.706_2],
    [2, 4.302_65],
    [3, 3.182_45],
    [4, 2.776_45],
    [5, 2.570_58],
    [10, 2.228_14],
    [30, 2.042_27],
    [120, 1.979_93],
    [1_000, 1.962_34],
    [Number.POSITIVE_INFINITY, 1.959_96],
  ])("at %d degrees of freedom is %d", (df, expected) => {
    expect(student975(df)).toBeCloseTo(expected, 3);
  });

  it("falls as there are more degrees of freedom, whole or not", () => {
    const quantiles = [2.5, 3, 3.3, 4.9, 5.1, 7.7, 20.2, 99.5, 5_000].map(student975);
    expect(quantiles).toEqual([...quantiles].sort((a, b) => b - a));
    expect(quantiles.every((quantile) => quantile > normal975)).toBe(true);
  });
});

describe("the difference of two means", () => {
  it("is Welch's", () => {
    // Sample variances 2.5 and 10 of five each: t = −1.897, 5.882 degrees of freedom.
    const a = momentsOf([1, 2, 3, 4, 5].map((y) => [y, 0]));
    const b = momentsOf([2, 4, 6, 8, 10].map((y) => [y, 0]));
    expect([variance(a), variance(b)]).toEqual([2.5, 10]);
    const { value, low, high } = differenceOfMeans({ n: 5, mean: 3, variance: 0.5 }, { n: 5, mean: 6, variance: 2 });
    expect(value).toBe(-3);
    expect(low).toBeCloseTo(-6.888_8, 2);
    expect(high).toBeCloseTo(0.888_8, 2);
  });

  it("of arms in which everybody is alike is exact", () => {
    const same = { n: 100, mean: 2, variance: 0 };
    expect(differenceOfMeans(same, { ...same, mean: 1 })).toEqual({ value: 1, low: 1, high: 1 });
  });
});

describe("the difference of two shares", () => {
  it.each([
    // Newcombe 1998, table II, method 10.
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [6, 7, 2, 7, 0.0582, 0.8062],
    [5, 56, 0, 29, -0.0381, 0.1926],
    [0, 10, 0, 20, -0.1611, 0.2775],
    [10, 10, 0, 10, 0.6075, 1],
  ])("of %d/%d and %d/%d is Newcombe's", (count, n, otherCount, otherN, low, high) => {
    const found = differenceOfShares({ n, count }, { n: otherN, count: otherCount });
    expect(found.low).toBeCloseTo(low, 4);
    expect(found.high).toBeCloseTo(high, 4);
  });

  it("stays within what shares can be", () => {
    expect(wilson({ n: 10, count: 0 }).low).toBe(0);
    expect(wilson({ n: 10, count: 10 }).high).toBeCloseTo(1, 12);
    expect(wilson({ n: 10, count: 10 }).high).toBeLessThanOrEqual(1);
  });
});

describe("the ratio of two estimates", () => {
  it("is Fieller's: every ratio in it, and none outside, is not ruled out by the data", () => {
    const [above, below, covariance] = [{ value: 30, variance: 4 }, { value: 10, variance: 2 }, 1];
    const found = ratio(above, below, covariance, normal975);
    if (found === undefined) throw new Error("the denominator is well away from nothing");
    expect(found.value).toBe(3);
    const distance = (rho: number) =>
      Math.abs(above.value - rho * below.value) /
      Math.sqrt(above.variance - 2 * rho * covariance + rho ** 2 * below.variance);
    expect(distance(found.low)).toBeCloseTo(normal975, 9);
    expect(distance(found.high)).toBeCloseTo(normal975, 9);
    expect(distance(found.low - 0.01)).toBeGreaterThan(normal975);
    expect(distance((found.low + found.high) / 2)).toBeLessThan(normal975);
  });

  it("is none where the denominator may be nothing", () => {
    expect(ratio({ value: 30, variance: 4 }, { value: 1, variance: 2 }, 0, normal975)).toBeUndefined();
    expect(relativeDifference({ n: 9, mean: 1, variance: 0 }, { n: 9, mean: 0, variance: 0 })).toBeUndefined();
  });
});

describe("adjustment by history", () => {
  const noisy = (n: number, effect: number, seed: number) =>
    momentsOf(
      Array.from({ length: n }, (_, index): [number, number] => {
        const before = ((index * 7919 + seed) % 101) / 10;
        return [before + effect + (((index * 104_729 + seed) % 13) - 6) / 10, before];
      }),
    );

  it("leaves the difference where it was and takes the noise of history out of it", () => {
    const [treated, heldOut] = [noisy(1_000, 1, 1), noisy(300, 0, 5)];
    const adjusted = adjust(treated, heldOut);
    expect(adjusted?.theta).toBeCloseTo(1, 1);
    expect(adjusted?.varianceReduction).toBeGreaterThan(0.9);
    expect((adjusted?.treated.mean ?? 0) - (adjusted?.heldOut.mean ?? 0)).toBeCloseTo(1, 1);
  });

  it("is none without history, and takes nothing off the variance when history says nothing", () => {
    const without = momentsOf([1, 2, 3].map((y) => [y, 0]));
    expect(adjust(without, without)).toBeUndefined();
    const constant = momentsOf([1, 2, 3].map((y) => [y, 7]));
    expect(adjust(constant, constant)).toBeUndefined();
    const unrelated = momentsOf([
      [1, 1],
      [1, 2],
      [3, 1],
      [3, 2],
    ]);
    expect(adjust(unrelated, unrelated)).toMatchObject({ theta: 0, varianceReduction: 0 });
  });
});
