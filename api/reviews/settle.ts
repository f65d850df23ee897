/**
 * A decision about what is held takes effect at the checkout: dismissed, it is redeemed; confirmed as fraud, it is given
 * back. The decision is committed first and says that this is still to be done, so that no crash loses it.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Deps } from "../deps.ts";
import { Problem } from "../http/problem.ts";
import { cancelHeld, confirmHeld } from "../reservations/review.ts";
import { note, type ReviewRow } from "./rows.ts";

export type SettleDeps = Pick<Deps, "db" | "pool" | "log">;

/** Who decided tries at once; from then on it is everybody's, in case that process died. */
export const settleAgainMs = 30_000;
const everyMs = 5_000;
const atOnce = 50;

/** @param deps of requests or of workers: a reservation is confirmed without models and without the warehouse. */
export async function settle(deps: SettleDeps, review: ReviewRow): Promise<void> {
  const outcome = await makeOf(deps, review);
  await deps.db.transaction().execute(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable("review")
      .set({ settle_after: null })
      .where("project_id", "=", review.project_id)
      .where("id", "=", review.id)
      .where("settle_after", "is not", null)
      .executeTakeFirst();
    // A twin that was as fast has told of it.
    if (numUpdatedRows === 1n) await note(tx, review, { kind: "settled", by: null, data: { outcome }, at: new Date() });
  });
}

async function makeOf(deps: SettleDeps, review: ReviewRow): Promise<string> {
  const { project_id: projectId, subject_id: id } = review;
  if (review.status === "confirmed") {
    return (await cancelHeld(deps, projectId, id)) ? "cancelled" : "ended_before";
  }
  try {
    return (await confirmHeld(deps as Deps, projectId, id)).outcome;
  } catch (error) {
    // It ran out, or its order is over: there is nothing to confirm any more, and that is an end too.
    if (error instanceof Problem && error.status === 409) return error.code;
    throw error;
  }
}

/** Takes up what a process that died has left. */
export async function runSettlements(deps: SettleDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await settleLeft(deps).catch((error: unknown) => {
      deps.log.warn({ err: error }, "reviewed reservations could not be read");
    });
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Each is put off before it is tried: one that fails comes again later, and keeps none behind it from its turn. */
export async function settleLeft(deps: SettleDeps): Promise<void> {
  const now = new Date();
  const left = await deps.db
    .updateTable("review as r")
    .set({ settle_after: new Date(now.getTime() + settleAgainMs) })
    .from((db) =>
      db
        .selectFrom("review")
        .select(["project_id", "id"])
        .where("settle_after", "<=", now)
        .orderBy("settle_after")
        .limit(atOnce)
        .forUpdate()
        .skipLocked()
        .as("due"),
    )
    .whereRef("r.project_id", "=", "due.project_id")
    .whereRef("r.id", "=", "due.id")
    .returningAll("r")
    .execute();
  for (const review of left) {
    await settle(deps, review).catch((error: unknown) => {
      deps.log.warn({ err: error, review_id: review.id }, "a reviewed reservation is not settled yet");
    });
  }
}
