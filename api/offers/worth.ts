/** What the shop earns of a basket, and how much of a redemption an offer causes. Pure. */

export interface MarginSums {
  /** Orders whose costs are known, what their lines were left to pay, and what of it was earned. */
  readonly orders: number;
  readonly revenueAmount: number;
  readonly marginAmount: number;
}

/** So many orders weigh as much as what is assumed of them: an estimate from few moves little. */
const priorOrders = { project: 20, own: 10 } as const;

/**
 * The share of a basket that is earned before the discount: what the project's orders say of it, from the assumed share
 * on; moved by how the campaign's orders and the customer's differ from the project's. Each is drawn to what it is a
 * part of the more the fewer orders it has.
 */
export function marginRate(
  assumed: number,
  { project, campaign, customer }: Readonly<Record<"project" | "campaign" | "customer", MarginSums | undefined>>,
): number {
  const ofProject = drawn(project, assumed, priorOrders.project);
  const rate = drawn(campaign, ofProject, priorOrders.own) + drawn(customer, ofProject, priorOrders.own) - ofProject;
  return Math.min(1, Math.max(0, rate));
}

function drawn(sums: MarginSums | undefined, to: number, prior: number): number {
  if (sums === undefined || sums.orders === 0 || sums.revenueAmount <= 0) return to;
  return (sums.orders * (sums.marginAmount / sums.revenueAmount) + prior * to) / (sums.orders + prior);
}

/** What is earned of the lines before any discount; null as soon as one line's cost is unknown. */
export function basketMargin(
  items: readonly { readonly quantity: number; readonly unitAmount: number; readonly unitCostAmount?: number }[],
): number | null {
  let margin = 0;
  for (const { quantity, unitAmount, unitCostAmount } of items) {
    if (unitCostAmount === undefined) return null;
    margin += quantity * (unitAmount - unitCostAmount);
  }
  return Math.max(0, margin);
}

export interface Incrementality {
  /** Of the campaign's redemptions, the share that there would not have been without it. */
  readonly share: number;
  readonly error: number;
}

/** Shares of a shop's campaigns differ by about so much. */
const spread = 0.25;

/**
 * Measured shares, each drawn to what the shop's measured campaigns have in common, by how uncertain it is (normal-normal
 * empirical Bayes; Efron & Morris 1973). Drawn to nothing, a campaign with a small holdout would lose against one that
 * nobody measures, only because it is measured.
 *
 * @returns by subject; and what to believe of a campaign that has no holdout, 1 where none has one
 */
export function shrink(measured: ReadonlyMap<string, Incrementality>): {
  readonly bySubject: ReadonlyMap<string, number>;
  readonly common: number;
} {
  let [sum, weights] = [0, 0];
  for (const { share, error } of measured.values()) {
    const weight = 1 / (error * error + spread * spread);
    sum += weight * share;
    weights += weight;
  }
  // One campaign's worth of belief in that redemptions are orders more.
  const prior = 1 / (spread * spread);
  const common = weights === 0 ? 1 : bounded((sum + prior) / (weights + prior));
  const bySubject = new Map(
    [...measured].map(([subject, { share, error }]) => {
      const trust = (spread * spread) / (spread * spread + error * error);
      return [subject, bounded(trust * share + (1 - trust) * common)];
    }),
  );
  return { bySubject, common };
}

function bounded(share: number): number {
  return Math.min(1, Math.max(0, share));
}
