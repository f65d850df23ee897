/** What became of one voucher: to whom it was handed, where it was used, what was undone, what holds it now. */
import { z } from "@hono/zod-openapi";
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import { notFound } from "../http/problem.ts";
import { amount, currency, customerReference, instant } from "../http/schemas.ts";
import { publicationToWire, selectPublications } from "../publications/rows.ts";
import { publicationWire } from "../publications/schemas.ts";
import { findVoucher } from "./queries.ts";

/** Entries of each kind, the newest. */
const entriesMax = 50;

const use = z.object({
  redemption_id: z.string(),
  status: z.enum(["redeemed", "rolled_back"]),
  order_id: z.string(),
  customer: customerReference.nullable(),
  currency,
  discount_amount: amount.openapi({ description: "What this voucher took off" }),
  rolled_back_amount: amount.openapi({ description: "Of the redemption, all its codes together" }),
  source: z.string(),
  occurred_at: instant,
});

const hold = z.object({
  reservation_id: z.string(),
  order_id: z.string(),
  customer: customerReference.nullable(),
  expires_at: instant,
});

const undone = z.object({
  rollback_id: z.string(),
  redemption_id: z.string(),
  discount_amount: amount,
  whole: z.boolean(),
  reason: z.string().nullable(),
  occurred_at: instant,
});

export const historyWire = z
  .object({
    publications: z.array(publicationWire),
    redemptions: z.array(use),
    rollbacks: z.array(undone).openapi({ description: "Of these redemptions" }),
    reservations: z.array(hold).openapi({ description: "Those that hold the voucher now" }),
  })
  .openapi("VoucherHistory", { description: `Of each list the newest ${entriesMax}, newest first` });
export type HistoryWire = z.output<typeof historyWire>;

/** @throws Problem 404 */
export async function readHistory(db: Kysely<DB>, projectId: string, typed: string): Promise<HistoryWire> {
  const voucher = await findVoucher(db, projectId, typed);
  if (!voucher) throw notFound("voucher");
  const [publications, redemptions, reservations] = await Promise.all([
    selectPublications(db, projectId)
      .where("p.voucher_id", "=", voucher.id)
      .orderBy("p.id", "desc")
      .limit(entriesMax)
      .execute(),
    listUses(db, projectId, voucher.code),
    voucher.holds_count > 0 ? listHolds(db, projectId, voucher.code) : [],
  ]);
  return {
    publications: publications.map(publicationToWire),
    redemptions,
    rollbacks: await listRollbacks(
      db,
      projectId,
      redemptions.map((row) => row.redemption_id),
    ),
    reservations,
  };
}

/** On `redemption_code_by_code`. A code names one voucher for good, so the code will do. */
async function listUses(db: Kysely<DB>, projectId: string, code: string): Promise<HistoryWire["redemptions"]> {
  const rows = await db
    .selectFrom("redemption_code as rc")
    .innerJoin("redemption as r", (join) =>
      join.onRef("r.project_id", "=", "rc.project_id").onRef("r.id", "=", "rc.redemption_id"),
    )
    .leftJoin("customer as k", (join) =>
      join.onRef("k.project_id", "=", "r.project_id").onRef("k.id", "=", "r.customer_id"),
    )
    .select(["r.id", "r.status", "r.order_id", "r.currency", "r.rolled_back_amount", "r.source", "r.occurred_at"])
    .select(["rc.discount_amount", "k.identifier"])
    .where("rc.project_id", "=", projectId)
    .where("rc.code", "=", code)
    .orderBy("rc.redemption_id", "desc")
    .limit(entriesMax)
    .execute();
  return rows.map(({ id, identifier, occurred_at, ...row }) => ({
    ...row,
    redemption_id: id,
    customer: identifier === null ? null : { identifier },
    occurred_at: occurred_at.toISOString(),
  }));
}

async function listHolds(db: Kysely<DB>, projectId: string, code: string): Promise<HistoryWire["reservations"]> {
  const { rows } = await sql<{ id: string; order_id: string; identifier: string | null; expires_at: Date }>`
    select h.id, h.order_id, k.identifier, h.expires_at
    from redemption_code rc
    join reservation h on h.project_id = rc.project_id and h.redemption_id = rc.redemption_id and h.status = 'held'
    left join customer k on k.project_id = h.project_id and k.id = h.customer_id
    where rc.project_id = ${projectId} and rc.code = ${code} and h.expires_at > now()
    order by h.id desc limit ${entriesMax}
  `.execute(db);
  return rows.map(({ id, order_id, identifier, expires_at }) => ({
    reservation_id: id,
    order_id,
    customer: identifier === null ? null : { identifier },
    expires_at: expires_at.toISOString(),
  }));
}

async function listRollbacks(
  db: Kysely<DB>,
  projectId: string,
  ids: readonly string[],
): Promise<HistoryWire["rollbacks"]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom("redemption_rollback")
    .select(["id", "redemption_id", "discount_amount", "whole", "reason", "occurred_at"])
    .where("project_id", "=", projectId)
    .where("redemption_id", "in", [...ids])
    .orderBy("id", "desc")
    .limit(entriesMax)
    .execute();
  return rows.map(({ id, occurred_at, ...row }) => ({
    ...row,
    rollback_id: id,
    occurred_at: occurred_at.toISOString(),
  }));
}
