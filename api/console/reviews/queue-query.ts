/** Which part of the queue a page shows: its address, read and written. */
import { Problem } from "../../http/problem.ts";
import { invalidRequest } from "../../http/router.ts";
import { type ReviewsQuery, reviewsQuery } from "../../reviews/schemas.ts";

/** What an address of the queue may hold; anything else (what was just done, say) is not the list's. */
const names = [
  "status",
  "campaign_id",
  "min_score",
  "assigned_to",
  "overdue",
  "customer",
  "sort",
  "cursor",
  "limit",
] as const;

export type Asked = Readonly<Partial<Record<(typeof names)[number], string>>>;

/** Empty fields of a form ask for nothing. */
export function askedOf(query: Readonly<Record<string, string>>): Asked {
  return Object.fromEntries(names.flatMap((name) => (query[name] ? [[name, query[name]]] : [])));
}

/** @throws Problem 400 naming the field. */
export function parseAsked(asked: Asked): ReviewsQuery {
  // Everything open unless told; "all" is every status.
  const { status = "open", ...rest } = asked;
  const parsed = reviewsQuery.safeParse({ limit: "25", ...rest, ...(status === "all" ? {} : { status }) });
  if (!parsed.success) throw invalidRequest(parsed.error, "query");
  return parsed.data;
}

/** The address of the queue with these changes; a page further on belongs to what was asked before. */
export function queueAddress(asked: Asked, changes: Readonly<Record<string, string | undefined>> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...asked, cursor: undefined, ...changes })) {
    if (value !== undefined && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return text === "" ? "/console/reviews" : `/console/reviews?${text}`;
}

const fromMax = 1_000;

/** The queue that a review was opened from, told by the review's address: where "back" leads. */
export function askedFrom(from: string | undefined): Asked {
  if (from === undefined || from === "") return {};
  if (from.length > fromMax) throw new Problem("invalid_request", "The address is too long.");
  return askedOf(Object.fromEntries(new URLSearchParams(from)));
}

export function fromOf(asked: Asked): string {
  return new URLSearchParams(asked).toString();
}
