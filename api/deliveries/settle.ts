/** Writes down what became of an attempt, or of a delivery that gets none, and tells of it. */
import type { Transaction } from "kysely";
import type { SendOutcome } from "../channels/adapter.ts";
import { adapterOf } from "../channels/adapters.ts";
import type { CustomerRow } from "../customers/find.ts";
import type { DB } from "../db/tables.ts";
import { suppress } from "../suppressions/suppress.ts";
import { announceDelivery, type DeliveryEventType } from "./announce.ts";
import type { DeliveryRow } from "./queries.ts";
import { attemptsMax, nextAttemptAt } from "./schedule.ts";

export type Ended = SendOutcome | { readonly outcome: "skipped"; readonly reason: string };

/** What the events say when nobody knows whether the customer has it: what it brought is not given to others. */
const mayHaveArrived = "may_have_arrived";

/** @param row locked, as it was when the attempt began; of `sending` the attempt is written down. */
export async function settle(
  tx: Transaction<DB>,
  row: DeliveryRow,
  customer: CustomerRow,
  ended: Ended,
  at: Date,
): Promise<void> {
  if (row.status === "sending" && ended.outcome !== "skipped") await writeAttempt(tx, row, ended, at);
  const next = nextOf(row, ended, at);
  if (ended.outcome === "bounced" && row.address !== null) {
    await suppress(tx, row.project_id, { kind: row.channel_kind, address: row.address, reason: "bounced" }, at);
  }
  const settled = await tx
    .updateTable("delivery")
    .set({
      status: next.status,
      reason: next.reason,
      next_attempt_at: next.again,
      sending_since: null,
      leased_until: null,
      may_have_arrived: row.may_have_arrived || ended.outcome === "unknown",
      updated_at: at,
      ...(ended.outcome === "sent" && { provider_id: ended.providerId, sent_at: at }),
    })
    .where("project_id", "=", row.project_id)
    .where("id", "=", row.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  if (next.event !== null) await announceDelivery(tx, next.event, settled, customer.identifier, at);
}

interface Next {
  readonly status: DeliveryRow["status"];
  readonly reason: string | null;
  readonly again: Date | null;
  readonly event: DeliveryEventType | null;
}

function nextOf(row: DeliveryRow, ended: Ended, at: Date): Next {
  const over = { again: null };
  const failed = (reason: string): Next => {
    const arrived = row.may_have_arrived || ended.outcome === "unknown";
    return { status: "failed", reason: arrived ? mayHaveArrived : reason, event: "delivery.failed", ...over };
  };
  switch (ended.outcome) {
    case "sent":
      return { status: "sent", reason: null, event: "delivery.sent", ...over };
    case "skipped":
      // It was not skipped when an attempt before may have reached the customer.
      if (row.may_have_arrived) return failed(ended.reason);
      return { status: "skipped", reason: ended.reason, event: "delivery.skipped", ...over };
    case "bounced":
      // The address is gone by now; an attempt before may have found it.
      if (row.may_have_arrived) return failed(ended.reason);
      return { status: "bounced", reason: ended.reason, event: "delivery.bounced", ...over };
    case "failed":
      return failed(ended.reason);
    case "unknown":
      if (adapterOf(row.channel_kind)?.whenUnknown !== "resend") return failed(ended.reason);
      break;
    case "retry":
      break;
  }
  if (row.tries >= attemptsMax) return failed(ended.reason);
  const after = ended.outcome === "retry" ? ended.afterSeconds : undefined;
  return { status: "queued", reason: ended.reason, again: nextAttemptAt(row.tries, at, after), event: null };
}

async function writeAttempt(tx: Transaction<DB>, row: DeliveryRow, ended: SendOutcome, at: Date): Promise<void> {
  await tx
    .insertInto("delivery_attempt")
    .values({
      project_id: row.project_id,
      delivery_id: row.id,
      number: row.attempts_count,
      outcome: ended.outcome,
      reason: ended.outcome === "sent" ? null : ended.reason,
      provider_id: ended.outcome === "sent" ? ended.providerId : null,
      started_at: row.sending_since ?? at,
      ended_at: at,
    })
    .execute();
}
