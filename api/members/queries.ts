/** The SQL of members. Their keys are the verbs of api/keys/member-keys.ts. */
import type { Insertable, Kysely, Selectable, Transaction, Updateable } from "kysely";
import pg from "pg";
import type { DB } from "../db/tables.ts";

export type MemberRow = Selectable<DB["member"]>;

const uniqueViolation = "23505";

export function findMember(db: Kysely<DB>, projectId: string, id: string): Promise<MemberRow | undefined> {
  return db
    .selectFrom("member")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

/** Newest first; `before` is the id of the last member seen. */
export function selectMembers(
  db: Kysely<DB>,
  projectId: string,
  page: { readonly before: string | undefined; readonly limit: number },
): Promise<MemberRow[]> {
  return db
    .selectFrom("member")
    .selectAll()
    .where("project_id", "=", projectId)
    .$if(page.before !== undefined, (query) => query.where("id", "<", page.before ?? ""))
    .orderBy("id", "desc")
    .limit(page.limit)
    .execute();
}

export async function countMembers(db: Kysely<DB>, projectId: string): Promise<number> {
  const row = await db
    .selectFrom("member")
    .select((eb) => eb.fn.countAll<number>().as("n"))
    .where("project_id", "=", projectId)
    .executeTakeFirstOrThrow();
  return row.n;
}

/**
 * The ids of the project's owners, locked. Whoever waits here for another removal reads afterwards who is left: Postgres
 * looks at locked rows again before it hands them out. In one order, so that two removals never wait for each other.
 */
export async function lockOwners(tx: Transaction<DB>, projectId: string): Promise<string[]> {
  const rows = await tx
    .selectFrom("member")
    .select("id")
    .where("project_id", "=", projectId)
    .where("role", "=", "owner")
    .orderBy("id")
    .forUpdate()
    .execute();
  return rows.map((row) => row.id);
}

/** Undefined when the project has no such member. */
export function lockMember(tx: Transaction<DB>, projectId: string, id: string): Promise<MemberRow | undefined> {
  return tx
    .selectFrom("member")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
}

/** Undefined when another member has the address: the transaction is over then, and can only be rolled back. */
export function insertMember(tx: Transaction<DB>, member: Insertable<DB["member"]>): Promise<MemberRow | undefined> {
  return unlessTaken(tx.insertInto("member").values(member).returningAll().executeTakeFirst());
}

/** Undefined when another member has the address: the transaction is over then, and can only be rolled back. */
export function updateMember(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  change: Updateable<DB["member"]>,
): Promise<MemberRow | undefined> {
  return unlessTaken(
    tx
      .updateTable("member")
      .set(change)
      .where("project_id", "=", projectId)
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirst(),
  );
}

/** False when the project has no such member. */
export async function deleteMember(tx: Transaction<DB>, projectId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom("member")
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

async function unlessTaken<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === uniqueViolation) return undefined;
    throw error;
  }
}
