import type { ClickHouseClient } from "@clickhouse/client";
import { rowsTable } from "./rows-table.ts";

/**
 * Takes customers out of what links accounts; for erasures, under their lock. What was linked by them alone is told
 * apart by the next pass over the project, which the mark without a subject asks for.
 */
export async function forgetLinks(
  warehouse: ClickHouseClient,
  projectId: string,
  customers: readonly string[],
): Promise<void> {
  for (const table of ["account_clusters", "account_subjects"]) {
    await warehouse.command({
      query: `DELETE FROM ${await rowsTable(warehouse, table)} WHERE project_id = {project: String} AND customer IN {customers: Array(String)}`,
      query_params: { project: projectId, customers: [...customers] },
      clickhouse_settings: { lightweight_deletes_sync: "2" },
    });
  }
  await warehouse.command({
    query: "INSERT INTO account_subjects_changed SELECT {project: String}, '', '', now64(3, 'UTC')",
    query_params: { project: projectId },
  });
}
