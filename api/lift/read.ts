import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import {
  type ArmSums,
  type Comparison,
  convertedMin,
  customersMin,
  type Lift,
  measureLift,
  type Shortage,
  shortageOf,
} from "./measure.ts";
import type { Moments } from "./moments.ts";
import type { LiftWire } from "./schemas.ts";

type Measured = Extract<LiftWire, { measured: true }>;
type Reason = Extract<LiftWire, { measured: false }>["reason"];

/** Shorter than a client of the warehouse waits, and in seconds: what nobody waits for any more must not go on there. */
const settings = { max_execution_time: 25 } as const;

const instantText = z.string().transform((text) => new Date(text).toISOString());

const holdoutRow = z.object({
  basis: z.enum(["campaign", "project", ""]),
  /** Null while the campaign was never active. */
  is_begun: z.literal([0, 1]).nullable(),
});

/** From which every figure of a comparison of two arms is made. */
export const sumsRow = z.object({
  customers_count: z.int(),
  converted_count: z.int(),
  orders_count: z.int(),
  orders_without_cost_count: z.int(),
  revenue_amount: z.int(),
  margin_amount: z.int().nullable(),
  discount_amount: z.int(),
  converted_before_count: z.int(),
  converted_both_count: z.int(),
  orders_squares: z.number(),
  orders_before_count: z.int(),
  orders_before_squares: z.number(),
  orders_products: z.number(),
  revenue_squares: z.number(),
  revenue_before_amount: z.int(),
  revenue_before_squares: z.number(),
  revenue_products: z.number(),
  margin_squares: z.number(),
  margin_products: z.number(),
  discount_squares: z.number(),
  discount_orders_products: z.number(),
  discount_orders_before_products: z.number(),
});

const armRow = sumsRow.extend({
  arm: z.enum(["treated", "held_out"]),
  currency: z.string(),
  basis: z.enum(["campaign", "project"]),
  holdout_percent: z.int(),
  measured_from: instantText,
  measured_until: instantText,
});
type ArmRow = z.output<typeof armRow>;

/** What a campaign of the project caused, as far as the warehouse can tell. */
export async function readLift(warehouse: ClickHouseClient, projectId: string, campaignId: string): Promise<LiftWire> {
  const holdout = await readHoldout(warehouse, projectId, campaignId);
  // Most campaigns hold nobody out; only of the others the customers are counted.
  if (holdout === undefined || holdout.basis === "") return notMeasured("no_holdout");
  if (holdout.is_begun !== 1) return notMeasured("not_started");
  const rows = await readArms(warehouse, projectId, campaignId);
  const treated = rows.find(({ arm }) => arm === "treated");
  const heldOut = rows.find(({ arm }) => arm === "held_out");
  if (treated === undefined || heldOut === undefined) return notMeasured("holdout_too_small", treated, heldOut);
  const arms = [toSums(treated), toSums(heldOut)] as const;
  const shortage = shortageOf(...arms);
  if (shortage !== undefined) return notMeasured(shortage, treated, heldOut);
  return toWire(treated, heldOut, measureLift(...arms));
}

async function readHoldout(warehouse: ClickHouseClient, projectId: string, campaignId: string) {
  const result = await warehouse.query({
    query: `SELECT basis, measured_until > measured_from AS is_begun FROM campaign_holdouts
            WHERE project_id = {project: String} AND campaign_id = {campaign: String}`,
    query_params: { project: projectId, campaign: campaignId },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return z.array(holdoutRow).parse(await result.json())[0];
}

/** Exported for the test that holds the sums of the warehouse against sums made here. */
export async function readArms(warehouse: ClickHouseClient, projectId: string, campaignId: string): Promise<ArmRow[]> {
  const result = await warehouse.query({
    query: "SELECT * FROM campaign_arms WHERE project_id = {project: String} AND campaign_id = {campaign: String}",
    query_params: { project: projectId, campaign: campaignId },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return z.array(armRow).parse(await result.json());
}

export function toSums(row: z.output<typeof sumsRow>): ArmSums {
  const n = row.customers_count;
  const moments = (sums: Omit<Moments, "n">): Moments => ({ n, ...sums });
  const revenueBefore = { x: row.revenue_before_amount, xx: row.revenue_before_squares };
  return {
    customers: n,
    conversion: moments({
      ...{ y: row.converted_count, yy: row.converted_count },
      ...{ x: row.converted_before_count, xx: row.converted_before_count, xy: row.converted_both_count },
    }),
    orders: moments({
      ...{ y: row.orders_count, yy: row.orders_squares },
      ...{ x: row.orders_before_count, xx: row.orders_before_squares, xy: row.orders_products },
    }),
    revenue: moments({
      ...{ y: row.revenue_amount, yy: row.revenue_squares },
      ...{ ...revenueBefore, xy: row.revenue_products },
    }),
    // Costs of the past are seldom known; what was spent says nearly the same, and may be any figure from before.
    margin: moments({
      ...{ y: row.margin_amount ?? 0, yy: row.margin_squares },
      ...{ ...revenueBefore, xy: row.margin_products },
    }),
    ordersWithoutCost: row.orders_without_cost_count,
    discount: {
      d: row.discount_amount,
      dd: row.discount_squares,
      dy: row.discount_orders_products,
      dx: row.discount_orders_before_products,
    },
  };
}

function notMeasured(reason: Reason, treated?: ArmRow, heldOut?: ArmRow): LiftWire {
  return { measured: false, reason, detail: details[reason](treated, heldOut) };
}

const details: Readonly<Record<Reason | Shortage, (treated?: ArmRow, heldOut?: ArmRow) => string>> = {
  no_holdout: () => "Not measured: nobody is held out, so nothing says what would have happened without the campaign.",
  not_started: () => "Not measured: the campaign has not started, or its holdout has just changed.",
  holdout_too_small: (treated, heldOut) =>
    `Not measured: ${heldOut?.customers_count ?? 0} customers known before the campaign are held out and ${treated?.customers_count ?? 0} are not; each arm needs ${customersMin}.`,
  no_orders_yet: () => "Not measured: no paid order has been reported since the start.",
  too_few_orders: (treated, heldOut) =>
    `Not measured: ${heldOut?.converted_count ?? 0} held-out customers and ${treated?.converted_count ?? 0} others have ordered; each arm needs ${convertedMin}.`,
};

function toWire(treated: ArmRow, heldOut: ArmRow, lift: Lift): Measured {
  return {
    measured: true,
    basis: treated.basis,
    holdout_percent: treated.holdout_percent,
    since: treated.measured_from,
    until: treated.measured_until,
    currency: treated.currency,
    arms: [treated, heldOut].map((row) => ({
      arm: row.arm,
      customers_count: row.customers_count,
      converted_count: row.converted_count,
      orders_count: row.orders_count,
      revenue_amount: row.revenue_amount,
      margin_amount: row.margin_amount,
      discount_amount: row.discount_amount,
    })),
    metrics: lift.metrics.map(({ metric, treated: mean, heldOut: other, cuped, ...plain }) => ({
      metric,
      treated: mean,
      held_out: other,
      ...comparison(plain),
      cuped: cuped === undefined ? null : { ...comparison(cuped), variance_reduction: cuped.varianceReduction },
    })),
    unmeasured: [...lift.unmeasured],
    incremental_orders: lift.incrementalOrders,
    incremental_discount_amount: lift.incrementalDiscount,
    cost_per_incremental_order: lift.costPerIncrementalOrder ?? null,
  };
}

function comparison({ difference: { value, low, high }, relative }: Comparison) {
  return { difference: value, low, high, relative: relative ?? null };
}
