/** A custom event: something the shop wants rules, workflows and reports to know of. */
import type { Kysely, Selectable } from "kysely";
import type { Event } from "../../ingest/events/events.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { ensureCustomer } from "../customers/ensure.ts";
import type { DB } from "../db/tables.ts";
import type { Auth } from "../http/environment.ts";
import { databaseNow, occurredAt } from "../http/occurred-at.ts";
import { Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import type { EventReport } from "./schemas.ts";

export type CustomEventRow = Selectable<DB["custom_event"]>;

/**
 * Idempotent by id: a known id changes and announces nothing.
 *
 * @throws Problem 409 when the id is known with another name or customer.
 */
export async function recordEvent(
  tx: Kysely<DB>,
  auth: Auth,
  report: EventReport,
): Promise<{ row: CustomEventRow; created: boolean }> {
  const { projectId } = auth;
  const now = await databaseNow(tx);
  const at = occurredAt(auth, report.occurred_at, now);
  const customer = await ensureCustomer(tx, projectId, report.customer.identifier, at);
  const row = await tx
    .insertInto("custom_event")
    .values({
      project_id: projectId,
      id: report.id ?? newId("cev"),
      customer_id: customer.id,
      name: report.name,
      properties: JSON.stringify(report.properties),
      occurred_at: at,
    })
    .onConflict((oc) => oc.columns(["project_id", "id"]).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) return { row: await findSame(tx, projectId, report, customer.id), created: false };
  await appendEvents(tx, [customEvent(projectId, row.id, report, at)]);
  return { row, created: true };
}

export function customEvent(projectId: string, id: string, report: EventReport, at: Date): Event {
  return {
    event_id: newId("evt"),
    project_id: projectId,
    type: "custom.recorded",
    version: 1,
    occurred_at: at.toISOString(),
    payload: {
      customer: report.customer.identifier,
      custom_event_id: id,
      name: report.name,
      properties: report.properties,
    },
  };
}

async function findSame(
  tx: Kysely<DB>,
  projectId: string,
  report: EventReport,
  customerId: string,
): Promise<CustomEventRow> {
  const row = await tx
    .selectFrom("custom_event")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", report.id ?? "")
    .executeTakeFirstOrThrow();
  if (row.customer_id !== customerId || row.name !== report.name) {
    throw new Problem("already_exists", "There is an event with this id and another name or customer.");
  }
  return row;
}
