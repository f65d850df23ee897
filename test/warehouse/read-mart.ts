/** What tests of marts do alike. */
import type { Stores } from "../support/stores.ts";

export type MartRow = Record<string, unknown>;

export async function readMart(
  stores: Pick<Stores, "warehouse">,
  mart: string,
  project: string,
  order: string,
): Promise<MartRow[]> {
  const result = await stores.warehouse.query({
    query: `SELECT * FROM {mart: Identifier} WHERE project_id = {project: String} ORDER BY ${order}`,
    query_params: { mart, project },
    format: "JSONEachRow",
  });
  return result.json<MartRow>();
}

/** Everything that was delivered is delivered a second time: no mart may show it. */
export async function repeatDelivery(stores: Pick<Stores, "warehouse">): Promise<void> {
  await stores.warehouse.command({
    query: "INSERT INTO events_raw SELECT * FROM events_raw",
    clickhouse_settings: { insert_deduplicate: 0 },
  });
}
