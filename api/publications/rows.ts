/** Publications as they are stored, and as clients see them. */
import { type Insertable, type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import type { PublicationWire } from "./schemas.ts";

/** With the code that was handed out and the identifier of who has it. */
export function selectPublications(db: Kysely<DB>, projectId: string) {
  return db
    .selectFrom("publication as p")
    .leftJoin("voucher as v", (join) =>
      join.onRef("v.project_id", "=", "p.project_id").onRef("v.id", "=", "p.voucher_id"),
    )
    .leftJoin("pool_code as c", (join) =>
      join.onRef("c.project_id", "=", "p.project_id").onRef("c.id", "=", "p.pool_code_id"),
    )
    .innerJoin("customer as k", (join) =>
      join.onRef("k.project_id", "=", "p.project_id").onRef("k.id", "=", "p.customer_id"),
    )
    .selectAll("p")
    .select((eb) => [eb.fn.coalesce("v.code", "c.code").$notNull().as("code"), "k.identifier as customer_identifier"])
    .where("p.project_id", "=", projectId);
}

export type PublicationRow = Awaited<ReturnType<typeof findPublicationBySource>> & object;

/**
 * Of two calls with one source id the second waits for the first, and finds what it gave: if both looked for something to
 * give, the second would be told that nothing is left when the first has the last. Call it before anything is locked.
 */
export async function holdSource(tx: Transaction<DB>, projectId: string, sourceId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`publication ${projectId} ${sourceId}`}, 0))`.execute(tx);
}

export function findPublicationBySource(db: Kysely<DB>, projectId: string, sourceId: string) {
  return selectPublications(db, projectId).where("p.source_id", "=", sourceId).executeTakeFirst();
}

/** In one statement. @returns the ids that went in; a source id that was published before, or comes twice, is left out. */
export async function insertPublications(
  tx: Transaction<DB>,
  rows: readonly Insertable<DB["publication"]>[],
): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const inserted = await tx
    .insertInto("publication")
    .values([...rows])
    .onConflict((conflict) =>
      conflict.columns(["project_id", "source_id"]).where("source_id", "is not", null).doNothing(),
    )
    .returning("id")
    .execute();
  return new Set(inserted.map((row) => row.id));
}

/** What a publication says of itself before anything has become of it. */
export const newPublication = {
  pool_id: null,
  pool_code_id: null,
  status: "published",
  reason: null,
  returned_at: null,
  delivery_id: null,
  job_id: null,
  updated_at: null,
} as const;

export function publicationToWire(row: PublicationRow): PublicationWire {
  return {
    id: row.id,
    voucher_id: row.voucher_id,
    code: row.code,
    campaign_id: row.campaign_id,
    pool_id: row.pool_id,
    customer: { identifier: row.customer_identifier },
    channel: row.channel,
    source_id: row.source_id,
    status: row.status,
    reason: row.reason,
    returned_at: row.returned_at?.toISOString() ?? null,
    delivery_id: row.delivery_id,
    job_id: row.job_id,
    published_at: row.published_at.toISOString(),
  };
}
