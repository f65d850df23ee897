import { type Kysely, type Selectable, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";

export type CustomerRow = Selectable<DB["customer"]>;

export interface CustomerSearch {
  /** The beginning of an identifier. */
  readonly identifier?: string | undefined;
  /** A whole address, in any case. */
  readonly email?: string | undefined;
}

/**
 * Newest first; `before` is the id of the last customer seen. A beginning is sought on the unique index over
 * identifiers, an address on `customer_by_email`.
 */
export function listCustomers(
  db: Kysely<DB>,
  projectId: string,
  { identifier, email }: CustomerSearch,
  before: string | undefined,
  limit: number,
) {
  return db
    .selectFrom("customer")
    .selectAll()
    .where("project_id", "=", projectId)
    .$if(identifier !== undefined, (query) =>
      // No text that a customer may be called comes after this one.
      query.where("identifier", ">=", identifier ?? "").where("identifier", "<", `${identifier}\u{10ffff}`),
    )
    .$if(email !== undefined, (query) => query.where(sql`lower(email)`, "=", sql<string>`lower(${email})`))
    .$if(before !== undefined, (query) => query.where("id", "<", before ?? ""))
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
}

/** A row with nothing known but the identifier, when there is none yet. Undefined when there is one. */
export function insertCustomer(
  tx: Kysely<DB>,
  customer: { readonly id: string; readonly projectId: string; readonly identifier: string; readonly at: Date },
): Promise<CustomerRow | undefined> {
  return tx
    .insertInto("customer")
    .values({
      project_id: customer.projectId,
      id: customer.id,
      identifier: customer.identifier,
      attributes: "{}",
      tags: "{}",
      consent: "{}",
      metadata: "{}",
      created_at: customer.at,
      updated_at: customer.at,
    })
    .onConflict((oc) => oc.columns(["project_id", "identifier"]).doNothing())
    .returningAll()
    .executeTakeFirst();
}

/** Ids by identifier, of those who are known. */
export async function findCustomerIds(
  db: Kysely<DB>,
  projectId: string,
  identifiers: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom("customer")
    .select(["identifier", "id"])
    .where("project_id", "=", projectId)
    .where("identifier", "=", sql<string>`any(${identifiers}::text[])`)
    .execute();
  return new Map(rows.map((row) => [row.identifier, row.id]));
}

/** Those who were not there yet. In one order, so that of two who make the same ones each waits for the other at most. */
export function insertCustomers(
  tx: Kysely<DB>,
  projectId: string,
  identifiers: readonly string[],
  at: Date,
): Promise<CustomerRow[]> {
  return tx
    .insertInto("customer")
    .values(
      [...identifiers].sort().map((identifier) => ({
        project_id: projectId,
        id: newId("cus"),
        identifier,
        attributes: "{}",
        tags: "{}",
        consent: "{}",
        metadata: "{}",
        created_at: at,
        updated_at: at,
      })),
    )
    .onConflict((oc) => oc.columns(["project_id", "identifier"]).doNothing())
    .returningAll()
    .execute();
}
