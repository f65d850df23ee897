/** Where the rows of a table lie: a distributed table takes inserts and questions, but no DELETE and no mutation. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { localName } from "./ddl.ts";

const engineRow = z.object({ engine: z.string(), cluster: z.string() });

/**
 * What a DELETE or ALTER of rows names: `DELETE FROM ${await rowsTable(warehouse, "events_raw")} WHERE …`. The table
 * itself on one server, the local tables of all shards on a cluster.
 *
 * @throws Error when there is no such table.
 */
export async function rowsTable(warehouse: ClickHouseClient, table: string): Promise<string> {
  const result = await warehouse.query({
    query: `SELECT engine, extract(engine_full, '^Distributed\\\\(\\'?\`?(\\\\w+)') AS cluster
      FROM system.tables WHERE database = currentDatabase() AND name = {table: String}`,
    query_params: { table },
    format: "JSONEachRow",
  });
  const [row] = z.array(engineRow).parse(await result.json());
  if (!row) throw new Error(`there is no table ${table}`);
  return row.engine === "Distributed" ? `${localName(table)} ON CLUSTER \`${row.cluster}\`` : table;
}
