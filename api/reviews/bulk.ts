/** The same decision about many reviews, each by itself: one that is refused stops no other. */
import type { Deps } from "../deps.ts";
import { Problem } from "../http/problem.ts";
import type { Actor } from "./actor.ts";
import { decideOnly } from "./decide.ts";
import type { BulkInput, BulkWire } from "./schemas.ts";

export async function decideReviews(
  deps: Deps,
  projectId: string,
  actor: Actor,
  { ids, ...decision }: BulkInput,
): Promise<BulkWire> {
  const results: BulkWire["results"] = [];
  for (const id of ids) {
    try {
      const status = await decideOnly(deps, projectId, actor, id, decision);
      results.push({ id, outcome: "decided", status, problem: null });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const { code, detail } = error;
      results.push({ id, outcome: "refused", status: null, problem: { code, detail } });
    }
  }
  return { results };
}
