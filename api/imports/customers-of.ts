import type { Event } from "../../ingest/events/events.ts";
import { customerEvent } from "../customers/announce.ts";
import { newIds } from "../ids.ts";
import type { Chunk } from "./chunk.ts";

export interface EnsuredCustomers {
  /** By identifier. */
  readonly ids: ReadonlyMap<string, string>;
  /** That those never seen before were made. */
  readonly events: readonly Event[];
}

/** @param firstSeen when each was seen, by identifier: one never seen before is made as of then. */
export async function ensureCustomers(chunk: Chunk, firstSeen: ReadonlyMap<string, Date>): Promise<EnsuredCustomers> {
  if (firstSeen.size === 0) return { ids: new Map(), events: [] };
  const { client, projectId } = chunk;
  const identifiers = [...firstSeen.keys()];
  const fresh = newIds("cus", identifiers.length);
  const { rows } = await client.query<{ identifier: string; id: string }>(
    "select identifier, id from ensure_customers($1, $2::text[], $3::text[], $4::timestamptz[])",
    [projectId, identifiers, fresh, [...firstSeen.values()]],
  );
  const ids = new Map(rows.map((row) => [row.identifier, row.id]));
  const events = [...firstSeen].flatMap(([identifier, at], place) => {
    const id = ids.get(identifier);
    if (id === undefined) throw new Error("a customer is neither new nor there");
    if (id !== fresh[place]) return [];
    const row = { project_id: projectId, identifier, name: null, attributes: {}, tags: {}, created_at: at };
    return [customerEvent("customer.created", row, at)];
  });
  return { ids, events };
}
