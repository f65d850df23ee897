/** Takes back what did not arrive, so that somebody else can have it. */
import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { announceFailure } from "./announce.ts";
import { type PublicationRow, selectPublications } from "./rows.ts";

/** Nobody knows whether the message arrived: whoever has read the code must find it theirs. */
const mayHaveArrived = "may_have_arrived";

interface Failure {
  readonly deliveryId: string;
  /** Of the workflow that ordered the message; null: it was ordered with the publication. */
  readonly workflowRunId: string | null;
  readonly reason: string;
}

/** Whether a message was to bring the publication: of workflows only the one that published it; others remind of it. */
export function isOwnMessage({ source_id }: Pick<PublicationRow, "source_id">, workflowRunId: string | null): boolean {
  return workflowRunId === null || source_id?.startsWith(`workflow:${workflowRunId}:`) === true;
}

/**
 * A voucher that this publication made the customer's, and that nobody has used or reserved, is nobody's again, with the
 * end that it had before. Anything else stays as it is. Failing twice is failing once.
 */
export async function failPublication(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  { deliveryId, workflowRunId, reason }: Failure,
  at: Date,
): Promise<void> {
  const found = await selectPublications(tx, projectId).where("p.id", "=", id).forUpdate("p").executeTakeFirst();
  // That nobody could be reminded of what came to them another way takes nothing from them.
  if (!found || (found.delivery_id !== deliveryId && !isOwnMessage(found, workflowRunId))) return;
  if (await leaveToAnother(tx, projectId, id, deliveryId)) return;
  // Of several messages about one publication the one that it names decides.
  if (found.delivery_id !== null && found.delivery_id !== deliveryId) return;
  const returnable = found.took && reason !== mayHaveArrived;
  const isReturned =
    returnable && (await (found.voucher_id ? returnVoucher(tx, found, at) : returnPoolCode(tx, found)));
  const { numUpdatedRows } = await tx
    .updateTable("publication")
    .set({ status: "failed", reason, delivery_id: deliveryId, returned_at: isReturned ? at : null, updated_at: at })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("status", "<>", "failed")
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return;
  const announced = { ...found, delivery_id: deliveryId, customer: found.customer_identifier };
  await announceFailure(tx, projectId, announced, { reason, isReturned }, at);
}

/**
 * Another message about it is on its way or has arrived, by SMS where there was no consent to e-mail, say: what becomes of
 * that one decides. Who orders one holds the publication as it is (`workflows/actions.ts`), so that none is overlooked.
 */
async function leaveToAnother(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  deliveryId: string,
): Promise<boolean> {
  const another = await tx
    .selectFrom("delivery")
    .select("id")
    .where("project_id", "=", projectId)
    .where("publication_id", "=", id)
    .where("id", "<>", deliveryId)
    .where("status", "in", ["queued", "sending", "sent"])
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  if (another === undefined) return false;
  await tx
    .updateTable("publication")
    .set({ delivery_id: another.id })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("status", "<>", "failed")
    .where((eb) => eb.or([eb("delivery_id", "is", null), eb("delivery_id", "=", deliveryId)]))
    .execute();
  return true;
}

/** In one statement: what a redemption or a reservation has taken meanwhile is left. */
async function returnVoucher(tx: Transaction<DB>, found: PublicationRow, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("voucher as v")
    .set((eb) => ({
      customer_id: null,
      status: "created",
      expires_at: found.ended_before,
      version: eb("v.version", "+", 1),
      updated_at: at,
    }))
    .where("v.project_id", "=", found.project_id)
    .where("v.id", "=", found.voucher_id)
    .where("v.customer_id", "=", found.customer_id)
    .where("v.status", "=", "distributed")
    .where("v.redemptions_count", "=", 0)
    .where("v.holds_count", "=", 0)
    // A gift card from which something was paid.
    .where((eb) =>
      eb.or([eb("v.balance_amount", "is", null), eb("v.balance_amount", "=", eb.ref("v.balance_initial"))]),
    )
    // It came to them another way as well.
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("publication as o")
            .select("o.id")
            .whereRef("o.project_id", "=", "v.project_id")
            .whereRef("o.voucher_id", "=", "v.id")
            .where("o.id", "<>", found.id)
            .where("o.status", "<>", "failed"),
        ),
      ),
    )
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

async function returnPoolCode(tx: Transaction<DB>, found: PublicationRow): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("pool_code")
    .set({ status: "free", customer_id: null, taken_at: null })
    .where("project_id", "=", found.project_id)
    .where("id", "=", found.pool_code_id)
    .where("customer_id", "=", found.customer_id)
    .where("redemption_id", "is", null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
