/** Puts rows into `events_raw`, and finds the rows that ClickHouse will never take. */
import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { z } from "zod";
import { type EventRow, eventColumns } from "./rows.ts";

export interface Refused {
  readonly row: EventRow;
  readonly error: string;
}

/**
 * ClickHouse's codes for "this row is wrong": it cannot be parsed, is out of range or breaks a constraint. Any other
 * failure says something about the server or the way to it, and is worth another try.
 */
const dataErrors = new Set([6, 26, 27, 33, 38, 41, 53, 69, 70, 72, 117, 128, 130, 131, 190, 321, 349, 467, 469, 691]);

/**
 * Inserts all rows, or all but those it returns. The token makes a repeated call with the same rows harmless, also
 * while the first is still running on the server. A refused insert stores nothing, so halves are tried, each under a
 * token of its own.
 *
 * @throws the client's error when ClickHouse could not be reached or could not answer: call again with the same rows.
 */
export async function deliver(
  warehouse: ClickHouseClient,
  rows: readonly EventRow[],
  token: string,
  signal: AbortSignal,
): Promise<Refused[]> {
  if (rows.length === 0) return [];
  const error = await insertRefused(warehouse, rows, token, signal);
  if (error === undefined) return [];
  const [row] = rows;
  if (rows.length === 1 && row !== undefined) return confirmRefused(warehouse, row, token, signal);
  const middle = Math.ceil(rows.length / 2);
  return [
    ...(await deliver(warehouse, rows.slice(0, middle), `${token}.0`, signal)),
    ...(await deliver(warehouse, rows.slice(middle), `${token}.1`, signal)),
  ];
}

/** A body cut short on its way looks like wrong data too, so no row is given up after one refusal. */
async function confirmRefused(
  warehouse: ClickHouseClient,
  row: EventRow,
  token: string,
  signal: AbortSignal,
): Promise<Refused[]> {
  const error = await insertRefused(warehouse, [row], token, signal);
  return error === undefined ? [] : [{ row, error: error.message }];
}

async function insertRefused(
  warehouse: ClickHouseClient,
  rows: readonly EventRow[],
  token: string,
  signal: AbortSignal,
): Promise<ClickHouseError | undefined> {
  try {
    await warehouse.insert({
      table: "events_raw",
      // Rows of one shape: named once, not in each row, they are half as long to write and to read.
      columns: [...eventColumns] as [string, ...string[]],
      values: rows.map((row) => Object.values(row)),
      format: "JSONCompactEachRow",
      abort_signal: signal,
      clickhouse_settings: {
        async_insert: 0,
        insert_deduplicate: 1,
        insert_deduplication_token: token,
        // A repeated insert marks the customers again: the first may have died between its rows and its marks.
        deduplicate_blocks_in_dependent_materialized_views: 1,
        // History arrives many months at a time; the default refuses a block of more than 100 partitions.
        max_partitions_per_insert_block: "0",
        date_time_input_format: "best_effort",
        input_format_null_as_default: 0,
        wait_end_of_query: 1,
      },
    });
    return undefined;
  } catch (error) {
    if (error instanceof ClickHouseError && dataErrors.has(Number(error.code))) return error;
    throw error;
  }
}

const columnRow = z.object({ name: z.string() });

/**
 * A relay newer than the warehouse would see every row refused for a column it does not have, and give them all up.
 *
 * @throws Error naming the columns that `events_raw` lacks.
 */
export async function checkColumns(warehouse: ClickHouseClient, expected: readonly string[]): Promise<void> {
  const result = await warehouse.query({
    query: "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'events_raw'",
    format: "JSONEachRow",
  });
  const present = new Set(
    z
      .array(columnRow)
      .parse(await result.json())
      .map((column) => column.name),
  );
  const missing = expected.filter((name) => !present.has(name));
  if (missing.length > 0) throw new Error(`events_raw lacks ${missing.join(", ")}: migrate the warehouse first`);
}
