/** Decides, right before a delivery is sent, whether it may be; and if so says that it is being sent. One transaction. */
import type { Transaction } from "kysely";
import type { ChannelAdapter, SendContext } from "../channels/adapter.ts";
import { adapterOf } from "../channels/adapters.ts";
import { openChannel } from "../channels/open-channel.ts";
import { takeTurn } from "../channels/rate.ts";
import type { CustomerRow } from "../customers/find.ts";
import type { DB } from "../db/tables.ts";
import type { Sealer } from "../secrets/seal.ts";
import { permitDelivery } from "./permit.ts";
import { type DeliveryRow, findChannelEver, findCustomerById, lockDelivery } from "./queries.ts";
import { cutOffSeconds, offPauseSeconds, waitingHoursMax } from "./schedule.ts";
import { type Ended, settle } from "./settle.ts";

export type Begun =
  | {
      readonly outcome: "sending";
      readonly delivery: DeliveryRow;
      readonly adapter: ChannelAdapter;
      readonly channel: SendContext["channel"];
      readonly customer: CustomerRow;
      readonly address: string;
    }
  /** Nothing is left to do, or not before its time. */
  | { readonly outcome: "over" };

export async function beginDelivery(
  tx: Transaction<DB>,
  sealer: Sealer,
  ids: { readonly projectId: string; readonly deliveryId: string },
  at: Date,
): Promise<Begun> {
  const { projectId } = ids;
  const row = await lockDelivery(tx, projectId, ids.deliveryId);
  if (row === undefined) return { outcome: "over" };
  const customer = await findCustomerById(tx, projectId, row.customer_id);
  if (customer === undefined) throw new Error("the customer of a delivery is gone");
  if (row.status === "sending") return cutOff(tx, row, customer, at);
  if (row.status !== "queued") return { outcome: "over" };
  if (row.next_attempt_at !== null && row.next_attempt_at > at) return { outcome: "over" };

  const end = (ended: Ended) => settle(tx, row, customer, ended, at).then(() => ({ outcome: "over" as const }));
  const channel = await findChannelEver(tx, projectId, row.channel_id);
  const adapter = adapterOf(row.channel_kind);
  if (channel === undefined || channel.deleted_at !== null || adapter === undefined) {
    return end({ outcome: "failed", reason: "channel_gone" });
  }
  const permit = await permitDelivery(
    tx,
    projectId,
    { adapter, channel, purpose: row.purpose, customer, exceptId: row.id },
    at,
  );
  if (permit.outcome === "skipped") return end(permit);

  const isLate = at.getTime() >= row.created_at.getTime() + waitingHoursMax * 3_600_000;
  if (isLate && row.tries === 0) return end({ outcome: "failed", reason: "waited_too_long" });
  const opened = channel.enabled ? openChannel(adapter, channel, sealer) : undefined;
  const wait = (until: Date): Promise<Begun> =>
    isLate ? end({ outcome: "failed", reason: "waited_too_long" }) : putOff(tx, row, until);
  if (opened === undefined) return wait(new Date(at.getTime() + offPauseSeconds * 1_000));
  if (channel.rate_count !== null && channel.rate_seconds !== null && channel.rate_burst !== null) {
    const rate = { count: channel.rate_count, seconds: channel.rate_seconds, burst: channel.rate_burst };
    const turn = await takeTurn(tx, projectId, channel.id, rate);
    if (turn.outcome === "wait") return wait(turn.until);
  }
  const delivery = await tx
    .updateTable("delivery")
    .set((eb) => ({
      status: "sending" as const,
      sending_since: at,
      next_attempt_at: null,
      address: permit.address === "" ? null : permit.address,
      attempts_count: eb("attempts_count", "+", 1),
      tries: eb("tries", "+", 1),
      updated_at: at,
    }))
    .where("project_id", "=", projectId)
    .where("id", "=", row.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return { outcome: "sending", delivery, adapter, channel: opened, customer, address: permit.address };
}

async function putOff(tx: Transaction<DB>, row: DeliveryRow, until: Date): Promise<Begun> {
  await tx
    .updateTable("delivery")
    .set({ next_attempt_at: until, leased_until: null })
    .where("project_id", "=", row.project_id)
    .where("id", "=", row.id)
    .execute();
  return { outcome: "over" };
}

/**
 * The process that had it is gone, or it is about to say. After the time that any attempt has, what it did stays unknown
 * for ever.
 */
async function cutOff(tx: Transaction<DB>, row: DeliveryRow, customer: CustomerRow, at: Date): Promise<Begun> {
  const since = row.sending_since ?? row.updated_at;
  if (since.getTime() + cutOffSeconds * 1_000 <= at.getTime()) {
    await settle(tx, row, customer, { outcome: "unknown", reason: "process_ended" }, at);
  }
  return { outcome: "over" };
}
