import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatMoney, percentOf, proportionOf, splitByLargestRemainder } from "../../../api/domain/money.ts";

const minor = fc.integer({ min: 0, max: 10 ** 12 });
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe("percentOf", () => {
  it.each([
    [999, 1_000, 100],
    [5, 1_000, 1],
    [4, 1_000, 0],
    [15, 1_000, 2],
    [333, 3_333, 111],
    [0, 10_000, 0],
    [9_007_199_254_740_991, 10_000, 9_007_199_254_740_991],
    [9_007_199_254_740_991, 9_999, 9_006_298_534_815_517],
  ])("of %i, %i basis points are %i", (amount, bp, expected) => {
    expect(percentOf(amount, bp)).toBe(expected);
  });

  it("is never more than half a minor unit from the exact value, and never above the amount", () => {
    fc.assert(
      fc.property(minor, fc.integer({ min: 1, max: 10_000 }), (amount, bp) => {
        const got = BigInt(percentOf(amount, bp)) * 10_000n;
        const doubled = 2n * (got - BigInt(amount) * BigInt(bp));
        expect(doubled > -10_000n && doubled <= 10_000n).toBe(true);
        expect(percentOf(amount, bp)).toBeLessThanOrEqual(amount);
      }),
    );
  });
});

describe("splitByLargestRemainder", () => {
  it.each([
    [100, [333, 333, 333], [34, 33, 33]],
    [10, [1, 1, 1, 1], [3, 3, 2, 2]],
    [7, [1, 2, 3], [1, 2, 4]],
    [1, [0, 5, 5], [0, 1, 0]],
    [3, [0, 0], [2, 1]],
    [0, [4, 4], [0, 0]],
    [0, [], []],
  ])("splits %i over %j as %j", (total, weights, shares) => {
    expect(splitByLargestRemainder(total, weights)).toEqual(shares);
  });

  it("always adds up to the total", () => {
    fc.assert(
      fc.property(minor, fc.array(minor, { minLength: 1, maxLength: 50 }), (total, weights) => {
        expect(sum(splitByLargestRemainder(total, weights))).toBe(total);
      }),
    );
  });

  it("gives no line more than its weight while the total fits", () => {
    fc.assert(
      fc.property(
        fc.array(minor, { minLength: 1, maxLength: 30 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (weights, part) => {
          const shares = splitByLargestRemainder(Math.floor(sum(weights) * part), weights);
          for (const [index, share] of shares.entries()) expect(share).toBeLessThanOrEqual(weights[index] ?? 0);
        },
      ),
    );
  });

  it("keeps every share within one unit of its exact part", () => {
    fc.assert(
      fc.property(
        minor,
        fc.array(fc.integer({ min: 1, max: 10 ** 9 }), { minLength: 1, maxLength: 20 }),
        (total, weights) => {
          const all = BigInt(sum(weights));
          for (const [index, share] of splitByLargestRemainder(total, weights).entries()) {
            const difference = BigInt(share) * all - BigInt(total) * BigInt(weights[index] ?? 0);
            expect(difference > -all && difference < all).toBe(true);
          }
        },
      ),
    );
  });
});

describe("plain numbers", () => {
  /** Small ones stay plain, large ones go through BigInt; the border between them is in here too. */
  const any = fc.oneof(fc.integer({ min: 0, max: 1_000 }), minor, fc.integer({ min: 94_000_000, max: 96_000_000 }));

  it("give the percents and proportions that BigInt gives", () => {
    const halfUp = (numerator: bigint, denominator: bigint) =>
      Number((2n * numerator + denominator) / (2n * denominator));
    const parts = fc
      .integer({ min: 1, max: 10 ** 6 })
      .chain((whole) => fc.tuple(fc.integer({ min: 0, max: whole }), fc.constant(whole)));
    fc.assert(
      fc.property(any, fc.integer({ min: 1, max: 10_000 }), parts, (amount, bp, [part, whole]) => {
        expect(percentOf(amount, bp)).toBe(halfUp(BigInt(amount) * BigInt(bp), 10_000n));
        expect(proportionOf(amount, part, whole)).toBe(halfUp(BigInt(amount) * BigInt(part), BigInt(whole)));
      }),
    );
  });

  it("split as BigInt splits", () => {
    fc.assert(
      fc.property(any, fc.array(any, { minLength: 1, maxLength: 20 }), (total, weights) => {
        expect(splitByLargestRemainder(total, weights)).toEqual(exactSplit(total, weights));
      }),
    );
  });
});

function exactSplit(total: number, given: readonly number[]): number[] {
  const weights = given.some((weight) => weight > 0) ? given.map(BigInt) : given.map(() => 1n);
  const all = weights.reduce((a, b) => a + b, 0n);
  const parts = weights.map((weight, index) => ({
    index,
    share: (BigInt(total) * weight) / all,
    remainder: (BigInt(total) * weight) % all,
  }));
  let missing = BigInt(total) - parts.reduce((a, b) => a + b.share, 0n);
  for (const part of [...parts].sort((a, b) => Number(b.remainder - a.remainder) || a.index - b.index)) {
    if (missing === 0n) break;
    part.share += 1n;
    missing -= 1n;
  }
  return parts.map((part) => Number(part.share));
}

describe("proportionOf", () => {
  it("leaves a whole line exactly as it is", () => {
    fc.assert(
      fc.property(minor, fc.integer({ min: 1, max: 1_000 }), (amount, units) => {
        expect(proportionOf(amount, units, units)).toBe(amount);
      }),
    );
  });

  it("rounds half up", () => {
    expect(proportionOf(101, 1, 2)).toBe(51);
    expect(proportionOf(100, 1, 3)).toBe(33);
  });
});

describe("formatMoney", () => {
  it.each([
    [420, "EUR", "4.20 EUR"],
    [5, "USD", "0.05 USD"],
    [0, "EUR", "0.00 EUR"],
    [420, "JPY", "420 JPY"],
    [1_234, "KWD", "1.234 KWD"],
    [7, "KWD", "0.007 KWD"],
    [-420, "EUR", "-4.20 EUR"],
    [1, "constructor", "0.01 constructor"],
  ])("writes %i %s as %s", (amount, currency, text) => {
    expect(formatMoney(amount, currency)).toBe(text);
  });
});
