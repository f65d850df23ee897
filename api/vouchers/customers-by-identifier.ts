import type pg from "pg";
import { ensureCustomer } from "../customers/ensure.ts";
import { kyselyOn } from "./kysely-on.ts";

/**
 * The ids of many customers; those never seen before are made. In order of the identifiers, so that two chunks wait for
 * each other at most, and never in a circle.
 */
export async function customersByIdentifier(
  client: pg.PoolClient,
  projectId: string,
  given: readonly string[],
  at: Date,
): Promise<Map<string, string>> {
  const identifiers = [...new Set(given)].sort();
  const found = await client.query<{ identifier: string; id: string }>(
    "select identifier, id from customer where project_id = $1 and identifier = any($2::text[])",
    [projectId, identifiers],
  );
  const ids = new Map(found.rows.map((row) => [row.identifier, row.id]));
  const db = kyselyOn(client);
  for (const identifier of identifiers) {
    if (!ids.has(identifier)) ids.set(identifier, (await ensureCustomer(db, projectId, identifier, at)).id);
  }
  return ids;
}
