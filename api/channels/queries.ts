import type { Insertable, Kysely, Updateable } from "kysely";
import type { DB } from "../db/tables.ts";
import type { ChannelRow } from "./find.ts";

/** Newest first. */
export function listChannels(
  db: Kysely<DB>,
  projectId: string,
  page: { readonly limit: number; readonly before: string | undefined; readonly kind: string | undefined },
): Promise<ChannelRow[]> {
  return db
    .selectFrom("channel")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .$if(page.kind !== undefined, (q) => q.where("kind", "=", page.kind ?? ""))
    .$if(page.before !== undefined, (q) => q.where("id", "<", page.before ?? ""))
    .orderBy("id", "desc")
    .limit(page.limit)
    .execute();
}

export async function countChannels(db: Kysely<DB>, projectId: string): Promise<number> {
  const { count } = await db
    .selectFrom("channel")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .executeTakeFirstOrThrow();
  return count;
}

/** Undefined when the name is taken. */
export function insertChannel(tx: Kysely<DB>, row: Insertable<DB["channel"]>): Promise<ChannelRow | undefined> {
  return tx
    .insertInto("channel")
    .values(row)
    .onConflict((conflict) => conflict.columns(["project_id", "name"]).where("deleted_at", "is", null).doNothing())
    .returningAll()
    .executeTakeFirst();
}

export function isNameTaken(tx: Kysely<DB>, projectId: string, name: string, exceptId: string) {
  return tx
    .selectFrom("channel")
    .select("id")
    .where("project_id", "=", projectId)
    .where("name", "=", name)
    .where("id", "<>", exceptId)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
}

export function updateChannel(
  tx: Kysely<DB>,
  projectId: string,
  id: string,
  change: Updateable<DB["channel"]>,
): Promise<ChannelRow | undefined> {
  return tx
    .updateTable("channel")
    .set(change)
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .returningAll()
    .executeTakeFirst();
}
