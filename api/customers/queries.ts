import { type Kysely, type Selectable, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";

export type CustomerRow = Selectable<DB["customer"]>;

/** Newest first; `before` is the id of the last customer seen. */
export function listCustomers(db: Kysely<DB>, projectId: string, before: string | undefined, limit: number) {
  return db
    .selectFrom("customer")
    .selectAll()
    .where("project_id", "=", projectId)
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

/** Vouchers that are assigned to the customer or were published to them, by id; `after` is the last id seen. */
export function listWallet(
  db: Kysely<DB>,
  projectId: string,
  customerId: string,
  after: string | undefined,
  limit: number,
) {
  return db
    .selectFrom("voucher as v")
    .leftJoin("customer_usage as u", (join) =>
      join
        .onRef("u.project_id", "=", "v.project_id")
        .on("u.customer_id", "=", customerId)
        .on("u.scope", "=", "voucher")
        .onRef("u.scope_id", "=", "v.id"),
    )
    .select([
      "v.id",
      "v.code",
      "v.campaign_id",
      "v.kind",
      "v.status",
      "v.redemptions_max",
      "v.redemptions_count",
      "v.customer_id",
      "v.starts_at",
      "v.expires_at",
      sql<boolean>`coalesce(v.expires_at <= now(), false)`.as("expired"),
      sql<number>`coalesce(u.redemptions_count, 0)`.as("used_by_customer"),
    ])
    .where("v.project_id", "=", projectId)
    .where("v.id", "in", (eb) =>
      eb
        .selectFrom("voucher as own")
        .select("own.id")
        .where("own.project_id", "=", projectId)
        .where("own.customer_id", "=", customerId)
        .union(
          eb
            .selectFrom("publication as p")
            .select("p.voucher_id as id")
            .where("p.project_id", "=", projectId)
            .where("p.customer_id", "=", customerId),
        ),
    )
    .$if(after !== undefined, (query) => query.where("v.id", ">", after ?? ""))
    .orderBy("v.id")
    .limit(limit + 1)
    .execute();
}
