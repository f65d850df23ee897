/** Reads from the warehouse what is known of a project's customers: who ordered when and for how much, and what they like. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import type { PurchaseHistory } from "../estimators/repeat-purchase/histories.ts";

/** Orders of one customer that count; the newest. */
const ordersMax = 2_000;
const categoriesMax = 200;

export const settings = {
  max_execution_time: 300,
  max_memory_usage: "4000000000",
  output_format_json_quote_64bit_integers: 0,
} as const;

export interface CustomerRecord {
  readonly customer: string;
  readonly currency: string;
  readonly ordersCount: number;
  readonly discountedShare: number;
  /** Redemptions that stand, and validations: how often they tried a promotion. */
  readonly triedCount: number;
  readonly daysSinceSeen: number;
  readonly history: PurchaseHistory;
  /** Units bought by category. */
  readonly units: ReadonlyMap<string, number>;
}

export interface CustomerRange {
  readonly after: string;
  readonly upto: string;
}

const recordRow = z.object({
  customer: z.string(),
  currency: z.string(),
  orders_count: z.number(),
  discounted_orders_share: z.number().nullable(),
  tried_count: z.number(),
  days_since_seen: z.number(),
  orders: z.array(z.tuple([z.number(), z.string(), z.number()])),
  categories: z.array(z.string()),
  quantities: z.array(z.number()),
});

/** The next customers of a project who have ordered, in their order; undefined when there are no more. */
export async function nextRange(
  warehouse: ClickHouseClient,
  projectId: string,
  after: string,
  limit: number,
): Promise<CustomerRange | undefined> {
  const result = await warehouse.query({
    query: `
      SELECT max(customer) AS upto, count() AS customers FROM
      (
        SELECT DISTINCT customer FROM customers_wide
        WHERE project_id = {project: String} AND customer > {after: String} AND orders_count > 0
        ORDER BY customer LIMIT {limit: UInt32}
      )`,
    query_params: { project: projectId, after, limit },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  const [row] = z.array(z.object({ upto: z.string(), customers: z.number() })).parse(await result.json());
  return row === undefined || row.customers === 0 ? undefined : { after, upto: row.upto };
}

/**
 * @param every one in so many customers, chosen by a hash: 1 reads all of the range
 * @param untilMs orders paid later are not known yet
 */
export async function readRecords(
  warehouse: ClickHouseClient,
  projectId: string,
  range: CustomerRange | undefined,
  every: number,
  untilMs: number,
): Promise<CustomerRecord[]> {
  const who = `project_id = {project: String} AND customer != '' AND cityHash64(customer) % {every: UInt64} = 0
    ${range === undefined ? "" : "AND customer > {after: String} AND customer <= {upto: String}"}`;
  const result = await warehouse.query({
    query: `
      WITH fromUnixTimestamp64Milli({until: Int64}, 'UTC') AS until
      SELECT
        w.customer AS customer, w.currency AS currency, w.orders_count AS orders_count,
        w.discounted_orders_share AS discounted_orders_share,
        toInt64(greatest(0, w.redemptions_count)) + toInt64(w.validations_count) AS tried_count,
        greatest(0, dateDiff('day', w.last_seen_at, until)) AS days_since_seen,
        o.orders AS orders, u.units.1 AS categories, u.units.2 AS quantities
      FROM (SELECT * FROM customers_wide FINAL WHERE ${who} AND orders_count > 0) AS w
      INNER JOIN
      (
        SELECT
          customer,
          arraySlice(arrayReverseSort(groupArray(
            (toUInt32(toDate(assumeNotNull(paid_at))), last.1, last.5))), 1, ${ordersMax}) AS orders
        FROM latest_orders
        WHERE ${who} AND status = 'paid' AND paid_at IS NOT NULL AND paid_at <= until
        GROUP BY customer
      ) AS o ON o.customer = w.customer
      LEFT JOIN
      (
        SELECT customer, sumMap(items.category, items.quantity) AS units
        FROM events WHERE ${who} AND type = 'order.paid' AND occurred_at <= until
        GROUP BY customer
      ) AS u ON u.customer = w.customer
      ORDER BY customer`,
    query_params: { project: projectId, every, until: untilMs, ...(range ?? {}) },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  const records: CustomerRecord[] = [];
  for await (const rows of result.stream()) for (const row of rows) records.push(toRecord(recordRow.parse(row.json())));
  return records;
}

function toRecord(row: z.output<typeof recordRow>): CustomerRecord {
  const spent = new Map<number, number>();
  for (const [day, currency, amount] of row.orders) {
    // Other currencies count as purchases of an unknown amount: they are never added.
    spent.set(day, (spent.get(day) ?? 0) + (currency === row.currency ? amount : 0));
  }
  const days = [...spent.keys()].sort((a, b) => a - b);
  return {
    customer: row.customer,
    currency: row.currency,
    ordersCount: row.orders_count,
    discountedShare: row.discounted_orders_share ?? 0,
    triedCount: row.tried_count,
    daysSinceSeen: row.days_since_seen,
    history: { customer: row.customer, days, amounts: days.map((day) => spent.get(day) ?? 0) },
    units: new Map(
      row.categories.flatMap((category, index): [string, number][] =>
        category === "" ? [] : [[category, row.quantities[index] ?? 0]],
      ),
    ),
  };
}

export interface ProjectHabits {
  /** Share of all units by category. */
  readonly categories: ReadonlyMap<string, number>;
  /** Mean share of a customer's orders with a discount. */
  readonly discountedShare: number;
  /** Paid orders of a customer at each percent of the customers, ascending. */
  readonly orderQuantiles: readonly number[];
}

const habitsRow = z.object({
  discounted_share: z.number().nullable(),
  quantiles: z.array(z.number()),
});

export async function readHabits(warehouse: ClickHouseClient, projectId: string): Promise<ProjectHabits> {
  const ask = (query: string) =>
    warehouse.query({
      query,
      query_params: { project: projectId },
      format: "JSONEachRow",
      clickhouse_settings: settings,
    });
  const [customers, units] = await Promise.all([
    ask(`
      SELECT avg(discounted_orders_share) AS discounted_share,
        quantilesExact(${Array.from({ length: 101 }, (_, percent) => percent / 100).join(", ")})(orders_count) AS quantiles
      FROM customers_wide FINAL WHERE project_id = {project: String} AND orders_count > 0`),
    ask(`
      SELECT category, sum(quantity) AS units
      FROM events ARRAY JOIN items.category AS category, items.quantity AS quantity
      WHERE project_id = {project: String} AND type = 'order.paid' AND category != ''
      GROUP BY category ORDER BY units DESC, category LIMIT ${categoriesMax}`),
  ]);
  const [row] = z.array(habitsRow).parse(await customers.json());
  const sold = z.array(z.object({ category: z.string(), units: z.number() })).parse(await units.json());
  const total = sold.reduce((sum, each) => sum + each.units, 0);
  return {
    categories: new Map(sold.map((each) => [each.category, total > 0 ? each.units / total : 0])),
    discountedShare: row?.discounted_share ?? 0,
    orderQuantiles: row?.quantiles ?? [],
  };
}
