import type { Kysely } from "kysely";
import type { SignalsPart } from "../../ingest/events/parts.ts";
import type { DB } from "../db/tables.ts";
import { signalKey } from "./secret.ts";
import { hashOrigin, type OriginBody, originOf } from "./subjects.ts";

/** What an order's event says of where it came from; undefined, and nothing read, where the shop says nothing. */
export async function announceOrigin(
  db: Kysely<DB>,
  projectId: string,
  order: OriginBody,
): Promise<SignalsPart | undefined> {
  const origin = originOf(order);
  if (Object.values(origin).every((value) => value === undefined)) return undefined;
  const part = hashOrigin(await signalKey(db, projectId), origin);
  return Object.keys(part).length === 0 ? undefined : part;
}
