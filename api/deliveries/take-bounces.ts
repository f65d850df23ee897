/** What a provider tells later: an address does not exist, or whose it is complained. */
import type { Transaction } from "kysely";
import type { ChannelAdapter } from "../channels/adapter.ts";
import type { DB } from "../db/tables.ts";
import { canonicalAddress } from "../suppressions/address.ts";
import { suppress } from "../suppressions/suppress.ts";
import { announceDelivery } from "./announce.ts";
import { type DeliveryRow, findByProvider, findCustomerById, lockDelivery } from "./queries.ts";

export interface Bounce {
  readonly reason: "bounced" | "complained";
  readonly provider_id?: string | undefined;
  readonly delivery_id?: string | undefined;
  readonly address?: string | undefined;
}

/** `unknown`: it names neither a delivery of the channel nor an address. */
export interface TakenBounce {
  readonly outcome: "taken" | "unknown";
  /** The address was not suppressed before. */
  readonly suppressed: boolean;
  /** A delivery became `bounced`. */
  readonly delivery: boolean;
}

/** The same again changes nothing. */
export async function takeBounce(
  tx: Transaction<DB>,
  projectId: string,
  channel: { readonly id: string; readonly adapter: ChannelAdapter },
  bounce: Bounce,
  at: Date,
): Promise<TakenBounce> {
  const { kind, address: form } = channel.adapter;
  const row = await deliveryOf(tx, projectId, channel.id, bounce);
  const given = bounce.address === undefined || form === "none" ? undefined : canonicalAddress(form, bounce.address);
  const address = row?.address ?? given;
  if (row === undefined && address === undefined) return { outcome: "unknown", suppressed: false, delivery: false };
  const suppressed =
    address !== undefined && (await suppress(tx, projectId, { kind, address, reason: bounce.reason }, at));
  // Who complains did get it.
  const delivery = row?.status === "sent" && bounce.reason === "bounced";
  if (delivery) await markBounced(tx, row, at);
  return { outcome: "taken", suppressed, delivery };
}

async function deliveryOf(
  tx: Transaction<DB>,
  projectId: string,
  channelId: string,
  { delivery_id, provider_id }: Bounce,
): Promise<DeliveryRow | undefined> {
  const id = delivery_id ?? (provider_id && (await findByProvider(tx, projectId, channelId, provider_id))?.id);
  const row = id ? await lockDelivery(tx, projectId, id) : undefined;
  return row?.channel_id === channelId ? row : undefined;
}

async function markBounced(tx: Transaction<DB>, row: DeliveryRow, at: Date): Promise<void> {
  const customer = await findCustomerById(tx, row.project_id, row.customer_id);
  if (customer === undefined) throw new Error("the customer of a delivery is gone");
  const bounced = await tx
    .updateTable("delivery")
    .set({ status: "bounced", reason: "bounced_later", updated_at: at })
    .where("project_id", "=", row.project_id)
    .where("id", "=", row.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await announceDelivery(tx, "delivery.bounced", bounced, customer.identifier, at);
}
