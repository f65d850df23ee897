import type { Insertable, Kysely, Selectable } from "kysely";
import type { ChannelRow } from "../channels/find.ts";
import type { CustomerRow } from "../customers/find.ts";
import type { DB } from "../db/tables.ts";
import type { TemplateRow } from "../templates/find.ts";

export type DeliveryRow = Selectable<DB["delivery"]>;

export function findBySource(db: Kysely<DB>, projectId: string, sourceId: string) {
  return db
    .selectFrom("delivery")
    .select(["id", "status", "reason"])
    .where("project_id", "=", projectId)
    .where("source_id", "=", sourceId)
    .executeTakeFirst();
}

/** Undefined when there is one of this source. Of two at once the second waits for the first. */
export function insertDelivery(tx: Kysely<DB>, row: Insertable<DB["delivery"]>): Promise<DeliveryRow | undefined> {
  return tx
    .insertInto("delivery")
    .values(row)
    .onConflict((conflict) => conflict.columns(["project_id", "source_id"]).doNothing())
    .returningAll()
    .executeTakeFirst();
}

export function lockDelivery(tx: Kysely<DB>, projectId: string, id: string): Promise<DeliveryRow | undefined> {
  return tx
    .selectFrom("delivery")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
}

/** Also when it was deleted: what was ordered before goes on telling of it. */
export function findChannelEver(db: Kysely<DB>, projectId: string, id: string): Promise<ChannelRow | undefined> {
  return db
    .selectFrom("channel")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

export function findTemplateEver(db: Kysely<DB>, projectId: string, id: string): Promise<TemplateRow | undefined> {
  return db
    .selectFrom("template")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

export function findCustomerById(db: Kysely<DB>, projectId: string, id: string): Promise<CustomerRow | undefined> {
  return db
    .selectFrom("customer")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

/** What a publication brings: a voucher of a campaign, or a code of a pool. */
export async function findPublished(db: Kysely<DB>, projectId: string, publicationId: string) {
  const row = await db
    .selectFrom("publication as p")
    .leftJoin("voucher as v", (join) =>
      join.onRef("v.project_id", "=", "p.project_id").onRef("v.id", "=", "p.voucher_id"),
    )
    .leftJoin("pool_code as k", (join) =>
      join.onRef("k.project_id", "=", "p.project_id").onRef("k.id", "=", "p.pool_code_id"),
    )
    .leftJoin("campaign as c", (join) =>
      join.onRef("c.project_id", "=", "p.project_id").onRef("c.id", "=", "p.campaign_id"),
    )
    .select(["p.customer_id", "p.campaign_id", "v.code", "k.code as pool_code", "v.kind", "v.expires_at"])
    .select(["v.balance_amount", "c.name as campaign_name", "c.currency", "c.time_zone", "c.customer_information"])
    .select(["c.ends_at", "p.returned_at"])
    .where("p.project_id", "=", projectId)
    .where("p.id", "=", publicationId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { pool_code, ...published } = row;
  return { ...published, code: row.code ?? pool_code };
}

/** By what the provider calls it. */
export function findByProvider(db: Kysely<DB>, projectId: string, channelId: string, providerId: string) {
  return db
    .selectFrom("delivery")
    .select("id")
    .where("project_id", "=", projectId)
    .where("channel_id", "=", channelId)
    .where("provider_id", "=", providerId)
    .executeTakeFirst();
}
