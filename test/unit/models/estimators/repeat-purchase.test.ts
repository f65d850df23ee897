import { describe, expect, it } from "vitest";
import {
  type CountingModel,
  expectedPurchases,
  probabilityAlive,
} from "../../../../models/estimators/repeat-purchase/bg-nbd.ts";
import { drawBeta, drawGamma } from "../../../../models/estimators/repeat-purchase/draws.ts";
import { fitCounting, fitHistories, fitRepeatPurchase } from "../../../../models/estimators/repeat-purchase/fit.ts";
import { expectedSpend, fitSpend } from "../../../../models/estimators/repeat-purchase/gamma-gamma.ts";
import {
  collectHistories,
  dayMs,
  type PurchaseHistory,
} from "../../../../models/estimators/repeat-purchase/histories.ts";
import {
  predictRepeats,
  repeatPurchaseSchema,
  summarise,
} from "../../../../models/estimators/repeat-purchase/model.ts";
import { hypergeometric, logGamma } from "../../../../models/estimators/repeat-purchase/special.ts";
import type { Runtime } from "../../../../models/runtime.ts";
import { seeded } from "../../../../models/training/random.ts";

/** These estimators do not use it. */
const runtime = {} as Runtime;
/** The published fit of the CDNOW sample, in weeks. */
const published: CountingModel = { variant: "after repeats", r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
const truth: CountingModel = { variant: "after any", r: 0.6, alpha: 5, a: 0.8, b: 2.2 };

/** Customers who buy and leave as the model says, watched for `weeks` and then for as long again. */
function simulate(customers: number, weeks: number, seed: number): PurchaseHistory[] {
  const random = seeded(seed);
  return Array.from({ length: customers }, (_, index) => {
    const rate = drawGamma(truth.r, random) / truth.alpha;
    const leaves = drawBeta(truth.a, truth.b, random);
    const spend = 100 * drawGamma(4, random);
    const first = Math.floor(random() * 12 * 7);
    const days = [first];
    // Whole days apart: two purchases of one day are one.
    for (let at = first; random() >= leaves; ) {
      at += Math.max(1, Math.round((-Math.log(1 - random()) / rate) * 7));
      if (at > 2 * weeks * 7) break;
      days.push(at);
    }
    return { customer: `c${index}`, days, amounts: days.map(() => (spend * drawGamma(6, random)) / 6) };
  });
}

describe("special functions", () => {
  it("gives the logarithm of the gamma function", () => {
    expect(logGamma(5)).toBeCloseTo(Math.log(24), 12);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 12);
    expect(logGamma(0.1)).toBeCloseTo(2.252_712_651_734_206, 10);
  });

  it("gives the hypergeometric function where it is known in another form", () => {
    expect(hypergeometric(1, 1, 2, 0.5)).toBeCloseTo(2 * Math.log(2), 10);
    expect(hypergeometric(2, 3, 3, 0.9)).toBeCloseTo(0.1 ** -2, 6);
  });
});

describe("counting purchases", () => {
  it("expects what Fader, Hardie and Lee expect of their example", () => {
    const history = { repeats: 2, last: 30.43, watched: 38.86 };
    expect(expectedPurchases(published, history, 39)).toBeCloseTo(1.226, 2);
    expect(probabilityAlive(published, { repeats: 0, last: 0, watched: 38.86 })).toBe(1);
  });

  it("believes less in whoever has been silent for longer, also after one purchase", () => {
    const silent = [2, 10, 20, 36].map((gap) => probabilityAlive(truth, { repeats: 3, last: 40 - gap, watched: 40 }));
    expect(silent).toEqual([...silent].sort((a, b) => b - a));
    expect(probabilityAlive(truth, { repeats: 0, last: 0, watched: 40 })).toBeLessThan(0.9);
  });

  it("finds the parameters that made the data", async () => {
    const summaries = simulate(10_000, 40, 1).flatMap((history) => summarise(history, 40 * 7) ?? []);
    const { model } = await fitCounting(summaries, "after any");
    expect(model.r / truth.r).toBeGreaterThan(0.85);
    expect(model.r / truth.r).toBeLessThan(1.18);
    expect(model.alpha / truth.alpha).toBeGreaterThan(0.85);
    expect(model.alpha / truth.alpha).toBeLessThan(1.18);
    const leaving = truth.a / (truth.a + truth.b);
    expect(model.a / (model.a + model.b)).toBeGreaterThan(leaving - 0.04);
    expect(model.a / (model.a + model.b)).toBeLessThan(leaving + 0.04);
  });

  it("foretells how much is bought later, by whom, and within which bounds", async () => {
    const histories = simulate(1_500, 40, 9);
    const end = 40 * 7;
    const parts = await fitHistories(
      histories.map(({ customer, days, amounts }) => {
        const known = days.filter((day) => day <= end).length;
        return { customer, days: days.slice(0, known), amounts: amounts.slice(0, known) };
      }),
      end,
      { seed: 1 },
    );
    const later = histories.flatMap((history) => {
      const summary = summarise(history, end);
      const bought = history.days.filter((day) => day > end).length;
      return summary === undefined ? [] : [{ bought, ...predictRepeats(parts, summary, 40) }];
    });
    const came = later.reduce((sum, { bought }) => sum + bought, 0);
    const foretold = later.reduce((sum, { purchases }) => sum + purchases.expected, 0);
    expect(foretold / came).toBeGreaterThan(0.85);
    expect(foretold / came).toBeLessThan(1.15);
    const inside = later.filter(({ bought, purchases: { low, high } }) => bought >= low && bought <= high).length;
    expect(inside / later.length).toBeGreaterThan(0.88);
    const likely = [...later].sort((a, b) => b.purchases.expected - a.purchases.expected).slice(0, later.length / 10);
    expect(likely.reduce((sum, { bought }) => sum + bought, 0) / came).toBeGreaterThan(0.3);
    expect(repeatPurchaseSchema.parse(JSON.parse(JSON.stringify(parts)))).toEqual(parts);
  }, 60_000);
});

describe("spending", () => {
  it("pulls a mean of few purchases towards that of all, one of many hardly", async () => {
    const random = seeded(3);
    const spendings = Array.from({ length: 800 }, () => {
      const rate = drawGamma(4, random) / 1_500;
      const count = 1 + Math.floor(random() * 6);
      return { count, mean: drawGamma(6 * count, random) / rate / count };
    });
    const model = await fitSpend(spendings);
    if (model === undefined) throw new Error("there is a model");
    const usual = spendings.reduce((sum, { mean }) => sum + mean / spendings.length, 0);
    const once = expectedSpend(model, { count: 1, mean: 4 * usual });
    const often = expectedSpend(model, { count: 30, mean: 4 * usual });
    expect(once).toBeGreaterThan(usual);
    expect(often).toBeGreaterThan(once);
    expect(often / (4 * usual)).toBeGreaterThan(0.9);
    expect(expectedSpend(model, { count: 0, mean: 0 }) / usual).toBeGreaterThan(0.7);
    expect(expectedSpend(model, { count: 0, mean: 0 }) / usual).toBeLessThan(1.3);
  });

  it("says nothing where nobody spends", async () => {
    expect(await fitSpend(Array.from({ length: 100 }, () => ({ count: 0, mean: 0 })))).toBeUndefined();
  });
});

describe("transactions", () => {
  it("makes one purchase of a day's, and ignores what came after the known time", () => {
    const noon = 12 * 3_600_000;
    const histories = collectHistories(
      [
        { customer: "ann", at: 10 * dayMs + noon, amount: 300 },
        { customer: "ann", at: 10 * dayMs, amount: 200 },
        { customer: "ann", at: 3 * dayMs, amount: 100 },
        { customer: "ann", at: 11 * dayMs, amount: 900 },
        { customer: "bob", at: 11 * dayMs, amount: 900 },
      ],
      10,
    );
    expect(histories).toEqual([{ customer: "ann", days: [3, 10], amounts: [100, 500] }]);
    const summary = summarise({ customer: "ann", days: [3, 10], amounts: [100, 500] }, 17);
    expect(summary).toEqual({ repeats: 1, last: 1, watched: 2, spending: { count: 2, mean: 300 } });
  });

  it("predicts the same twice, nothing for a stranger, and refuses data without a repeat", async () => {
    const transactions = simulate(400, 40, 4).flatMap(({ customer, days, amounts }) =>
      days.map((day, index) => ({ customer, at: day * dayMs, amount: amounts[index] ?? 0 })),
    );
    const [one, two] = await Promise.all(
      [1, 2].map(() => fitRepeatPurchase(runtime, transactions, 40 * 7 * dayMs, { seed: 3 })),
    );
    expect(one?.parts).toEqual(two?.parts);
    expect(one?.predict("c1", 52)).toEqual(two?.predict("c1", 52));
    expect(one?.predict("nobody", 52)).toBeUndefined();
    await expect(
      fitRepeatPurchase(runtime, [{ customer: "a", at: 0, amount: 1 }], 100 * dayMs, { seed: 1 }),
    ).rejects.toThrow("nobody bought twice");
  });
});
