import type { Deps } from "../deps.ts";
import { notFound } from "../http/problem.ts";
import { readLinks } from "./linked.ts";
import type { ReviewWire } from "./schemas.ts";
import { selectReviews, toWire } from "./wire.ts";

/** One review as lists show it. @throws Problem not_found */
export async function readOne(deps: Deps, projectId: string, id: string): Promise<ReviewWire> {
  const row = await selectReviews(deps.db, projectId).where("r.id", "=", id).executeTakeFirst();
  if (row === undefined) throw notFound("review");
  return toWire(row, await readLinks(deps, projectId, row.customer === null ? [] : [row.customer]));
}
