/** Appends events to the outbox, inside the transaction that causes them: they are announced if and only if it commits. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../api/db/tables.ts";
import { type Event, payloads } from "./events/events.ts";
import { instant } from "./events/parts.ts";

/**
 * One statement for any number of events; their order is kept. The arrays keep its text, and so its plan, the same for
 * one event and for thousands.
 *
 * @throws ZodError when a payload does not match its contract. That is a bug of the producer: it fails the transaction
 * (and the producer's test) rather than reaching the relay, where nobody could answer for it any more.
 */
export async function appendEvents(tx: Kysely<DB>, events: readonly Event[]): Promise<void> {
  if (events.length === 0) return;
  const payloadTexts = events.map((event) => JSON.stringify(payloads[event.type].parse(event.payload)));
  const occurredAt = events.map((event) => instant.parse(event.occurred_at));
  await sql`
    insert into outbox (event_id, project_id, type, version, occurred_at, payload)
    select event_id, project_id, type, version, occurred_at, payload
    from unnest(
      ${events.map((event) => event.event_id)}::text[],
      ${events.map((event) => event.project_id)}::text[],
      ${events.map((event) => event.type)}::text[],
      ${events.map((event) => event.version)}::smallint[],
      ${occurredAt}::timestamptz[],
      ${payloadTexts}::jsonb[]
    ) with ordinality as event (event_id, project_id, type, version, occurred_at, payload, position)
    order by position
  `.execute(tx);
}
