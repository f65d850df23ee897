/**
 * What callers were told against what the database holds, and every counter against its limit. Nothing here asks the
 * code that moved the counters. Each finding is a sentence; an empty list is what everybody hopes for.
 */
import type pg from "pg";
import type { Deed, Journal } from "./shopper.ts";

export async function verify(pool: pg.Pool, projectId: string, journal: Journal): Promise<string[]> {
  const findings: string[] = [];
  const rows = async (text: string, ...values: unknown[]) =>
    (await pool.query<Record<string, string | number | null>>(text, [projectId, ...values])).rows;
  const told = (deeds: readonly Deed[], status: number) =>
    journal.entries.filter(({ deed, answer }) => deeds.includes(deed) && answer.status === status);
  const idsTold = (deeds: readonly Deed[], status: number, field = "id") =>
    told(deeds, status).map(({ answer }) => String(JSON.parse(answer.text)[field]));

  for (const { deed, call, answer } of journal.entries) {
    const expected = deed === "cancel" ? [204, 404, 409] : [201, 404, 409, 422];
    if (!expected.includes(answer.status)) {
      findings.push(`${call.method} ${call.path} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    }
  }

  const compareIds = async (what: string, ids: readonly string[], sql: string) => {
    const stored = new Set((await rows(sql)).map(({ id }) => String(id)));
    const lost = ids.filter((id) => !stored.has(id));
    const unknown = [...stored].filter((id) => !ids.includes(id));
    if (new Set(ids).size !== ids.length) findings.push(`${what}: one was told to two callers`);
    if (lost.length > 0) findings.push(`${what}: ${lost.length} acknowledged and not there, e.g. ${lost[0]}`);
    if (unknown.length > 0) findings.push(`${what}: ${unknown.length} there and told to nobody, e.g. ${unknown[0]}`);
  };
  await compareIds(
    "redemptions",
    idsTold(["redeem", "confirm"], 201),
    "select id from redemption where project_id = $1",
  );
  await compareIds("reservations", idsTold(["reserve"], 201), "select id from reservation where project_id = $1");
  await compareIds("rollbacks", idsTold(["rollback"], 201), "select id from redemption_rollback where project_id = $1");
  await compareIds(
    "rejections",
    told(["redeem", "reserve"], 422)
      .map(({ answer }) => JSON.parse(answer.text).rejection_id)
      .filter((id) => id !== undefined),
    "select id from rejection where project_id = $1",
  );
  await compareIds(
    "announced redemptions",
    idsTold(["redeem", "confirm"], 201),
    "select payload ->> 'redemption_id' as id from outbox where project_id = $1 and type = 'redemption.succeeded'",
  );

  const expectNone = async (what: string, sql: string) => {
    const found = await rows(sql);
    if (found.length > 0) findings.push(`${what}: ${found.length}, e.g. ${JSON.stringify(found[0])}`);
  };

  const given = new Map<string, number>();
  for (const { call, answer } of told(["rollback"], 201)) {
    const id = call.path.split("/")[3] ?? "";
    given.set(id, (given.get(id) ?? 0) + JSON.parse(answer.text).discount_amount);
  }
  for (const { id, rolled_back_amount } of await rows(
    "select id, rolled_back_amount from redemption where project_id = $1",
  )) {
    const expected = given.get(String(id)) ?? 0;
    if (rolled_back_amount !== expected) {
      findings.push(`redemption ${id}: ${expected} told as rolled back, ${rolled_back_amount} stored`);
    }
  }

  for (const check of checks) await expectNone(check.what, check.sql);
  return findings;
}

/** Live shares of codes: what they took off, less what came back. Holds of reservations included. */
const shares = `
  select c.*, c.discount_amount - c.shipping_returned
           - coalesce((select sum(x) from unnest(c.items_returned) x), 0) as left_amount
  from redemption_code c where c.project_id = $1 and c.live`;

const checks: readonly { what: string; sql: string }[] = [
  {
    what: "an event announced twice",
    sql: `select type, payload ->> 'redemption_id' as redemption, count(*) from outbox
          where project_id = $1 and type = 'redemption.succeeded' group by 1, 2 having count(*) > 1`,
  },
  {
    what: "a redemption that is two rows on one order",
    sql: `select order_id, voucher_id, count(*) from redemption_code
          where project_id = $1 and live and voucher_id is not null group by 1, 2 having count(*) > 1`,
  },
  {
    what: "more given back than was given",
    sql: `select id from redemption where project_id = $1
          and (rolled_back_amount > discount_amount or (status = 'rolled_back') <> (rolled_back_amount = discount_amount)
               and discount_amount > 0)`,
  },
  {
    what: "an order with more discount than it was worth",
    sql: `with s as (${shares})
          select s.order_id, sum(s.left_amount) from s where s.order_id not like 'shared-%' group by 1
          having sum(s.left_amount) > (
            select max(r.amount + 490) from redemption r where r.project_id = $1 and r.order_id = s.order_id)`,
  },
  {
    what: "a sub-campaign whose counter is not the sum of its redemptions",
    sql: `with s as (${shares})
          select u.campaign_id, u.redemptions_count, u.discount_amount, count(s.campaign_id), sum(s.left_amount)
          from campaign_usage u join campaign c on c.project_id = u.project_id and c.id = u.campaign_id and c.type = 'sub'
          left join s on s.campaign_id = u.campaign_id
          where u.project_id = $1 group by 1, 2, 3
          having u.redemptions_count <> count(s.campaign_id) or u.discount_amount <> coalesce(sum(s.left_amount), 0)`,
  },
  {
    what: "a main campaign whose counter is not the sum of its children's",
    sql: `select u.campaign_id from campaign_usage u
          join campaign c on c.project_id = u.project_id and c.parent_id = u.campaign_id
          join campaign_usage s on s.project_id = c.project_id and s.campaign_id = c.id
          where u.project_id = $1 group by 1, u.redemptions_count, u.discount_amount
          having u.redemptions_count <> sum(s.redemptions_count) or u.discount_amount <> sum(s.discount_amount)`,
  },
  {
    what: "a campaign above its limits",
    sql: `select c.id, u.redemptions_count, u.discount_amount, u.orders_amount from campaign_usage u
          join campaign c on c.project_id = u.project_id and c.id = u.campaign_id
          where u.project_id = $1 and (u.redemptions_count > c.redemptions_max or u.discount_amount > c.budget_amount
            or u.orders_amount > (c.limits ->> 'orders_amount_max')::bigint)`,
  },
  {
    what: "a voucher that is not what its redemptions left",
    sql: `with s as (${shares})
          select v.code, v.redemptions_count, v.discount_amount, v.balance_amount, v.balance_initial from voucher v
          left join s on s.voucher_id = v.id
          where v.project_id = $1
          group by v.code, v.redemptions_count, v.discount_amount, v.balance_amount, v.balance_initial, v.redemptions_max
          having v.redemptions_count <> count(s.voucher_id) or v.redemptions_count > v.redemptions_max
            or v.balance_amount <> v.balance_initial - coalesce(sum(s.left_amount), 0)`,
  },
  {
    what: "a customer above the limits of a campaign or voucher",
    sql: `select u.customer_id, u.scope, u.redemptions_count from customer_usage u
          left join campaign c on u.scope = 'campaign' and c.project_id = u.project_id and c.id = u.scope_id
          left join voucher v on u.scope = 'voucher' and v.project_id = u.project_id and v.id = u.scope_id
          where u.project_id = $1 and u.redemptions_count > (coalesce(c.limits, v.limits) ->> 'per_customer')::bigint`,
  },
  {
    what: "a period above its limits",
    sql: `select p.scope_id, p.customer_id, p.bucket, p.redemptions_count, p.discount_amount
          from period_usage p join campaign c on c.project_id = p.project_id and c.id = p.scope_id,
            jsonb_array_elements(c.limits -> 'per_period') l
          where p.project_id = $1 and p.bucket like (l ->> 'period') || ' %'
            and (p.customer_id <> '') = (coalesce(l ->> 'per', 'all') = 'customer')
            and (p.redemptions_count > (l ->> 'redemptions_max')::bigint
              or p.discount_amount > (l ->> 'discount_amount_max')::bigint)`,
  },
  {
    what: "a points account that is not the sum of its entries, or of its lots",
    sql: `select a.customer_id, a.balance from points_account a where a.project_id = $1 and (
            a.balance <> (select coalesce(sum(e.points), 0) from points_entry e
                          where e.project_id = a.project_id and e.customer_id = a.customer_id)
            or a.balance <> (select coalesce(sum(l.points_left), 0) from points_lot l
                             where l.project_id = a.project_id and l.customer_id = a.customer_id))`,
  },
  {
    what: "a code of a pool that was given twice, or taken for nobody",
    sql: `select k.id, k.status, count(w.id) from pool_code k
          left join issued_reward w on w.project_id = k.project_id and w.pool_code_id = k.id and w.status <> 'revoked'
          left join reservation r on r.project_id = k.project_id and r.redemption_id = k.redemption_id and r.status = 'held'
          where k.project_id = $1 group by k.id, k.status, r.id
          having count(w.id) > 1 or (k.status = 'free' and count(w.id) > 0)
            or (k.status = 'taken' and count(w.id) = 0 and r.id is null)`,
  },
  {
    what: "a reservation that ended and still holds",
    sql: `select r.id, r.status from reservation r join redemption_code c
            on c.project_id = r.project_id and c.redemption_id = r.redemption_id
          where r.project_id = $1 and r.status in ('cancelled', 'expired')`,
  },
];
