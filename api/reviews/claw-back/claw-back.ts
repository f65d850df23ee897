import type { Deps } from "../../deps.ts";
import { Problem } from "../../http/problem.ts";
import { type Actor, signedTransaction } from "../actor.ts";
import { clock, refuseLocked } from "../assign.ts";
import { lockReview, nameOfKey } from "../rows.ts";
import { beginClawBack } from "./begin.ts";
import { findClawBack, readClawBack } from "./read.ts";
import type { ClawBackInput, ClawBackWire } from "./schemas.ts";
import { noAccounts, readAccounts } from "./targets.ts";
import { workSmallClawBack } from "./work.ts";

/**
 * Takes back what a review is about that was confirmed without, or whose claw-back was undone. Asked again by the same
 * reviewer, it is the one that was begun.
 *
 * @throws Problem not_found, review_undecided, review_locked, claw_back_conflict, preview_changed.
 */
export async function clawBack(
  deps: Deps,
  projectId: string,
  actor: Actor,
  reviewId: string,
  { scope, preview_digest: digest }: ClawBackInput,
): Promise<ClawBackWire> {
  const linked = scope === "cluster" ? await readAccounts(deps, projectId, reviewId) : noAccounts;
  const id = await signedTransaction(deps.pool, actor, async ({ tx }) => {
    const review = await lockReview(tx, projectId, reviewId);
    const now = await clock(tx);
    refuseLocked(review, actor, now);
    if (review.status !== "confirmed") {
      throw new Problem("review_undecided", "Only what a confirmed review is about is taken back.");
    }
    if (review.claw_back_id !== null) {
      const before = await findClawBack(tx, projectId, review.claw_back_id);
      if (before?.scope === scope && before.created_by === actor.keyId) return before.id;
      throw new Problem("claw_back_conflict", `It was taken back already: ${review.claw_back_id}.`);
    }
    return beginClawBack(tx, review, { scope, linked, digest, actor, reviewer: await nameOfKey(tx, actor.keyId), now });
  });
  await workSmallClawBack(deps, projectId, id).catch((error: unknown) => {
    deps.log.warn({ err: error, claw_back_id: id }, "a claw-back waits for a worker");
  });
  return readClawBack(deps, projectId, id);
}
