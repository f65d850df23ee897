import type { Kysely } from "kysely";
import type { Event } from "../../ingest/events/events.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import type { DeliveryRow } from "./queries.ts";

type Announced = Pick<
  DeliveryRow,
  | "project_id"
  | "id"
  | "channel_id"
  | "channel_kind"
  | "template_id"
  | "publication_id"
  | "workflow_run_id"
  | "campaign_id"
  | "reason"
>;

export type DeliveryEventType = Event["type"] & `delivery.${string}`;

export function announceDelivery(
  tx: Kysely<DB>,
  type: DeliveryEventType,
  row: Announced,
  customer: string,
  at: Date,
): Promise<void> {
  return appendEvents(tx, [
    {
      event_id: newId("evt"),
      project_id: row.project_id,
      type,
      version: 1,
      occurred_at: at.toISOString(),
      payload: {
        delivery_id: row.id,
        channel_id: row.channel_id,
        channel_kind: row.channel_kind,
        template_id: row.template_id,
        customer,
        publication_id: row.publication_id,
        workflow_run_id: row.workflow_run_id,
        campaign_id: row.campaign_id,
        reason: row.reason,
      },
    },
  ]);
}
