/** Sends one delivery, once: begin, compose, hand over, settle. Nothing is locked while somebody outside is waited for. */
import type { Kysely } from "kysely";
import type { SendDeps, SendOutcome } from "../channels/adapter.ts";
import type { DB } from "../db/tables.ts";
import type { Sealer } from "../secrets/seal.ts";
import { signSubscription } from "../unsubscribe/token.ts";
import { type Begun, beginDelivery } from "./begin.ts";
import { composeMessage } from "./compose.ts";
import { findCustomerById, lockDelivery } from "./queries.ts";
import { attemptSeconds } from "./schedule.ts";
import { settle } from "./settle.ts";

export interface SenderDeps extends SendDeps {
  readonly db: Kysely<DB>;
  readonly sealer: Sealer;
  /** Where this service is reached from outside, without a slash at its end; undefined: nobody said. */
  readonly publicUrl: string | undefined;
  /** What one attempt has; absent: the default. */
  readonly attemptMs?: number;
}

export async function sendDelivery(
  deps: SenderDeps,
  ids: { readonly projectId: string; readonly deliveryId: string },
  clock: () => Date,
): Promise<void> {
  const begun = await deps.db.transaction().execute((tx) => beginDelivery(tx, deps.sealer, ids, clock()));
  if (begun.outcome !== "sending") return;
  const outcome = await handOver(deps, begun, clock());
  await deps.db.transaction().execute(async (tx) => {
    const row = await lockDelivery(tx, ids.projectId, ids.deliveryId);
    // Somebody waited for us longer than an attempt may take, and has settled it.
    if (row?.status !== "sending" || row.attempts_count !== begun.delivery.attempts_count) {
      deps.log.warn({ delivery: ids.deliveryId }, "an attempt ended after it was given up");
      return;
    }
    // Read again: whoever was erased meanwhile must not be announced by their name.
    const customer = await findCustomerById(tx, ids.projectId, row.customer_id);
    if (customer === undefined) throw new Error("the customer of a delivery is gone");
    await settle(tx, row, customer, outcome, clock());
  });
}

async function handOver(
  deps: SenderDeps,
  begun: Begun & { readonly outcome: "sending" },
  at: Date,
): Promise<SendOutcome> {
  const { adapter, channel, delivery } = begun;
  const unsubscribeUrl = await unsubscribeUrlOf(deps, begun);
  const composed = await composeMessage(deps.db, delivery, { ...begun, unsubscribeUrl });
  if (composed.outcome === "failed") {
    const { reason, detail } = composed;
    return { outcome: "failed", reason: detail === null ? reason : `${reason}: ${detail}` };
  }
  const context = {
    deps,
    projectId: delivery.project_id,
    channel,
    attempt: delivery.attempts_count,
    at,
    signal: AbortSignal.timeout(deps.attemptMs ?? attemptSeconds * 1_000),
  };
  try {
    return await adapter.send(composed.message, context);
  } catch (error) {
    deps.log.error({ delivery: delivery.id, channel: channel.id, err: error }, "an adapter failed");
    return { outcome: "unknown", reason: "adapter_failed" };
  }
}

/** Only marketing by consent has one; without an address of ours from outside there is none to give. */
async function unsubscribeUrlOf(
  { db, publicUrl }: SenderDeps,
  { adapter, customer, delivery }: Begun & { readonly outcome: "sending" },
): Promise<string | null> {
  if (publicUrl === undefined || delivery.purpose !== "marketing" || !adapter.needsConsent) return null;
  const subscription = { projectId: delivery.project_id, customerId: customer.id, kind: adapter.kind };
  return `${publicUrl}/unsubscribe/${await signSubscription(db, subscription)}`;
}
