import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { percentile } from "../../../models/quantiles.ts";
import { combine, shareOut } from "../../../models/risk/combine.ts";
import { fitOrdinary, surprise } from "../../../models/risk/ordinary.ts";
import { seeded } from "../../../models/training/random.ts";

const numbers = fc.double({ min: -1e6, max: 1e6, noNaN: true });

/** Of an exponential distribution: its tail is known. */
function exponential(count: number): number[] {
  const random = seeded(11);
  return Array.from({ length: count }, () => -Math.log(1 - random()));
}

describe("what is ordinary", () => {
  it("is surprising by as much as it is rare: the known tail of an exponential, also beyond what was seen", () => {
    const range = fitOrdinary(exponential(20_000));
    for (const value of [0.1, 0.7, 2, 4, 6]) expect(surprise(range, value) / value).toBeCloseTo(1, 0.5);
    expect(surprise(range, 30)).toBeGreaterThan(22);
    expect(surprise(range, 30)).toBeLessThan(38);
  });

  it("reaches a score of 0.995 in one of two hundred new ordinary values", () => {
    const values = exponential(40_000);
    const range = fitOrdinary(values.slice(0, 20_000));
    const share = values.slice(20_000).filter((value) => surprise(range, value) >= -Math.log(0.005)).length / 20_000;
    expect(share).toBeGreaterThan(0.003);
    expect(share).toBeLessThan(0.007);
  });

  it("never falls with the value, is never negative, and is NaN for NaN", () => {
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1, maxLength: 60 }), numbers, numbers, (values, a, b) => {
        const range = fitOrdinary(values);
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(surprise(range, low)).toBeGreaterThanOrEqual(0);
        expect(surprise(range, high)).toBeGreaterThanOrEqual(surprise(range, low));
        expect(surprise(range, Number.NaN)).toBeNaN();
      }),
    );
    expect(() => fitOrdinary([])).toThrow(RangeError);
  });

  it("places a value among quantiles, from 0 to 1", () => {
    const quantiles = [0, 1, 2, 4, 4, 8];
    expect(percentile(quantiles, -1)).toBe(0);
    expect(percentile(quantiles, 0.5)).toBeCloseTo(0.1, 12);
    expect(percentile(quantiles, 3)).toBeCloseTo(0.5, 12);
    expect(percentile(quantiles, 4)).toBeCloseTo(0.8, 12);
    expect(percentile(quantiles, 8)).toBe(1);
  });
});

describe("one score of two models", () => {
  const anomaly = fitOrdinary(exponential(2_000));
  const supervised = { weight: 2, range: fitOrdinary(exponential(2_000)), both: fitOrdinary(exponential(2_000)) };

  it("is from 0 to 1, rises with either, and without labels is the share of ordinary ones that are less strange", () => {
    fc.assert(
      fc.property(fc.double({ min: -5, max: 50, noNaN: true }), numbers, (strange, known) => {
        const both = { anomaly, supervised };
        const { score } = combine(both, { anomaly: strange, supervised: known });
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
        expect(combine(both, { anomaly: strange + 1, supervised: known }).score).toBeGreaterThanOrEqual(score);
        expect(combine(both, { anomaly: strange, supervised: known + 1 }).score).toBeGreaterThanOrEqual(score);
        const alone = combine({ anomaly, supervised: null }, { anomaly: strange, supervised: null });
        expect(alone.score).toBeCloseTo(1 - Math.exp(-surprise(anomaly, strange)), 12);
      }),
    );
    expect(() => combine({ anomaly, supervised: null }, { anomaly: Number.NaN, supervised: null })).toThrow(RangeError);
  });

  it("is shared out over the features without a rest", () => {
    const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });
    const credits = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(shares, credits, fc.double({ min: 0, max: 40, noNaN: true }), (strange, known, value) => {
        fc.pre(strange.some((part) => part > 1e-6));
        const combined = combine({ anomaly, supervised }, { anomaly: value, supervised: value });
        const parts = shareOut(combined, strange, known);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(combined.score, 9);
        expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
