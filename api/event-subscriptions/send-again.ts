/** Sends events again: one, or all of a range of time. */
import type { z } from "@hono/zod-openapi";
import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Auth } from "../http/environment.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { invalid, notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { findForChange, lockForChange } from "./change.ts";
import { findDelivery, insertReplay, isReplaying, sendAgain } from "./queries.ts";
import type { EventDeliveryWire, ReplayWire } from "./read.ts";
import { addReplayJob } from "./replay.ts";
import { type replayBody, toDeliveryWire, toReplayWire } from "./schemas.ts";
import { faultOfPattern } from "./types.ts";

type Writer = Pick<Auth, "projectId" | "scopes">;

/** @throws Problem `not_found`, `conflict` */
export async function redeliver(
  tx: Transaction<DB>,
  auth: Writer,
  id: string,
  eventId: string,
): Promise<EventDeliveryWire> {
  await findForChange(tx, auth, id);
  const sent = await sendAgain(tx, auth.projectId, id, eventId, await databaseNow(tx));
  if (sent !== undefined) return toDeliveryWire(sent);
  if ((await findDelivery(tx, auth.projectId, id, eventId)) === undefined) throw notFound("delivery");
  throw new Problem("conflict", "It is being sent at this moment: see what comes of it first.");
}

/** @throws Problem `not_found`, `invalid_request`, `conflict` */
export async function orderReplay(
  tx: Transaction<DB>,
  auth: Writer,
  id: string,
  { from, to, types }: z.output<typeof replayBody>,
): Promise<ReplayWire> {
  const { projectId } = auth;
  if (new Date(from) >= new Date(to)) throw invalid("/to", "The range ends before it begins.");
  const subscription = await lockForChange(tx, auth, id);
  types?.forEach((type, at) => {
    const fault = faultOfPattern(type, subscription.with_risk);
    if (fault !== undefined) throw invalid(`/types/${at}`, fault);
  });
  if (await isReplaying(tx, projectId, id)) throw new Problem("conflict", "A replay of it is running.");
  const made = await insertReplay(tx, {
    project_id: projectId,
    id: newId("erp"),
    subscription_id: id,
    from_at: new Date(from),
    to_at: new Date(to),
    types: types ?? null,
    at: await databaseNow(tx),
  });
  await addReplayJob(tx, projectId, made.id);
  return toReplayWire(made);
}
