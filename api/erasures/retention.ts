/** Customers who did nothing for as long as their project says are erased, like those who asked for it. */
import { setTimeout as delay } from "node:timers/promises";
import type { Kysely } from "kysely";
import type pg from "pg";
import type { Logger } from "pino";
import { erasureLock } from "../../ingest/locks.ts";
import { tryLock, withSession } from "../../ingest/session.ts";
import { createKysely } from "../db/kysely.ts";
import type { DB } from "../db/tables.ts";
import { personOf, requestErasure } from "./request.ts";

const everyMs = 10 * 60_000;
/** Of one project at once; the rest follows in the next rounds. */
const atOnce = 500;

export async function runRetention({ pool, log }: { pool: pg.Pool; log: Logger }, signal: AbortSignal): Promise<void> {
  const db = createKysely(pool);
  while (!signal.aborted) {
    const erased = await withSession(pool, async (client) =>
      (await tryLock(client, erasureLock)) ? sweepInactiveCustomers(pool, db) : 0,
    );
    if (erased > 0) log.info({ erased }, "customers without activity are being erased");
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/** @returns how many erasures were begun. */
export async function sweepInactiveCustomers(pool: pg.Pool, db: Kysely<DB>): Promise<number> {
  const { rows: projects } = await pool.query<{ id: string; days: number }>(
    "select id, customers_inactive_days as days from project where customers_inactive_days is not null order by id",
  );
  let begun = 0;
  for (const { id, days } of projects) {
    for (const identifier of await findInactive(pool, id, days)) {
      const { known, ...person } = await personOf(db, id, identifier);
      if (!known) continue;
      await requestErasure(db, id, person, "retention");
      begun += 1;
    }
  }
  return begun;
}

/**
 * Activity is what the customer did, or the shop noted about them, in this order of likelihood. Who still holds points
 * or a gift card is owed something, whose reservation is held is at the checkout, and who is under review
 * waits for an answer: they stay.
 */
async function findInactive(pool: pg.Pool, projectId: string, days: number): Promise<string[]> {
  const { rows } = await pool.query<{ identifier: string }>(
    `with since as (select now() - make_interval(days => $2) as at)
     select c.identifier from customer c, since
     where c.project_id = $1 and c.updated_at < since.at and c.created_at < since.at
       -- One by one, not joined by "or", so that each is one pass over the erasures and not one for each customer.
       and not exists (select from erasure e, unnest(e.customer_ids) gone where e.project_id = $1 and gone = c.id)
       and not exists (select from erasure e where e.project_id = $1 and e.status = 'running'
         and e.person ->> 'identifier' = c.identifier)
       and not exists (select from orders o where o.project_id = $1 and o.customer_id = c.id
         and (o.occurred_at >= since.at or o.paid_at >= since.at))
       and not exists (select from redemption r where r.project_id = $1 and r.customer_id = c.id
         and r.occurred_at >= since.at)
       and not exists (select from rejection j where j.project_id = $1 and j.customer_identifier = c.identifier
         and j.occurred_at >= since.at)
       and not exists (select from custom_event v where v.project_id = $1 and v.customer_id = c.id
         and v.occurred_at >= since.at)
       and not exists (select from points_entry p where p.project_id = $1 and p.customer_id = c.id
         and p.kind <> 'expired' and p.created_at >= since.at)
       and not exists (select from points_lot l where l.project_id = $1 and l.customer_id = c.id and l.points_left > 0
         and (l.expires_at is null or l.expires_at > now()))
       and not exists (select from voucher g where g.project_id = $1 and g.customer_id = c.id and g.kind = 'gift_card'
         and g.status <> 'disabled' and g.balance_amount > 0 and (g.expires_at is null or g.expires_at > now()))
       and not exists (select from review w where w.project_id = $1 and w.customer = c.identifier
         and w.status in ('open', 'held'))
       and not exists (select from reservation h where h.project_id = $1 and h.customer_id = c.id and h.status = 'held')
     order by c.id limit $3`,
    [projectId, days, atOnce],
  );
  return rows.map((row) => row.identifier);
}
