/** Reading subscriptions to events and what was sent to them, page by page. */
import { z } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { findDelivery, findReplay, findSubscription, listDeliveries, listSubscriptions } from "./queries.ts";
import {
  type deliveriesQuery,
  type deliveryWire,
  type replayWire,
  type subscriptionWire,
  toDeliveryWire,
  toReplayWire,
  toSubscriptionWire,
} from "./schemas.ts";

export type SubscriptionWire = z.output<typeof subscriptionWire>;
export type EventDeliveryWire = z.output<typeof deliveryWire>;
export type ReplayWire = z.output<typeof replayWire>;

interface Asked {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Newest first. */
export async function pageOfSubscriptions(
  db: Kysely<DB>,
  projectId: string,
  { limit, cursor }: Asked,
): Promise<Page<SubscriptionWire>> {
  const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
  const rows = await listSubscriptions(db, projectId, { before, limit: limit + 1 });
  return toPage(rows, limit, (row) => [row.id], toSubscriptionWire);
}

/** @throws Problem `not_found` */
export async function readSubscription(db: Kysely<DB>, projectId: string, id: string): Promise<SubscriptionWire> {
  const row = await findSubscription(db, projectId, id);
  if (row === undefined) throw notFound("event subscription");
  return toSubscriptionWire(row);
}

/** Microseconds since 1970 and the event. */
const timeCursor = z.tuple([z.int().min(0).max(4_000_000_000_000_000), z.string()]);

/** Newest first. @throws Problem `not_found` */
export async function pageOfEventDeliveries(
  db: Kysely<DB>,
  projectId: string,
  id: string,
  { limit, cursor, status, type, from, to }: z.output<typeof deliveriesQuery>,
): Promise<Page<EventDeliveryWire>> {
  const before = readCursor(cursor, timeCursor);
  if ((await findSubscription(db, projectId, id)) === undefined) throw notFound("event subscription");
  const dateOf = (text: string | undefined) => (text === undefined ? undefined : new Date(text));
  const filter = { status, type, from: dateOf(from), to: dateOf(to) };
  const rows = await listDeliveries(db, projectId, id, filter, { before, limit: limit + 1 });
  return toPage(rows, limit, (row) => [row.sort_at, row.event_id], toDeliveryWire);
}

/** @throws Problem `not_found` */
export async function readEventDelivery(
  db: Kysely<DB>,
  projectId: string,
  id: string,
  eventId: string,
): Promise<EventDeliveryWire> {
  const row = await findDelivery(db, projectId, id, eventId);
  if (row === undefined || (await findSubscription(db, projectId, id)) === undefined) throw notFound("delivery");
  return toDeliveryWire(row);
}

/** @throws Problem `not_found` */
export async function readReplay(db: Kysely<DB>, projectId: string, id: string, replayId: string): Promise<ReplayWire> {
  const row = await findReplay(db, projectId, id, replayId);
  if (row === undefined) throw notFound("replay");
  return toReplayWire(row);
}
