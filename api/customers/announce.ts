import type { Kysely } from "kysely";
import type { Event } from "../../ingest/events/events.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import type { CustomerRow } from "./queries.ts";

export function announceCustomer(
  tx: Kysely<DB>,
  type: "customer.created" | "customer.updated",
  row: CustomerRow,
  at: Date,
): Promise<void> {
  return appendEvents(tx, [customerEvent(type, row, at)]);
}

type Announced = Pick<CustomerRow, "project_id" | "identifier" | "name" | "attributes" | "tags" | "created_at"> &
  Partial<Pick<CustomerRow, "birthday" | "consent" | "metadata">>;

export function customerEvent(type: "customer.created" | "customer.updated", row: Announced, at: Date): Event {
  return {
    event_id: newId("evt"),
    project_id: row.project_id,
    type,
    version: 1,
    occurred_at: at.toISOString(),
    payload: {
      customer: row.identifier,
      profile: {
        identifier: row.identifier,
        name: row.name,
        // Read from jsonb: JSON by construction.
        attributes: row.attributes as Record<string, JsonValue>,
        tags: row.tags,
        created_at: row.created_at.toISOString(),
        birthday: row.birthday ?? null,
        consent: row.consent ?? {},
        metadata: (row.metadata ?? {}) as Record<string, JsonValue>,
      },
    },
  };
}

type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
