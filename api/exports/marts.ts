/** The marts of this warehouse as they are now: their columns come from ClickHouse, which knows the comments too. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { type MartFile, readMartFiles } from "../../warehouse/catalogue.ts";

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly comment: string;
}

export interface Mart extends MartFile {
  readonly columns: readonly Column[];
}

const files = readMartFiles();

const columnRow = z.object({ table: z.string(), name: z.string(), type: z.string(), comment: z.string() });

/**
 * Those that can be exported: they exist in this database, and have a project_id to filter by.
 *
 * @param name only this one, if it is one.
 */
export async function readMarts(warehouse: ClickHouseClient, name?: string): Promise<Mart[]> {
  const asked = files.filter((file) => name === undefined || file.name === name);
  if (asked.length === 0) return [];
  const result = await warehouse.query({
    query: `SELECT table, name, type, comment FROM system.columns
      WHERE database = currentDatabase() AND table IN {names: Array(String)} ORDER BY table, position`,
    query_params: { names: asked.map((file) => file.name) },
    format: "JSONEachRow",
  });
  const columns = z.array(columnRow).parse(await result.json());
  return asked
    .map((file) => ({ ...file, columns: columns.filter((column) => column.table === file.name) }))
    .filter((mart) => mart.columns.some((column) => column.name === "project_id"));
}

const estimateRow = z.object({ rows: z.coerce.number() });

/**
 * How many rows of the warehouse a read of the whole mart would look at; null where ClickHouse cannot say. It is what a
 * download costs, and never less than what it brings, give or take a mart that unfolds lists.
 */
export async function estimateRows(
  warehouse: ClickHouseClient,
  mart: Mart,
  projectId: string,
  signal: AbortSignal,
): Promise<number | null> {
  try {
    const result = await warehouse.query({
      query: "EXPLAIN ESTIMATE SELECT * FROM {mart: Identifier} WHERE project_id = {project: String}",
      query_params: { mart: mart.name, project: projectId },
      format: "JSONEachRow",
      abort_signal: signal,
      clickhouse_settings: { max_execution_time: 5 },
    });
    const parts = z.array(estimateRow).parse(await result.json());
    return parts.reduce((sum, part) => sum + part.rows, 0);
  } catch {
    return null;
  }
}
