import type { Kysely } from "kysely";
import { z } from "zod";
import type { DB } from "../db/tables.ts";
import { normalizeCode } from "../domain/codes.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { explanationOf } from "./explanation.ts";
import { type AttemptsQuery, redemptionDetailWire, redemptionWire } from "./schemas.ts";

/** Ids are UUIDv7: their order is the order in which the redemptions were recorded. */
const cursor = z.tuple([z.string().max(100)]);

type RedemptionWire = z.output<typeof redemptionWire>;

export async function listRedemptions(
  db: Kysely<DB>,
  projectId: string,
  query: AttemptsQuery,
): Promise<Page<RedemptionWire>> {
  const after = readCursor(query.cursor, cursor);
  const { campaign_id, code, customer, from, to } = query;
  const rows = await db
    .selectFrom("redemption as r")
    .select(["r.id", "r.status", "r.response", "r.rolled_back_amount"])
    .where("r.project_id", "=", projectId)
    .$if(after !== undefined, (q) => q.where("r.id", "<", after?.[0] ?? ""))
    .$if(from !== undefined, (q) => q.where("r.occurred_at", ">=", new Date(from ?? 0)))
    .$if(to !== undefined, (q) => q.where("r.occurred_at", "<", new Date(to ?? 0)))
    .$if(customer !== undefined, (q) =>
      q.where("r.customer_id", "=", (eb) =>
        eb
          .selectFrom("customer as c")
          .select("c.id")
          .where("c.project_id", "=", projectId)
          .where("c.identifier", "=", customer ?? ""),
      ),
    )
    .$if(campaign_id !== undefined || code !== undefined, (q) =>
      q.where((eb) =>
        eb.exists(
          eb
            .selectFrom("redemption_code as rc")
            .select("rc.position")
            .whereRef("rc.project_id", "=", "r.project_id")
            .whereRef("rc.redemption_id", "=", "r.id")
            .$if(code !== undefined, (inner) => inner.where("rc.code", "=", normalizeCode(code ?? "") ?? ""))
            .$if(campaign_id !== undefined, (inner) =>
              inner.where((or) =>
                or.or([
                  or("rc.campaign_id", "=", campaign_id ?? ""),
                  or("rc.main_campaign_id", "=", campaign_id ?? ""),
                ]),
              ),
            ),
        ),
      ),
    )
    .orderBy("r.id", "desc")
    .limit(query.limit + 1)
    .execute();
  return toPage(
    rows,
    query.limit,
    (row) => [row.id],
    (row) => redemptionWire.parse({ ...row.response, status: row.status, rolled_back_amount: row.rolled_back_amount }),
  );
}

export async function findRedemptionDetail(
  db: Kysely<DB>,
  projectId: string,
  id: string,
): Promise<z.output<typeof redemptionDetailWire> | undefined> {
  const row = await db
    .selectFrom("redemption")
    .select(["status", "response", "trace", "rolled_back_amount", "currency"])
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const rollbacks = await db
    .selectFrom("redemption_rollback")
    .select(["id", "reason", "whole", "discount_amount", "response", "occurred_at", "created_at"])
    .where("project_id", "=", projectId)
    .where("redemption_id", "=", id)
    .orderBy("id")
    .execute();
  const last = row.status === "rolled_back" ? rollbacks.at(-1) : undefined;
  return redemptionDetailWire.parse({
    ...row.response,
    status: row.status,
    rolled_back_amount: row.rolled_back_amount,
    rollback:
      last === undefined ? null : { id: last.id, reason: last.reason, occurred_at: last.occurred_at.toISOString() },
    rollbacks: rollbacks.map((one) => ({
      id: one.id,
      redemption_id: id,
      discount_amount: one.discount_amount,
      whole: one.whole,
      reason: one.reason,
      created_at: one.created_at.toISOString(),
      ...(one.response as object | null),
    })),
    trace: row.trace,
    explanation: explanationOf(row.response, row.trace, row.currency),
  });
}
