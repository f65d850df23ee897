/** Brings what became of deliveries to the publications that they were to bring. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { Logger } from "pino";
import type { ConsumedEvent, ConsumerOptions } from "../../ingest/consumer.ts";
import type { DB } from "../db/tables.ts";
import { announceProgress } from "./announce.ts";
import { failPublication, isOwnMessage } from "./return-code.ts";
import { selectPublications } from "./rows.ts";

const types = ["delivery.sent", "delivery.failed", "delivery.skipped", "delivery.bounced"] as const;
type Followed = (typeof types)[number];

export function deliveryFollower(deps: { readonly db: Kysely<DB>; readonly log: Logger }): ConsumerOptions<Followed> {
  return { ...deps, name: "publications", types, handle: followDeliveries };
}

async function followDeliveries(tx: Transaction<DB>, events: readonly ConsumedEvent<Followed>[]): Promise<void> {
  await lockVouchers(tx, events);
  for (const event of events) {
    const { publication_id: id, delivery_id: deliveryId, workflow_run_id: workflowRunId } = event.payload;
    if (id === null) continue;
    const at = new Date(event.occurred_at);
    const message = { deliveryId, workflowRunId };
    if (event.type === "delivery.sent") await markDelivered(tx, event.project_id, id, message, at);
    else {
      const reason = event.payload.reason ?? event.type;
      await failPublication(tx, event.project_id, id, { ...message, reason }, at);
    }
  }
}

/** Those that may go back, all of them first and by code, as redemptions take theirs: neither waits for the other in a circle. */
async function lockVouchers(tx: Transaction<DB>, events: readonly ConsumedEvent<Followed>[]): Promise<void> {
  const failed = events.filter(({ type, payload }) => type !== "delivery.sent" && payload.publication_id !== null);
  if (failed.length === 0) return;
  await sql`
    select from voucher v
    join publication p on p.project_id = v.project_id and p.voucher_id = v.id
    where p.took and (p.project_id, p.id) in (select * from unnest(
      ${failed.map((event) => event.project_id)}::text[], ${failed.map(({ payload }) => payload.publication_id)}::text[]))
    order by v.project_id, v.code for update of v`.execute(tx);
}

async function markDelivered(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  { deliveryId, workflowRunId }: { readonly deliveryId: string; readonly workflowRunId: string | null },
  at: Date,
): Promise<void> {
  const row = await selectPublications(tx, projectId).where("p.id", "=", id).forUpdate("p").executeTakeFirst();
  if (row === undefined || (row.status !== "published" && row.status !== "queued")) return;
  // The message that it names decides over the code: one that only reminded of it, and bounces later, does not.
  const delivery_id = isOwnMessage(row, workflowRunId) ? deliveryId : row.delivery_id;
  await tx
    .updateTable("publication")
    .set({ status: "delivered", delivery_id, updated_at: at })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .execute();
  const delivered = { ...row, status: "delivered" as const, delivery_id, customer: row.customer_identifier };
  await announceProgress(tx, projectId, "publication.delivered", [delivered], at);
}
