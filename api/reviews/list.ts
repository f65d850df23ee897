/** The queue: the most expensive suspicion first, or the oldest. */
import { sql } from "kysely";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import type { Actor } from "./actor.ts";
import { readLinks } from "./linked.ts";
import type { ReviewsQuery, ReviewWire } from "./schemas.ts";
import { type ShownRow, selectReviews, toWire } from "./wire.ts";

const byPriority = z.tuple([z.number(), z.string().max(100)]);
const byAge = z.tuple([z.string().max(100)]);

/** On review_queue, review_all or review_by_age. */
export async function listReviews(
  deps: Deps,
  projectId: string,
  actor: Actor,
  query: ReviewsQuery,
): Promise<Page<ReviewWire>> {
  const oldestFirst = query.sort === "age";
  let select = filtered(selectReviews(deps.db, projectId), actor, query);
  if (oldestFirst) {
    const after = readCursor(query.cursor, byAge);
    if (after !== undefined) select = select.where("r.id", ">", after[0]);
    select = select.orderBy("r.id");
  } else {
    const after = readCursor(query.cursor, byPriority);
    if (after !== undefined) {
      const [priority, id] = after;
      select = select.where(sql<boolean>`r.priority <= ${priority} and (r.priority < ${priority} or r.id > ${id})`);
    }
    select = select.orderBy("r.priority", "desc").orderBy("r.id");
  }
  const rows: ShownRow[] = await select.limit(query.limit + 1).execute();
  const customers = rows.slice(0, query.limit).flatMap((row) => row.customer ?? []);
  const links = await readLinks(deps, projectId, customers);
  return toPage(
    rows,
    query.limit,
    (row) => (oldestFirst ? [row.id] : [row.priority, row.id]),
    (row) => toWire(row, links),
  );
}

type Selection = ReturnType<typeof selectReviews>;

function filtered(selection: Selection, actor: Actor, query: ReviewsQuery): Selection {
  const { status, campaign_id, customer, min_score, origin, assigned_to, overdue } = query;
  let select = selection;
  if (status !== undefined) select = select.where("r.status", "=", status);
  if (campaign_id !== undefined) select = select.where(sql<boolean>`${campaign_id} = any(r.campaign_ids)`);
  if (customer !== undefined) select = select.where("r.customer", "=", customer);
  if (min_score !== undefined) select = select.where("r.score", ">=", min_score);
  if (origin !== undefined) select = select.where("r.origin", "=", origin);
  if (assigned_to === "nobody") {
    select = select.where(sql<boolean>`r.locked_until is null or r.locked_until <= clock_timestamp()`);
  } else if (assigned_to !== undefined) {
    const id = assigned_to === "me" ? actor.keyId : assigned_to;
    select = select.where("r.assigned_to", "=", id).where(sql<boolean>`r.locked_until > clock_timestamp()`);
  }
  if (overdue !== undefined) {
    select = select.where(
      sql<boolean>`(r.status in ('open', 'held') and r.due_at <= clock_timestamp()) = ${overdue}::boolean`,
    );
  }
  return select;
}
