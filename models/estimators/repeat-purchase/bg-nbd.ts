/**
 * Counting customers: while alive a customer buys at a rate of their own (gamma distributed over customers, shape r and
 * rate α); they leave for good with a probability of their own (beta distributed, a and b). What is known of each are
 * three numbers. Two variants differ in when one may leave:
 *
 * - "after repeats": BG/NBD (Fader, Hardie and Lee 2005), only after a repeat purchase. Whoever bought once is alive
 *   for ever.
 * - "after any": MBG/NBD (Batislam, Denizel and Filiztekin 2007), after the first purchase too.
 */
import { hypergeometric, logGamma } from "./special.ts";

export const variants = ["after repeats", "after any"] as const;
export type Variant = (typeof variants)[number];

export interface CountingModel {
  readonly variant: Variant;
  readonly r: number;
  readonly alpha: number;
  readonly a: number;
  readonly b: number;
}

/** All times in one unit, from the first purchase on. */
export interface Recency {
  /** Purchases after the first. */
  readonly repeats: number;
  /** When the last one was. */
  readonly last: number;
  /** Until when they were watched. */
  readonly watched: number;
}

/** How often one stood at the door and stayed. */
export const staysOf = (variant: Variant, repeats: number) => (variant === "after any" ? repeats + 1 : repeats);

/** The sum over histories, each of which stands for `counts` customers. */
export function logLikelihood(model: CountingModel, histories: readonly Recency[], counts: ArrayLike<number>): number {
  const { variant, r, alpha, a, b } = model;
  const constant = r * Math.log(alpha) - logGamma(r) + logGamma(a + b) - logGamma(b);
  let sum = 0;
  for (let index = 0; index < histories.length; index += 1) {
    const { repeats, last, watched } = histories[index] as Recency;
    const stays = staysOf(variant, repeats);
    const count = counts[index] as number;
    const common = constant + logGamma(r + repeats) + logGamma(b + stays) - logGamma(a + b + stays);
    const alive = -(r + repeats) * Math.log(alpha + watched);
    if (stays === 0) {
      sum += count * (common + alive);
      continue;
    }
    const gone = Math.log(a) - Math.log(b + stays - 1) - (r + repeats) * Math.log(alpha + last);
    const larger = Math.max(alive, gone);
    sum += count * (common + larger + Math.log(Math.exp(alive - larger) + Math.exp(gone - larger)));
  }
  return sum;
}

/** That the customer has not left for good. */
export function probabilityAlive(model: CountingModel, { repeats, last, watched }: Recency): number {
  const { variant, r, alpha, a, b } = model;
  const stays = staysOf(variant, repeats);
  if (stays === 0) return 1;
  const odds = (a / (b + stays - 1)) * ((alpha + watched) / (alpha + last)) ** (r + repeats);
  return 1 / (1 + odds);
}

/** Purchases in the next `horizon`: equation (10) of Fader, Hardie and Lee, and its like of Batislam and others. */
export function expectedPurchases(model: CountingModel, history: Recency, horizon: number): number {
  // The formula divides by a − 1; beside 1 it is as good.
  const a = Math.abs(model.a - 1) < 1e-6 ? 1 + 1e-6 : model.a;
  const { variant, r, alpha, b } = model;
  const { repeats, watched } = history;
  const stays = staysOf(variant, repeats);
  const share = horizon / (alpha + watched + horizon);
  const series = hypergeometric(r + repeats, b + stays, a + b + stays - 1, share);
  const left = 1 - ((alpha + watched) / (alpha + watched + horizon)) ** (r + repeats) * series;
  return Math.max(0, ((a + b + stays - 1) / (a - 1)) * left * probabilityAlive(model, history));
}
