/** Questions to the warehouse about segments: bounded in time, memory and threads, for other questions wait beside them. */
import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { z } from "zod";
import { readRfmBounds } from "../../customers/three-sixty/rfm.ts";
import type { Question } from "../rules/compile.ts";
import type { RfmBounds } from "../rules/sources.ts";

const settings = {
  max_threads: 2,
  // Below the client's own 30 s, so that it is the warehouse that ends it.
  max_execution_time: 25,
  max_memory_usage: String(1024 ** 3),
  // Hundreds of trees in one question are long. The values are not in it.
  max_query_size: "4194304",
  max_ast_elements: "1000000",
  max_expanded_ast_elements: "2000000",
} as const;

export async function ask<Row>(
  warehouse: ClickHouseClient,
  { query, params }: Question,
  row: z.ZodType<Row>,
  secondsMax: number = settings.max_execution_time,
): Promise<Row[]> {
  const result = await warehouse.query({
    query,
    query_params: { ...params },
    // Lists of values would not fit into an address.
    use_multipart_params: true,
    format: "JSONEachRow",
    clickhouse_settings: { ...settings, max_execution_time: secondsMax },
  });
  return z.array(row).parse(await result.json());
}

const refusals: Readonly<Record<string, string>> = { "159": "too_slow", "160": "too_slow", "241": "too_large" };

/** Why the warehouse does not answer this very question; undefined when it may answer the same one later. */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof ClickHouseError)) return undefined;
  // Of the memory of all questions together.
  if (error.code === "241" && error.message.includes("(total)")) return undefined;
  return refusals[error.code] ?? (transient.has(error.code) ? undefined : "refused");
}

/** Whether the same of fewer customers may be answered. */
export function isTooMuch(refusal: string): boolean {
  return Object.values(refusals).includes(refusal);
}

/** Too many queries, a table that is away or read only, a replica or the network: not the question's fault. */
const transient: ReadonlySet<string> = new Set([
  "202",
  "203",
  "209",
  "210",
  "242",
  "252",
  "279",
  "285",
  "319",
  "394",
  "425",
  "999",
]);

export async function readBounds(warehouse: ClickHouseClient, projectId: string): Promise<RfmBounds> {
  const rows = await readRfmBounds(warehouse, projectId);
  return {
    recency: rows[0]?.recency ?? [],
    frequency: rows[0]?.frequency ?? [],
    monetary: new Map(rows.map(({ currency, monetary }) => [currency, monetary])),
  };
}

/** Epoch ms. */
export async function readClock(warehouse: ClickHouseClient): Promise<number> {
  const result = await warehouse.query({
    query: "SELECT toUnixTimestamp64Milli(now64(3)) AS at",
    format: "JSONEachRow",
  });
  const rows = z.array(z.object({ at: z.number() })).parse(await result.json());
  return rows[0]?.at ?? Number.NaN;
}

const rangeRow = z.object({ upto: z.string(), customers: z.number() });

/** The next customers in their order, to the one named `upto`; undefined when there are none. */
export async function readRange(
  warehouse: ClickHouseClient,
  from: { readonly projectId: string; readonly after: string; readonly since: number | null },
  customersMax: number,
): Promise<z.output<typeof rangeRow> | undefined> {
  const since = from.since === null ? "" : "AND refreshed_at >= fromUnixTimestamp64Milli({since: Int64}, 'UTC')";
  const result = await warehouse.query({
    query: `
      SELECT max(customer) AS upto, count() AS customers
      FROM
      (
        SELECT DISTINCT customer FROM customers_wide
        WHERE project_id = {project: String} AND customer > {after: String} ${since}
        ORDER BY customer LIMIT {limit: UInt32}
      )`,
    query_params: { project: from.projectId, after: from.after, since: from.since ?? 0, limit: customersMax },
    format: "JSONEachRow",
    clickhouse_settings: { max_threads: 2, max_execution_time: 25 },
  });
  const [range] = z.array(rangeRow).parse(await result.json());
  return range === undefined || range.customers === 0 ? undefined : range;
}
