/** Sends one delivery, once: begin, compose, hand over, settle. Nothing is locked while somebody outside is waited for. */
import { setTimeout as pause } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { SendDeps, SendOutcome } from "../channels/adapter.ts";
import type { DB } from "../db/tables.ts";
import type { Sealer } from "../secrets/seal.ts";
import { signSubscription } from "../unsubscribe/token.ts";
import { type Begun, beginDelivery } from "./begin.ts";
import { composeMessage } from "./compose.ts";
import { type DeliveryRow, findCustomerById, lockDelivery } from "./queries.ts";
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

/**
 * Before what came of an attempt is written down once more. It is known to us alone: were it lost, a message that went
 * out would count as one that may have, and an e-mail would go out again. All of it ends before the attempt is cut off.
 */
const writePausesMs = [100, 1_000, 5_000];

/** @returns what came of the attempt; undefined when there was none. */
export async function sendDelivery(
  deps: SenderDeps,
  ids: { readonly projectId: string; readonly deliveryId: string },
  clock: () => Date,
): Promise<SendOutcome["outcome"] | undefined> {
  const begun = await deps.db.transaction().execute((tx) => beginDelivery(tx, deps.sealer, ids, clock()));
  if (begun.outcome !== "sending") return undefined;
  const outcome = await handOver(deps, begun, clock());
  for (let failures = 0; ; failures += 1) {
    try {
      await writeDown(deps, begun.delivery, outcome, clock());
      return outcome.outcome;
    } catch (error) {
      const pauseMs = writePausesMs[failures];
      if (pauseMs === undefined) throw error;
      deps.log.warn(
        { err: error, delivery: ids.deliveryId, again_in_ms: pauseMs },
        "an attempt is not written down yet",
      );
      await pause(pauseMs);
    }
  }
}

/** Once: it changes nothing when the attempt was written down before. */
function writeDown(
  { db, log }: Pick<SenderDeps, "db" | "log">,
  begun: DeliveryRow,
  outcome: SendOutcome,
  at: Date,
): Promise<void> {
  return db.transaction().execute(async (tx) => {
    const row = await lockDelivery(tx, begun.project_id, begun.id);
    // Somebody waited for us longer than an attempt may take, and has settled it.
    if (row?.status !== "sending" || row.attempts_count !== begun.attempts_count) {
      log.warn({ delivery: begun.id }, "an attempt ended after it was given up");
      return;
    }
    // Read again: whoever was erased meanwhile must not be announced by their name.
    const customer = await findCustomerById(tx, begun.project_id, row.customer_id);
    if (customer === undefined) throw new Error("the customer of a delivery is gone");
    await settle(tx, row, customer, outcome, at);
  });
}

async function handOver(
  deps: SenderDeps,
  begun: Begun & { readonly outcome: "sending" },
  at: Date,
): Promise<SendOutcome> {
  const { adapter, channel, delivery } = begun;
  const composed = await compose(deps, begun);
  if (composed.outcome === "not_now") return { outcome: "retry", reason: "not_composed" };
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

/** "not_now": what it is made of could not be read. Nobody outside was asked yet, so it cannot have arrived. */
async function compose(deps: SenderDeps, begun: Begun & { readonly outcome: "sending" }) {
  try {
    const unsubscribeUrl = await unsubscribeUrlOf(deps, begun);
    return await composeMessage(deps.db, begun.delivery, { ...begun, unsubscribeUrl });
  } catch (error) {
    deps.log.warn({ delivery: begun.delivery.id, err: error }, "a message could not be composed");
    return { outcome: "not_now" as const };
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
