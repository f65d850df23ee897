/**
 * What a customer spends on a purchase (Fader and Hardie 2013): each purchase is gamma distributed (shape p) around the
 * customer's own mean, whose rate is gamma distributed over customers (shape q, rate γ). Spending is taken to be
 * independent of how often one buys.
 */
import { minimise } from "./minimise.ts";
import { logGamma } from "./special.ts";

export interface SpendModel {
  readonly p: number;
  readonly q: number;
  readonly gamma: number;
}

/** Purchases of a customer that cost something, and their mean. */
export interface Spending {
  readonly count: number;
  readonly mean: number;
}

const customersMin = 30;

/** Undefined when too few customers spent anything, or all the same. */
export async function fitSpend(spendings: readonly Spending[]): Promise<SpendModel | undefined> {
  const known = spendings.filter(({ count, mean }) => count > 0 && mean > 0);
  if (known.length < customersMin || known.every(({ mean }) => mean === known[0]?.mean)) return undefined;
  // In units of the usual purchase: the search begins near the truth for any currency.
  const unit = known.reduce((sum, { mean }) => sum + mean / known.length, 0);
  const scaled = known.map(({ count, mean }) => ({ count, mean: mean / unit }));
  const found = await minimise(
    (at) => {
      const [p, q, gamma] = at.map(Math.exp) as [number, number, number];
      // A weak pull towards 1 keeps the shapes finite where the data would take any.
      const pull = at.reduce((sum, x) => sum + x * x, 0) / 100;
      return (pull - logLikelihood({ p, q, gamma }, scaled)) / scaled.length;
    },
    [1, 1, 1],
  );
  const [p, q, gamma] = found.at.map(Math.exp) as [number, number, number];
  return { p, q, gamma: gamma * unit };
}

function logLikelihood({ p, q, gamma }: SpendModel, spendings: readonly Spending[]): number {
  const constant = q * Math.log(gamma) - logGamma(q);
  let sum = 0;
  for (const { count, mean } of spendings) {
    const shape = p * count;
    sum +=
      logGamma(shape + q) -
      logGamma(shape) +
      constant +
      (shape - 1) * Math.log(mean) +
      shape * Math.log(count) -
      (shape + q) * Math.log(gamma + count * mean);
  }
  return sum;
}

/** What the customer's next purchase costs on average. Without a mean of its own (q ≤ 1) the data's own counts. */
export function expectedSpend({ p, q, gamma }: SpendModel, { count, mean }: Spending): number {
  const rate = p * count + q - 1;
  return rate > 0 ? (p * (gamma + count * mean)) / rate : mean;
}
