import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import { z } from "zod";
import { readLag } from "../../ingest/lag.ts";

const freshnessRow = z.object({ as_of: z.string(), last_recorded_at: z.string().nullable(), events_count: z.int() });

export interface Freshness {
  /** The warehouse's clock when it was asked; RFC 3339. */
  readonly as_of: string;
  /** When the newest event it knows was written down; null before the first. */
  readonly last_recorded_at: string | null;
  readonly events_count: number;
  /** Events that Postgres has and the warehouse does not yet, of all projects, and the age of the oldest. */
  readonly lag_rows: number;
  readonly lag_seconds: number;
}

/** How far reports of this project can be trusted to be complete. */
export async function readFreshness(warehouse: ClickHouseClient, pool: pg.Pool, projectId: string): Promise<Freshness> {
  const [lag, result] = await Promise.all([
    readLag(pool),
    warehouse.query({
      query: `
        SELECT
          now64(3, 'UTC') AS as_of,
          if(sum(h.events_count) = 0, NULL, max(h.last_recorded_at)) AS last_recorded_at,
          toInt64(sum(h.events_count)) AS events_count
        FROM data_health AS h
        WHERE h.project_id = {project: String}`,
      query_params: { project: projectId },
      format: "JSONEachRow",
      clickhouse_settings: {
        max_execution_time: 10,
        date_time_output_format: "iso",
        output_format_json_quote_64bit_integers: 0,
      },
    }),
  ]);
  const [row] = z
    .array(freshnessRow)
    .length(1)
    .parse(await result.json());
  if (!row) throw new Error("an aggregate without groups has one row");
  return { ...row, lag_rows: lag.rows, lag_seconds: lag.seconds };
}
