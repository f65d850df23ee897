/**
 * Shops whose campaign has a known effect, to see whether the intervals hold what they say. Pure: the same seed makes the
 * same shops.
 *
 * Customers order as A. S. C. Ehrenberg found them to ("The pattern of consumer purchases", Applied Statistics 8 (1959)
 * 26–41): each at a rate of their own, the rates spread as a gamma distribution, so that most order nothing in a window and
 * a few often. What an order comes to is log-normal, within customers and between them: revenue is zero-inflated with a
 * heavy tail. The campaign raises the rate of treated customers, and most of their orders take a discount.
 */
import { seeded } from "../../models/training/random.ts";
import { type ArmSums, type Lift, measureLift } from "./measure.ts";
import { addTo, type Moments } from "./moments.ts";

export interface Shop {
  readonly customers: number;
  readonly holdoutShare: number;
  /** 0.2: treated customers order 20 % more often. */
  readonly effect: number;
}

/** Shape, and so the mean, of the gamma distribution of rates, in orders a window: half a squared normal has it. */
const ratesShape = 0.5;
const orderAmount = 3_000;
const spendingSpread = 0.7;
const basketSpread = 0.6;
const redeemingShare = 0.6;
const discountShare = 0.1;
const costShare = 0.6;

/** What is true of a shop, per customer: the expectation of every difference. */
export function truthOf({ effect }: Shop) {
  const spent = orderAmount * Math.exp(spendingSpread ** 2 / 2);
  const discount = redeemingShare * discountShare;
  const rate = 1 + effect;
  /** Share with an order or more: 1 − E[exp(−rate)], over the gamma distribution. */
  const converted = (times: number) => 1 - (1 + times) ** -ratesShape;
  const heldOut = { conversion: converted(1), orders: ratesShape };
  const revenue = heldOut.orders * spent;
  const relative = {
    conversion: converted(rate) / converted(1) - 1,
    orders: effect,
    revenue: rate * (1 - discount) - 1,
    margin: (rate * (1 - discount - costShare)) / (1 - costShare) - 1,
  };
  return {
    difference: {
      conversion: heldOut.conversion * relative.conversion,
      orders: heldOut.orders * relative.orders,
      revenue: revenue * relative.revenue,
      margin: revenue * (1 - costShare) * relative.margin,
    },
    relative,
    costPerIncrementalOrder: (heldOut.orders * rate * spent * discount) / (heldOut.orders * effect),
  };
}

interface Spent {
  readonly orders: number;
  readonly revenue: number;
  readonly margin: number;
  readonly discount: number;
}

export interface Simulated {
  readonly isHeldOut: boolean;
  readonly before: Spent;
  readonly after: Spent;
}

export function* simulateShop(shop: Shop, random: () => number): Generator<Simulated> {
  const gaussian = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const nothing: Spent = { orders: 0, revenue: 0, margin: 0, discount: 0 };
  const poisson = (rate: number) => {
    const stop = Math.exp(-rate);
    let events = 0;
    for (let product = random(); product > stop; product *= random()) events += 1;
    return events;
  };
  const spend = (rate: number, level: number, isTreated: boolean): Spent => {
    const orders = poisson(rate);
    if (orders === 0) return nothing;
    let [gross, discount] = [0, 0];
    for (let order = 0; order < orders; order += 1) {
      const amount = orderAmount * level * Math.exp(basketSpread * gaussian() - basketSpread ** 2 / 2);
      gross += amount;
      if (isTreated && random() < redeemingShare) discount += amount * discountShare;
    }
    return { orders, revenue: gross - discount, margin: gross * (1 - costShare) - discount, discount };
  };
  for (let customer = 0; customer < shop.customers; customer += 1) {
    const isHeldOut = random() < shop.holdoutShare;
    const rate = gaussian() ** 2 / 2;
    const level = Math.exp(spendingSpread * gaussian());
    const before = spend(rate, level, false);
    const after = spend(isHeldOut ? rate : rate * (1 + shop.effect), level, !isHeldOut);
    yield { isHeldOut, before, after };
  }
}

type Sums = { -readonly [K in keyof Moments]: Moments[K] };

/** As the warehouse sums them up; `history` off: as a shop that has none. */
export function sumUp(simulated: Iterable<Simulated>, history: boolean): { treated: ArmSums; heldOut: ArmSums } {
  const empty = (): Sums => ({ n: 0, y: 0, yy: 0, x: 0, xx: 0, xy: 0 });
  const newArm = () => ({
    customers: 0,
    ...{ conversion: empty(), orders: empty(), revenue: empty(), margin: empty() },
    ordersWithoutCost: 0,
    discount: { d: 0, dd: 0, dy: 0, dx: 0 },
  });
  const arms = { treated: newArm(), heldOut: newArm() };
  for (const { isHeldOut, before, after } of simulated) {
    const arm = isHeldOut ? arms.heldOut : arms.treated;
    const x = (value: number) => (history ? value : 0);
    arm.customers += 1;
    addTo(arm.conversion, Math.sign(after.orders), x(Math.sign(before.orders)));
    addTo(arm.orders, after.orders, x(before.orders));
    addTo(arm.revenue, after.revenue, x(before.revenue));
    addTo(arm.margin, after.margin, x(before.revenue));
    arm.discount.d += after.discount;
    arm.discount.dd += after.discount ** 2;
    arm.discount.dy += after.discount * after.orders;
    arm.discount.dx += after.discount * x(before.orders);
  }
  return arms;
}

export interface Coverage {
  readonly figure: string;
  /** Of the runs in which there was an interval, how many had the truth in it. */
  readonly covered: number;
  readonly runs: number;
  readonly meanWidth: number;
}

/** Runs a shop again and again, and counts how often each interval has the truth in it. */
export function coverage(shop: Shop, runs: number, seed: number): Coverage[] {
  const random = seeded(seed);
  const truth = truthOf(shop);
  const counts = new Map<string, { covered: number; runs: number; width: number }>();
  const count = (figure: string, interval: { low: number; high: number } | undefined, expected: number) => {
    const known = counts.get(figure) ?? { covered: 0, runs: 0, width: 0 };
    counts.set(figure, known);
    if (interval === undefined) return;
    known.runs += 1;
    known.width += interval.high - interval.low;
    if (interval.low <= expected && expected <= interval.high) known.covered += 1;
  };
  for (let run = 0; run < runs; run += 1) {
    const arms = sumUp(simulateShop(shop, random), true);
    const lift = measureLift(arms.treated, arms.heldOut);
    for (const { metric, difference, relative, cuped } of lift.metrics) {
      count(`${metric}`, difference, truth.difference[metric]);
      count(`${metric}, relative`, relative, truth.relative[metric]);
      count(`${metric}, CUPED`, cuped?.difference, truth.difference[metric]);
      count(`${metric}, CUPED, relative`, cuped?.relative, truth.relative[metric]);
    }
    countOrders(lift, arms.treated.customers);
  }
  return [...counts].map(([figure, { covered, runs: with_, width }]) => ({
    ...{ figure, covered, runs: with_ },
    meanWidth: width / with_,
  }));

  function countOrders(lift: Lift, treated: number): void {
    count("incremental orders", lift.incrementalOrders, truth.difference.orders * treated);
    count("cost per incremental order", lift.costPerIncrementalOrder, truth.costPerIncrementalOrder);
  }
}
