/** What other features ask of channels. */
import type { Kysely, Selectable } from "kysely";
import type { DB } from "../db/tables.ts";

export type ChannelRow = Selectable<DB["channel"]>;

/** Undefined when it was deleted. */
export function findChannel(db: Kysely<DB>, projectId: string, id: string): Promise<ChannelRow | undefined> {
  return db
    .selectFrom("channel")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
}
