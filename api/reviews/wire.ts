/** Rows of reviews as they are read for the wire. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import { type Links, noLinks } from "./linked.ts";
import { type ReviewRow, reasonsOf } from "./rows.ts";
import type { ReviewWire } from "./schemas.ts";

export type ShownRow = ReviewRow & {
  readonly claw_back_status: DB["claw_back"]["status"] | null;
  readonly reservation_status: DB["reservation"]["status"] | null;
  /** The database's clock. */
  readonly clock: Date;
};

/** With what became of its claw-back and of what it holds. */
export function selectReviews(db: Kysely<DB>, projectId: string) {
  return db
    .selectFrom("review as r")
    .leftJoin("claw_back as b", (join) =>
      join.onRef("b.project_id", "=", "r.project_id").onRef("b.id", "=", "r.claw_back_id"),
    )
    .leftJoin("reservation as h", (join) =>
      join
        .onRef("h.project_id", "=", "r.project_id")
        .onRef("h.id", "=", "r.subject_id")
        .on("r.subject_kind", "=", "reservation"),
    )
    .selectAll("r")
    .select(["b.status as claw_back_status", "h.status as reservation_status"])
    .select(sql<Date>`clock_timestamp()`.as("clock"))
    .where("r.project_id", "=", projectId);
}

export function toWire(row: ShownRow, links: Links = noLinks): ReviewWire {
  const locked = row.locked_until !== null && row.locked_until > row.clock;
  const undecided = row.status === "open" || row.status === "held";
  const becameRedemption = row.subject_kind !== "reservation" || row.reservation_status === "confirmed";
  return {
    id: row.id,
    subject: { kind: row.subject_kind, id: row.subject_id },
    status: row.status,
    closed_because: row.closed_because,
    origin: row.origin,
    action: row.action,
    score: row.score,
    priority: row.priority,
    amount_at_risk: row.amount_at_risk,
    currency: row.currency,
    model: row.model,
    reasons: reasonsOf(row).map(({ feature, value, contribution, text }) => ({ feature, value, contribution, text })),
    rules: row.rules,
    repeats_count: row.repeats,
    campaign_id: row.campaign_id,
    customer: row.customer === null ? null : { identifier: row.customer },
    order_id: row.order_id,
    redemption_id: becameRedemption ? row.redemption_id : null,
    ...linksOf(row.customer, links),
    assigned_to: locked && row.assigned_to !== null ? { id: row.assigned_to, name: row.assigned_name } : null,
    locked_until: locked ? (row.locked_until?.toISOString() ?? null) : null,
    due_at: row.due_at.toISOString(),
    overdue: undecided && row.due_at <= row.clock,
    expires_at: row.expires_at?.toISOString() ?? null,
    reservation_status: row.reservation_status,
    opened_at: row.opened_at.toISOString(),
    decided_at: row.decided_at?.toISOString() ?? null,
    decided_by: row.decided_by === null ? null : { id: row.decided_by, name: row.decided_name },
    decision: row.status === "confirmed" ? "confirm" : row.status === "dismissed" ? "dismiss" : null,
    note: row.note,
    claw_back:
      row.claw_back_id === null || row.claw_back_status === null
        ? null
        : { id: row.claw_back_id, status: row.claw_back_status },
  };
}

function linksOf(customer: string | null, links: Links) {
  const own = customer === null ? undefined : links.get(customer);
  if (own === undefined) return { linked: [], cluster_id: null, linked_count: 0 };
  return {
    linked: own.others.map((identifier) => ({ identifier })),
    cluster_id: own.clusterId,
    linked_count: own.count,
  };
}
