/** Whether a customer may be written to: asked when a delivery is ordered, and again right before it is sent. */
import { type Kysely, sql } from "kysely";
import type { ChannelAdapter } from "../channels/adapter.ts";
import type { ChannelRow } from "../channels/find.ts";
import type { CustomerRow } from "../customers/find.ts";
import type { DB } from "../db/tables.ts";
import { canonicalAddress } from "../suppressions/address.ts";
import { isSuppressed } from "../suppressions/suppress.ts";
import { countDeliveries } from "./frequency.ts";

/** Why nothing is sent; stable, stored and shown. */
export type SkipReason = "customer_blocked" | "no_address" | "no_consent" | "suppressed" | "frequency_cap";

export type Permit =
  | { readonly outcome: "allowed"; readonly address: string }
  | { readonly outcome: "skipped"; readonly reason: SkipReason };

export interface Asked {
  readonly adapter: ChannelAdapter;
  readonly channel: Pick<ChannelRow, "id" | "kind" | "cap_count" | "cap_hours">;
  readonly purpose: "marketing" | "transactional";
  readonly customer: Pick<CustomerRow, "id" | "email" | "phone" | "consent" | "blocked">;
  /** The delivery itself, which does not count against the cap. */
  readonly exceptId?: string;
}

export async function permitDelivery(tx: Kysely<DB>, projectId: string, asked: Asked, at: Date): Promise<Permit> {
  const { adapter, channel, customer } = asked;
  const address = addressOf(adapter, customer);
  if (address === undefined) return { outcome: "skipped", reason: "no_address" };
  if (asked.purpose === "marketing") {
    // Redeems nothing: what would it be for?
    if (customer.blocked) return { outcome: "skipped", reason: "customer_blocked" };
    if (adapter.needsConsent && customer.consent[channel.kind] !== true) {
      return { outcome: "skipped", reason: "no_consent" };
    }
    if (await isCapped(tx, projectId, asked, at)) return { outcome: "skipped", reason: "frequency_cap" };
  }
  if (address !== "" && (await isSuppressed(tx, projectId, channel.kind, address))) {
    return { outcome: "skipped", reason: "suppressed" };
  }
  return { outcome: "allowed", address };
}

/** "" where a channel has no addresses; undefined where the customer has none that is well-formed. */
function addressOf(adapter: ChannelAdapter, customer: Asked["customer"]): string | undefined {
  if (adapter.address === "none") return "";
  const text = customer[adapter.address];
  return text === null ? undefined : canonicalAddress(adapter.address, text);
}

async function isCapped(tx: Kysely<DB>, projectId: string, asked: Asked, at: Date): Promise<boolean> {
  const { id, cap_count: max, cap_hours: hours } = asked.channel;
  if (max === null || hours === null) return false;
  // Two deliveries to one customer that are ordered at once count each other: the second waits for the first.
  await sql`
    select pg_advisory_xact_lock(hashtextextended(${`delivery cap ${projectId} ${asked.customer.id}`}, 0))`.execute(tx);
  const since = new Date(at.getTime() - hours * 3_600_000);
  const window = { channelId: id, purpose: "marketing" as const, ...(asked.exceptId && { exceptId: asked.exceptId }) };
  return (await countDeliveries(tx, projectId, asked.customer.id, since, window)) >= max;
}
