/** Announces budgets that are nearly or wholly used. Not while somebody redeems: that is not to wait for it. */
import { setTimeout as delay } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import type pg from "pg";
import { appendEvents } from "../../ingest/outbox.ts";
import { createKysely } from "../db/kysely.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";

const everyMs = 60_000;
const thresholds = [80, 100];
/** Of one pass; what is left comes with the next. */
const announcedMax = 1_000;

/** Runs until `signal` aborts; any number may run at once. */
export async function watchBudgets({ pool }: { readonly pool: pg.Pool }, signal: AbortSignal): Promise<void> {
  const db = createKysely(pool);
  while (!signal.aborted) {
    await announceBudgets(db);
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

interface Reached {
  readonly project_id: string;
  readonly campaign_id: string;
  readonly name: string;
  readonly currency: string;
  readonly threshold_percent: number;
  readonly budget_amount: number;
  readonly used_amount: number;
  readonly reached_at: Date;
}

/**
 * Once for each threshold of a budget: the row that remembers it and the event are of one transaction, and of two that
 * come at once the second waits for the row of the first and then inserts none. A budget that is changed is another.
 *
 * @returns how many were announced.
 */
export async function announceBudgets(db: Kysely<DB>): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<Reached>`
      with reached as (
        insert into campaign_budget_reached (project_id, campaign_id, threshold_percent, budget_amount, used_amount)
        select c.project_id, c.id, t.percent, c.budget_amount, u.discount_amount
        from campaign c
        join campaign_usage u on u.project_id = c.project_id and u.campaign_id = c.id
        cross join unnest(${thresholds}::smallint[]) as t(percent)
        where c.budget_amount > 0 and c.status in ('active', 'paused')
          and u.discount_amount::numeric * 100 >= c.budget_amount::numeric * t.percent
          and not exists (
            select from campaign_budget_reached b
            where b.project_id = c.project_id and b.campaign_id = c.id and b.threshold_percent = t.percent
              and b.budget_amount = c.budget_amount)
        order by c.project_id, c.id, t.percent
        limit ${announcedMax}
        on conflict do nothing
        returning *)
      select r.*, c.name, c.currency
      from reached r join campaign c on c.project_id = r.project_id and c.id = r.campaign_id
      order by r.project_id, r.campaign_id, r.threshold_percent`.execute(tx);
    await appendEvents(
      tx,
      rows.map(({ project_id, reached_at, ...payload }) => ({
        event_id: newId("evt"),
        project_id,
        type: "campaign.budget_reached",
        version: 1,
        occurred_at: reached_at.toISOString(),
        payload,
      })),
    );
    return rows.length;
  });
}
