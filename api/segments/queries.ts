/** The SQL of segments and their members. */
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import pg from "pg";
import type { DB } from "../db/tables.ts";
import type { Rule } from "../domain/rules/rule.ts";

const uniqueViolation = "23505";

export interface SegmentRow extends Selectable<DB["segment"]> {
  readonly members_count: number;
  /** Of dynamic ones; null for a list. */
  readonly version: number | null;
  readonly evaluated_version: number | null;
  readonly failure: string | null;
  readonly whole_at: Date | null;
  readonly seen_to: Date | null;
  readonly read_at: Date;
}

function selectSegments(db: Kysely<DB>, projectId: string) {
  return db
    .selectFrom("segment as s")
    .leftJoin("segment_evaluation as e", (join) =>
      join.onRef("e.project_id", "=", "s.project_id").onRef("e.segment_id", "=", "s.id"),
    )
    .leftJoin("segment_pass as p", "p.project_id", "s.project_id")
    .selectAll("s")
    .select(["e.version", "e.evaluated_version", "e.failure", "e.whole_at", "p.seen_to"])
    .select(sql<Date>`now()`.as("read_at"))
    .select((eb) =>
      eb.fn
        .coalesce(
          "e.members_count",
          eb
            .selectFrom("segment_member as m")
            .select(eb.fn.countAll<number>().as("n"))
            .whereRef("m.project_id", "=", "s.project_id")
            .whereRef("m.segment_id", "=", "s.id")
            .$asScalar()
            .$notNull(),
        )
        .as("members_count"),
    )
    .where("s.project_id", "=", projectId);
}

export function findSegment(db: Kysely<DB>, projectId: string, id: string): Promise<SegmentRow | undefined> {
  return selectSegments(db, projectId).where("s.id", "=", id).executeTakeFirst();
}

/** Newest first; `before` is the id of the last segment seen. */
export function listSegments(
  db: Kysely<DB>,
  projectId: string,
  page: { readonly before: string | undefined; readonly limit: number },
): Promise<SegmentRow[]> {
  return selectSegments(db, projectId)
    .$if(page.before !== undefined, (query) => query.where("s.id", "<", page.before ?? ""))
    .orderBy("s.id", "desc")
    .limit(page.limit)
    .execute();
}

/** Undefined when the name is taken. @param segment `rules` null makes a list. */
export function insertSegment(
  tx: Transaction<DB>,
  segment: {
    readonly id: string;
    readonly projectId: string;
    readonly name: string;
    readonly rules: Rule | null;
    readonly at: Date;
  },
): Promise<{ id: string } | undefined> {
  return tx
    .insertInto("segment")
    .values({
      project_id: segment.projectId,
      id: segment.id,
      name: segment.name,
      kind: segment.rules === null ? "static" : "dynamic",
      rules: segment.rules === null ? null : JSON.stringify(segment.rules),
      created_at: segment.at,
      updated_at: segment.at,
    })
    .onConflict((conflict) => conflict.columns(["project_id", "name"]).doNothing())
    .returning("id")
    .executeTakeFirst();
}

/** @param strength "share" keeps it where it is while members change; "update" is for changing it. */
export function lockSegment(tx: Transaction<DB>, projectId: string, id: string, strength: "share" | "update") {
  return tx
    .selectFrom("segment")
    .select(["id", "name", "kind", "deleting_at"])
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .$if(strength === "share", (query) => query.forKeyShare())
    .$if(strength === "update", (query) => query.forUpdate())
    .executeTakeFirst();
}

/** False when the name is taken: the transaction is over then, and can only be rolled back. */
export async function renameSegment(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  name: string,
  at: Date,
): Promise<boolean> {
  try {
    await tx
      .updateTable("segment")
      .set({ name, updated_at: at })
      .where("project_id", "=", projectId)
      .where("id", "=", id)
      .execute();
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === uniqueViolation) return false;
    throw error;
  }
}

export async function markDeleting(tx: Transaction<DB>, projectId: string, id: string, at: Date): Promise<void> {
  await tx
    .updateTable("segment")
    .set({ deleting_at: at, updated_at: at })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .execute();
}

export async function deleteSegmentRow(tx: Transaction<DB>, projectId: string, id: string): Promise<void> {
  await tx.deleteFrom("segment").where("project_id", "=", projectId).where("id", "=", id).execute();
}

/** Those who were not in it yet, by identifier. In one order, so that two requests wait for each other at most. */
export async function insertMembers(
  tx: Transaction<DB>,
  projectId: string,
  segmentId: string,
  customerIds: readonly string[],
  at: Date,
): Promise<string[]> {
  const { rows } = await sql<{ identifier: string }>`
    with entered as (
      insert into segment_member (project_id, segment_id, customer_id, entered_at)
      select ${projectId}, ${segmentId}, c.id, ${at}::timestamptz from unnest(${customerIds}::text[]) c(id) order by c.id
      on conflict (project_id, customer_id, segment_id) do nothing
      returning customer_id
    )
    select c.identifier from entered e
    join customer c on c.project_id = ${projectId} and c.id = e.customer_id
    order by c.identifier
  `.execute(tx);
  return rows.map((row) => row.identifier);
}

/** Those who were in it, by identifier. */
export async function deleteMembers(
  tx: Transaction<DB>,
  projectId: string,
  segmentId: string,
  identifiers: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ identifier: string }>`
    with named as (
      select m.customer_id, c.identifier
      from customer c
      join segment_member m on m.project_id = c.project_id and m.customer_id = c.id and m.segment_id = ${segmentId}
      where c.project_id = ${projectId} and c.identifier = any(${identifiers}::text[])
      order by m.customer_id for update of m
    ), gone as (
      delete from segment_member m using named n
      where m.project_id = ${projectId} and m.segment_id = ${segmentId} and m.customer_id = n.customer_id
      returning n.identifier
    )
    select identifier from gone order by identifier
  `.execute(tx);
  return rows.map((row) => row.identifier);
}

export interface MemberRow {
  readonly customer_id: string;
  readonly identifier: string;
  readonly entered_at: Date;
}

/** By customer, on `segment_member_by_segment`; `after` is the customer's id of the last member seen. */
export function listMembers(
  db: Kysely<DB>,
  projectId: string,
  segmentId: string,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<MemberRow[]> {
  return db
    .selectFrom("segment_member as m")
    .innerJoin("customer as c", (join) =>
      join.onRef("c.project_id", "=", "m.project_id").onRef("c.id", "=", "m.customer_id"),
    )
    .select(["m.customer_id", "c.identifier", "m.entered_at"])
    .where("m.project_id", "=", projectId)
    .where("m.segment_id", "=", segmentId)
    .$if(page.after !== undefined, (query) => query.where("m.customer_id", ">", page.after ?? ""))
    .orderBy("m.customer_id")
    .limit(page.limit)
    .execute();
}
