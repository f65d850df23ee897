import type { Kysely } from "kysely";
import { z } from "zod";
import type { DB } from "../db/tables.ts";
import { normalizeCode } from "../domain/codes.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
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
    .select(["r.id", "r.status", "r.response"])
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
    (row) => redemptionWire.parse({ ...row.response, status: row.status }),
  );
}

export async function findRedemptionDetail(
  db: Kysely<DB>,
  projectId: string,
  id: string,
): Promise<z.output<typeof redemptionDetailWire> | undefined> {
  const row = await db
    .selectFrom("redemption as r")
    .leftJoin("redemption_rollback as b", (join) =>
      join.onRef("b.project_id", "=", "r.project_id").onRef("b.redemption_id", "=", "r.id"),
    )
    .select(["r.status", "r.response", "r.trace", "b.id as rollback_id", "b.reason", "b.occurred_at as rolled_back_at"])
    .where("r.project_id", "=", projectId)
    .where("r.id", "=", id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return redemptionDetailWire.parse({
    ...row.response,
    status: row.status,
    rollback:
      row.rollback_id === null
        ? null
        : { id: row.rollback_id, reason: row.reason, occurred_at: row.rolled_back_at?.toISOString() },
    trace: row.trace,
  });
}
