/** Predicts from a customer's purchases what they will do: no fitting here, and nothing that needs TF.js. */
import { z } from "zod";
import { seeded } from "../../training/random.ts";
import { type CountingModel, expectedPurchases, probabilityAlive, type Recency, staysOf, variants } from "./bg-nbd.ts";
import { drawBeta, drawGamma, drawPoisson } from "./draws.ts";
import { expectedSpend, type Spending, type SpendModel } from "./gamma-gamma.ts";
import type { PurchaseHistory } from "./histories.ts";

const positive = z.number().positive();

export const repeatPurchaseSchema = z.object({
  format: z.literal("tessera-repeat-purchase-1"),
  seed: z.int(),
  /** The last day (since 1970) that is known. */
  until_day: z.int(),
  counting: z.object({ variant: z.enum(variants), r: positive, alpha: positive, a: positive, b: positive }),
  /** By which expectations are multiplied: how much more was bought than was foretold within the known time. */
  level: positive,
  spend: z.object({ p: positive, q: positive, gamma: positive }).nullable(),
  customers: z.int(),
  repeat_customers: z.int(),
  log_likelihood: z.number(),
});
export type RepeatPurchaseParts = z.infer<typeof repeatPurchaseSchema>;

/** A customer in five numbers; times in weeks since the first purchase. */
export interface CustomerSummary extends Recency {
  readonly spending: Spending;
}

interface Interval {
  readonly expected: number;
  /** The 5 % and 95 % quantiles. */
  readonly low: number;
  readonly high: number;
}

export interface RepeatPrediction {
  readonly purchases: Interval;
  readonly probabilityAlive: number;
  /** What they will spend, in the unit of the amounts; null where no spending is known. */
  readonly value: Interval | null;
}

const draws = 200;

/** Of the days up to `untilDay`; whoever first bought later is not known yet. */
export function summarise(history: PurchaseHistory, untilDay: number): CustomerSummary | undefined {
  const first = history.days[0];
  if (first === undefined || first > untilDay) return undefined;
  const known = history.days.findLastIndex((day) => day <= untilDay) + 1;
  const paid = history.amounts.slice(0, known).filter((amount) => amount > 0);
  return {
    repeats: known - 1,
    last: ((history.days[known - 1] ?? first) - first) / 7,
    watched: (untilDay - first) / 7,
    spending: { count: paid.length, mean: paid.reduce((sum, amount) => sum + amount / paid.length, 0) },
  };
}

/** Purchases in the next weeks, without the draws of an interval. */
export function expectRepeats({ counting, level }: RepeatPurchaseParts, summary: CustomerSummary, weeks: number) {
  return level * expectedPurchases(counting, summary, weeks);
}

export function predictRepeats(parts: RepeatPurchaseParts, summary: CustomerSummary, weeks: number): RepeatPrediction {
  const { counting, spend } = parts;
  const expected = expectRepeats(parts, summary, weeks);
  const { counts, values } = drawFutures(parts, summary, weeks);
  return {
    purchases: { expected, ...rangeOf(counts) },
    probabilityAlive: probabilityAlive(counting, summary),
    value: spend === null ? null : { expected: expected * expectedSpend(spend, summary.spending), ...rangeOf(values) },
  };
}

/**
 * Futures of one customer from the posterior. Given that they are alive, their rate is gamma and their leaving
 * probability beta distributed, independently; they buy until time is over or they leave. Uncertainty about the
 * parameters themselves is left out: it is small beside what one customer may do.
 */
function drawFutures({ counting, level, spend, seed }: RepeatPurchaseParts, summary: CustomerSummary, weeks: number) {
  const random = seeded(seed + mixed(summary, weeks));
  const alive = probabilityAlive(counting, summary);
  const counts = new Float64Array(draws);
  const values = new Float64Array(draws);
  for (let draw = 0; draw < draws; draw += 1) {
    if (random() >= alive) continue;
    const count = drawCount(counting, summary, weeks * level, random);
    counts[draw] = count;
    if (spend !== null && count > 0) values[draw] = drawSpend(spend, summary.spending, count, random);
  }
  return { counts, values };
}

function drawCount(model: CountingModel, { repeats, watched }: Recency, weeks: number, random: () => number): number {
  const rate = drawGamma(model.r + repeats, random) / (model.alpha + watched);
  const leaves = drawBeta(model.a, model.b + staysOf(model.variant, repeats), random);
  const wanted = drawPoisson(rate * weeks, random);
  // The purchase after which they leave is still made.
  const untilLeft = leaves > 0 ? Math.ceil(Math.log(1 - random()) / Math.log1p(-Math.min(leaves, 1 - 1e-12))) : wanted;
  return Math.min(wanted, Math.max(1, untilLeft));
}

function drawSpend({ p, q, gamma }: SpendModel, { count, mean }: Spending, purchases: number, random: () => number) {
  const rate = drawGamma(q + p * count, random) / (gamma + count * mean);
  return rate > 0 ? drawGamma(p * purchases, random) / rate : 0;
}

function rangeOf(values: Float64Array) {
  const sorted = values.slice().sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return { low: at(0.05), high: at(0.95) };
}

/** A number of the summary, so that a customer's futures do not depend on who was asked before. */
function mixed({ repeats, last, watched, spending }: CustomerSummary, weeks: number): number {
  let hash = 17;
  for (const value of [repeats, last * 7, watched * 7, spending.count, spending.mean * 100, weeks]) {
    hash = Math.imul(hash ^ Math.round(value), 0x9e3779b1) >>> 0;
  }
  return hash;
}
