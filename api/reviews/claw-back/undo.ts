import type { Deps } from "../../deps.ts";
import { notFound, Problem } from "../../http/problem.ts";
import { type Actor, signedTransaction } from "../actor.ts";
import { nameOfKey } from "../rows.ts";
import { readClawBack } from "./read.ts";
import type { ClawBackWire } from "./schemas.ts";
import { workSmallClawBack } from "./work.ts";

/**
 * Takes a claw-back back, and with it the decision that it followed from. What cannot be exactly as it was says why.
 * Again, it changes nothing.
 *
 * @throws Problem not_found; claw_back_conflict while it is still running.
 */
export async function undoClawBack(deps: Deps, projectId: string, actor: Actor, id: string): Promise<ClawBackWire> {
  await signedTransaction(deps.pool, actor, async ({ tx }) => {
    const row = await tx
      .selectFrom("claw_back")
      .selectAll()
      .where("project_id", "=", projectId)
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) throw notFound("claw-back");
    if (row.status === "running") throw new Problem("claw_back_conflict", "It is not done yet.");
    if (row.status !== "done") return;
    const reviewer = await nameOfKey(tx, actor.keyId);
    await tx
      .updateTable("claw_back")
      .set({
        status: "undoing",
        undone_by: reviewer.id,
        undone_name: reviewer.name,
        undone_request: actor.requestId,
      })
      .where("project_id", "=", projectId)
      .where("id", "=", id)
      .execute();
    await tx
      .updateTable("claw_back_step")
      .set({ undo: "pending" })
      .where("project_id", "=", projectId)
      .where("claw_back_id", "=", id)
      .where("outcome", "in", ["done", "held"])
      .execute();
  });
  await workSmallClawBack(deps, projectId, id).catch((error: unknown) => {
    deps.log.warn({ err: error, claw_back_id: id }, "an undoing waits for a worker");
  });
  return readClawBack(deps, projectId, id);
}
