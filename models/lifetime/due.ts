/** Which projects are to be predicted now: those never done, done a day ago, or that grew by a twentieth since. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { settings } from "./histories.ts";

const everyHours = 24;
const growth = 1.05;
/** However fast a project grows. */
const restMinutes = 30;

export interface ProjectCounts {
  readonly projectId: string;
  /** By the clock of the warehouse. */
  readonly nowMs: number;
  readonly customers: number;
  readonly repeatCustomers: number;
  readonly orders: number;
}

const dueRow = z.object({
  project_id: z.string(),
  now_ms: z.number(),
  customers: z.number(),
  repeat_customers: z.number(),
  orders: z.number(),
});

export async function findDueProjects(warehouse: ClickHouseClient): Promise<ProjectCounts[]> {
  const result = await warehouse.query({
    query: `
      SELECT w.project_id AS project_id, toUnixTimestamp64Milli(now64(3, 'UTC')) AS now_ms, w.customers AS customers,
        w.repeat_customers AS repeat_customers, w.orders AS orders
      FROM
      (
        SELECT project_id, count() AS customers, countIf(orders_count > 1) AS repeat_customers,
          sum(orders_count) AS orders
        FROM customers_wide FINAL WHERE orders_count > 0 GROUP BY project_id
      ) AS w
      LEFT JOIN
      (
        SELECT project_id, max(as_of) AS last, argMax(orders_count, as_of) AS orders
        FROM customer_prediction_runs GROUP BY project_id
      ) AS r ON r.project_id = w.project_id
      WHERE dateDiff('hour', r.last, now64(3, 'UTC')) >= {hours: UInt32}
        OR (w.orders >= {growth: Float64} * r.orders AND dateDiff('minute', r.last, now64(3, 'UTC')) >= {rest: UInt32})
      ORDER BY project_id`,
    query_params: { hours: everyHours, growth, rest: restMinutes },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return z
    .array(dueRow)
    .parse(await result.json())
    .map((row) => ({
      projectId: row.project_id,
      nowMs: row.now_ms,
      customers: row.customers,
      repeatCustomers: row.repeat_customers,
      orders: row.orders,
    }));
}
