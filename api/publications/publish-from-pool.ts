/** Gives a customer a third party's code out of a pool. */
import { sql, type Transaction } from "kysely";
import { ensureCustomer } from "../customers/ensure.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import { announceProgress } from "./announce.ts";
import { findPublicationBySource, holdSource, insertPublications, newPublication, publicationToWire } from "./rows.ts";
import type { PublicationWire } from "./schemas.ts";

export interface PublishFromPool {
  readonly poolId: string;
  readonly customer: { readonly identifier: string };
  readonly sourceId: string | null;
  readonly channel: string;
}

export type FromPool =
  | { readonly outcome: "published"; readonly publication: PublicationWire }
  | {
      readonly outcome: "refused";
      readonly reason: "pool_unknown" | "customer_blocked" | "out_of_stock" | "source_id_reused";
    };

/** As `publishFromCampaign`; a pool is of no campaign, and so nobody is held out. */
export async function publishFromPool(
  tx: Transaction<DB>,
  projectId: string,
  input: PublishFromPool,
  at: Date,
): Promise<FromPool> {
  if (input.sourceId !== null) await holdSource(tx, projectId, input.sourceId);
  const earlier = await publishedBefore(tx, projectId, input);
  if (earlier) return earlier;
  const pool = await tx
    .selectFrom("pool")
    .select("id")
    .where("project_id", "=", projectId)
    .where("id", "=", input.poolId)
    .executeTakeFirst();
  if (!pool) return { outcome: "refused", reason: "pool_unknown" };
  const { identifier } = input.customer;
  const { id: customerId } = await ensureCustomer(tx, projectId, identifier, at);
  const { blocked } = await tx
    .selectFrom("customer")
    .select("blocked")
    .where("project_id", "=", projectId)
    .where("id", "=", customerId)
    .executeTakeFirstOrThrow();
  if (blocked) return { outcome: "refused", reason: "customer_blocked" };
  const taken = await takeCode(tx, projectId, pool.id, customerId, at);
  if (!taken) return { outcome: "refused", reason: "out_of_stock" };
  const row = {
    ...newPublication,
    project_id: projectId,
    id: newId("pub"),
    voucher_id: null,
    campaign_id: null,
    pool_id: pool.id,
    pool_code_id: taken.id,
    customer_id: customerId,
    source_id: input.sourceId,
    channel: input.channel,
    took: true,
    ended_before: null,
    published_at: at,
  };
  if ((await insertPublications(tx, [row])).size === 0) {
    await putBack(tx, projectId, taken.id);
    const twin = await publishedBefore(tx, projectId, input);
    if (!twin) throw new Error("a publication with this source id exists and cannot be read");
    return twin;
  }
  await announceProgress(tx, projectId, "pool_code.published", [{ ...row, customer: identifier }], at);
  const publication = publicationToWire({ ...row, code: taken.code, customer_identifier: identifier });
  return { outcome: "published", publication };
}

async function takeCode(tx: Transaction<DB>, projectId: string, poolId: string, customerId: string, at: Date) {
  const { rows } = await sql<{ id: string; code: string }>`
    select id, code from take_pool_code(${projectId}, ${poolId}, ${customerId}, null, ${at}::timestamptz)
  `.execute(tx);
  return rows[0];
}

async function putBack(tx: Transaction<DB>, projectId: string, id: string): Promise<void> {
  await tx
    .updateTable("pool_code")
    .set({ status: "free", customer_id: null, taken_at: null })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .execute();
}

async function publishedBefore(
  tx: Transaction<DB>,
  projectId: string,
  { poolId, customer, sourceId }: PublishFromPool,
): Promise<FromPool | undefined> {
  if (sourceId === null) return undefined;
  const row = await findPublicationBySource(tx, projectId, sourceId);
  if (!row) return undefined;
  if (row.pool_id === poolId && row.customer_identifier === customer.identifier) {
    return { outcome: "published", publication: publicationToWire(row) };
  }
  return { outcome: "refused", reason: "source_id_reused" };
}
