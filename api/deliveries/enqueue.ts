/** Orders a message to a customer. It is sent once (`run.ts`), or not at all and with a reason. */
import type { Transaction } from "kysely";
import { adapterOf } from "../channels/adapters.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import { announceDelivery } from "./announce.ts";
import { permitDelivery, type SkipReason } from "./permit.ts";
import {
  findBySource,
  findChannelEver,
  findCustomerById,
  findPublished,
  findTemplateEver,
  insertDelivery,
} from "./queries.ts";

export interface DeliveryOrder {
  readonly channelId: string;
  readonly templateId: string;
  readonly customerId: string;
  /** What the template may say besides the customer and what the publication brings: `order`, `properties`, say. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly publicationId?: string | undefined;
  readonly workflowRunId?: string | undefined;
  /** What asks for it, in words of its own: the same again is the same delivery. At most 300 characters. */
  readonly sourceId: string;
}

export interface Ordered {
  readonly id: string;
  /** A delivery that was ordered before and went its way is `queued` too, unless it was skipped. */
  readonly status: "queued" | "skipped";
  readonly reason: string | null;
}

const variablesBytesMax = 32 * 1024;
const sourceLengthMax = 300;

/**
 * Skipped means that the customer cannot or may not be written to, or that the channel or template is gone since.
 *
 * @throws Error when channel, template or customer were never there, or the order is out of bounds: callers check first
 * (`faultOfTarget`).
 */
export async function enqueueDelivery(
  tx: Transaction<DB>,
  projectId: string,
  order: DeliveryOrder,
  at: Date,
): Promise<Ordered> {
  const variables = JSON.stringify(order.variables);
  if (Buffer.byteLength(variables) > variablesBytesMax) throw new Error("the variables of a delivery are too large");
  if (order.sourceId === "" || order.sourceId.length > sourceLengthMax) throw new Error("no source of a delivery");
  const known = await findBySource(tx, projectId, order.sourceId);
  if (known !== undefined) return orderedBefore(known);

  const channel = await findChannelEver(tx, projectId, order.channelId);
  const template = await findTemplateEver(tx, projectId, order.templateId);
  const customer = await findCustomerById(tx, projectId, order.customerId);
  if (!channel || !template || !customer) throw new Error("a delivery of a channel, template or customer unknown");
  const published = order.publicationId && (await findPublished(tx, projectId, order.publicationId));
  const adapter = adapterOf(channel.kind);

  let reason: SkipReason | "channel_gone" | "channel_disabled" | "template_gone" | "template_mismatch" | null = null;
  if (adapter === undefined || channel.deleted_at !== null) reason = "channel_gone";
  else if (!channel.enabled) reason = "channel_disabled";
  else if (template.deleted_at !== null) reason = "template_gone";
  else if (template.kind !== channel.kind) reason = "template_mismatch";
  else {
    const asked = { adapter, channel, purpose: template.purpose, customer };
    const permit = await permitDelivery(tx, projectId, asked, at);
    if (permit.outcome === "skipped") reason = permit.reason;
  }

  const row = await insertDelivery(tx, {
    project_id: projectId,
    id: newId("dlv"),
    source_id: order.sourceId,
    channel_id: channel.id,
    channel_kind: channel.kind,
    template_id: template.id,
    template_version: template.version,
    purpose: template.purpose,
    customer_id: customer.id,
    variables,
    publication_id: order.publicationId ?? null,
    workflow_run_id: order.workflowRunId ?? null,
    campaign_id: published ? published.campaign_id : null,
    status: reason === null ? "queued" : "skipped",
    reason,
    next_attempt_at: reason === null ? at : null,
    created_at: at,
    updated_at: at,
  });
  if (row === undefined) {
    const other = await findBySource(tx, projectId, order.sourceId);
    if (other === undefined) throw new Error("a delivery is neither new nor there");
    return orderedBefore(other);
  }
  await announceDelivery(tx, reason === null ? "delivery.queued" : "delivery.skipped", row, customer.identifier, at);
  return { id: row.id, status: reason === null ? "queued" : "skipped", reason };
}

function orderedBefore(row: { readonly id: string; readonly status: string; readonly reason: string | null }): Ordered {
  return { id: row.id, status: row.status === "skipped" ? "skipped" : "queued", reason: row.reason };
}
