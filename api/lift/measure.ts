/** From the sums of two arms to what the campaign caused, or why that cannot be said. Pure. */
import { adjust } from "./cuped.ts";
import {
  differenceOfMeans,
  differenceOfShares,
  type Estimate,
  type Mean,
  ratio,
  relativeDifference,
  welchQuantile,
} from "./interval.ts";
import { deviations, type Moments, variance } from "./moments.ts";

export interface ArmSums {
  readonly customers: number;
  readonly conversion: Moments;
  readonly orders: Moments;
  readonly revenue: Moments;
  readonly margin: Moments;
  /** Orders of which the shop did not tell what they cost it. */
  readonly ordersWithoutCost: number;
  /** Σd, Σd², Σd·(orders in the window), Σd·(orders before it): the discount that stands, by customer. */
  readonly discount: { readonly d: number; readonly dd: number; readonly dy: number; readonly dx: number };
}

export const metrics = ["conversion", "orders", "revenue", "margin"] as const;
type Metric = (typeof metrics)[number];

export interface Comparison {
  /** Of the held-out arm's mean; undefined where that may be nothing. */
  readonly relative: Estimate | undefined;
  readonly difference: Estimate;
}

interface Measured extends Comparison {
  readonly metric: Metric;
  /** Means per customer. */
  readonly treated: number;
  readonly heldOut: number;
  /** With what customers did before taken out; undefined without history. */
  readonly cuped: (Comparison & { readonly varianceReduction: number }) | undefined;
}

type Unmeasured = { readonly metric: Metric; readonly reason: "too_few_orders" | "costs_unknown" };

export interface Lift {
  readonly metrics: readonly Measured[];
  readonly unmeasured: readonly Unmeasured[];
  /** Orders that there would not have been, of all treated customers together. */
  readonly incrementalOrders: Estimate;
  /** Discount given to treated customers beyond what the held-out ones got at the same rate. */
  readonly incrementalDiscount: number;
  /** Undefined where the incremental orders may be none. */
  readonly costPerIncrementalOrder: Estimate | undefined;
}

/**
 * The fewest customers of an arm, and of them the fewest who ordered, from which the intervals hold what they say; of
 * money, which has a heavy tail, some more. By simulation: docs/incrementality.md.
 */
export const customersMin = 100;
export const convertedMin = 30;
const convertedForMoneyMin = 100;

export type Shortage = "holdout_too_small" | "no_orders_yet" | "too_few_orders";

export function shortageOf(treated: ArmSums, heldOut: ArmSums): Shortage | undefined {
  const arms = [treated, heldOut];
  if (arms.some((arm) => arm.customers < customersMin)) return "holdout_too_small";
  if (arms.every((arm) => arm.conversion.y === 0)) return "no_orders_yet";
  if (arms.some((arm) => arm.conversion.y < convertedMin)) return "too_few_orders";
  return undefined;
}

/** Call it once `shortageOf` found nothing. */
export function measureLift(treated: ArmSums, heldOut: ArmSums): Lift {
  const unmeasured = metrics.flatMap((metric): Unmeasured[] => {
    const reason = whyNot(metric, treated, heldOut);
    return reason === undefined ? [] : [{ metric, reason }];
  });
  const left = metrics.filter((metric) => unmeasured.every((one) => one.metric !== metric));
  return {
    metrics: left.map((metric) => measure(metric, treated[metric], heldOut[metric])),
    unmeasured,
    ...incrementalOrders(treated, heldOut),
  };
}

/** To leave out the customers of whom an order's cost is unknown would compare those who order little. */
function whyNot(metric: Metric, treated: ArmSums, heldOut: ArmSums): Unmeasured["reason"] | undefined {
  if (metric !== "revenue" && metric !== "margin") return undefined;
  if (metric === "margin" && treated.ordersWithoutCost + heldOut.ordersWithoutCost > 0) return "costs_unknown";
  return Math.min(treated.conversion.y, heldOut.conversion.y) < convertedForMoneyMin ? "too_few_orders" : undefined;
}

function measure(metric: Metric, treated: Moments, heldOut: Moments): Measured {
  const [a, b] = [meanOf(treated), meanOf(heldOut)];
  const adjusted = adjust(treated, heldOut);
  const difference =
    metric === "conversion"
      ? differenceOfShares({ n: treated.n, count: treated.y }, { n: heldOut.n, count: heldOut.y })
      : differenceOfMeans(a, b);
  return {
    metric,
    treated: a.mean,
    heldOut: b.mean,
    difference,
    relative: relativeDifference(a, b),
    cuped: adjusted && {
      difference: differenceOfMeans(adjusted.treated, adjusted.heldOut),
      relative: relativeDifference(adjusted.treated, adjusted.heldOut),
      varianceReduction: adjusted.varianceReduction,
    },
  };
}

function meanOf(moments: Moments): Mean {
  return { n: moments.n, mean: moments.y / moments.n, variance: variance(moments) / moments.n };
}

/** With history wherever there is some: which of the two figures counts is settled before either is seen. */
function incrementalOrders(treated: ArmSums, heldOut: ArmSums): Omit<Lift, "metrics" | "unmeasured"> {
  const { customers } = treated;
  const adjusted = adjust(treated.orders, heldOut.orders);
  const [a, b] =
    adjusted === undefined ? [meanOf(treated.orders), meanOf(heldOut.orders)] : [adjusted.treated, adjusted.heldOut];
  const orders = differenceOfMeans(a, b);
  const theta = adjusted?.theta ?? 0;
  const [costA, costB] = [discountOf(treated, theta), discountOf(heldOut, theta)];
  const cost = { value: costA.mean - costB.mean, variance: costA.variance + costB.variance };
  const perOrder = ratio(
    cost,
    { value: orders.value, variance: a.variance + b.variance },
    costA.covariance + costB.covariance,
    welchQuantile(a, b),
  );
  return {
    incrementalOrders: scale(orders, customers),
    incrementalDiscount: cost.value * customers,
    costPerIncrementalOrder: orders.low > 0 ? perOrder : undefined,
  };
}

function scale({ value, low, high }: Estimate, by: number): Estimate {
  return { value: value * by, low: low * by, high: high * by };
}

/** The mean discount of an arm, and how it goes together with the orders, less θ × the orders before. */
function discountOf({ customers: n, orders, discount }: ArmSums, theta: number) {
  const withOrders = deviations(n, discount.dy, discount.d, orders.y);
  const withBefore = deviations(n, discount.dx, discount.d, orders.x);
  return {
    mean: discount.d / n,
    variance: Math.max(0, deviations(n, discount.dd, discount.d, discount.d)) / (n - 1) / n,
    covariance: (withOrders - theta * withBefore) / (n - 1) / n,
  };
}
