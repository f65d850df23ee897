/**
 * Every figure that must follow from records which only ever grow. `expected` is what the records say, `actual` what
 * stands in the counter; each is a query with one row an account: project_id, account (what names it), then the figures
 * as columns f1, f2 … A side without a row has zeros. $1 is a project, or null for all of them.
 */
export interface Account {
  readonly name: string;
  /** What f1, f2 … are. */
  readonly figures: readonly string[];
  readonly expected: string;
  readonly actual: string;
}

const ofProject = (column: string) => `($1::text is null or ${column} = $1)`;

/** The ledger's lines about one kind of counter, added up. */
const lines = (kind: string, account: string, figures: string) => `
  select project_id, ${account} as account, ${figures}
  from ledger_line where kind = '${kind}' and ${ofProject("project_id")} group by 1, 2`;

/** Codes of redemptions, and of reservations that are held; those of reservations that ended otherwise are gone. */
const codes = `
  select c.project_id, c.redemption_id, c.voucher_id, c.customer_id, c.campaign_id, c.main_campaign_id,
         c.discount_amount as given,
         c.discount_amount - c.shipping_returned - coalesce((select sum(x) from unnest(c.items_returned) x), 0) as standing,
         c.shipping_discount + coalesce((select sum(x) from unnest(c.items_discount) x), 0) as of_lines,
         coalesce(r.status, 'held') <> 'rolled_back' as stands
  from redemption_code c
  left join redemption r on r.project_id = c.project_id and r.id = c.redemption_id
  where ${ofProject("c.project_id")}`;

/** Redemptions, and what will be redemptions once they are confirmed. */
const takings = `
  select project_id, id, order_id, discount_amount as given, discount_amount - rolled_back_amount as standing
  from redemption where ${ofProject("project_id")}
  union all
  select project_id, redemption_id, order_id, discount_amount, discount_amount
  from reservation where status = 'held' and ${ofProject("project_id")}`;

const movements = `
  select project_id, reference_id, order_id, discount_amount from ledger
  where kind in ('redeem', 'reserve', 'release', 'rollback') and ${ofProject("project_id")}`;

export const accounts: readonly Account[] = [
  {
    name: "campaign",
    figures: ["uses", "discount", "orders"],
    expected: lines("campaign", "account_id", "sum(uses) as f1, sum(amount) as f2, sum(orders) as f3"),
    actual: `
      select project_id, campaign_id as account, redemptions_count as f1, discount_amount as f2, orders_amount as f3
      from campaign_usage where ${ofProject("project_id")}`,
  },
  {
    name: "period",
    figures: ["uses", "discount"],
    expected: lines(
      "period",
      "concat_ws(' ', scope, account_id, nullif(customer_id, ''), bucket)",
      "sum(uses) as f1, sum(amount) as f2",
    ),
    actual: `
      select project_id, concat_ws(' ', scope, scope_id, nullif(customer_id, ''), bucket) as account,
             redemptions_count as f1, discount_amount as f2
      from period_usage where ${ofProject("project_id")}`,
  },
  {
    name: "voucher",
    figures: ["uses", "discount", "balance", "holds"],
    expected: lines(
      "voucher",
      "account_id",
      "sum(uses) as f1, sum(amount) as f2, sum(balance) as f3, sum(holds) as f4",
    ),
    // The balance beyond what the card was issued with. Vouchers that nothing ever moved are left out: there may be millions.
    actual: `
      select project_id, id as account, redemptions_count as f1, discount_amount as f2,
             coalesce(balance_amount, 0) - coalesce(balance_initial, 0) as f3, holds_count as f4
      from voucher
      where ${ofProject("project_id")}
        and (redemptions_count <> 0 or discount_amount <> 0 or holds_count <> 0
             or balance_amount is distinct from balance_initial)`,
  },
  {
    name: "customer",
    figures: ["uses", "discount"],
    expected: lines("customer", "concat_ws(' ', customer_id, scope, account_id)", "sum(uses) as f1, sum(amount) as f2"),
    actual: `
      select project_id, concat_ws(' ', customer_id, scope, scope_id) as account, redemptions_count as f1,
             discount_amount as f2
      from customer_usage where ${ofProject("project_id")}`,
  },
  {
    name: "redemption",
    figures: ["discount"],
    expected: `select project_id, reference_id as account, sum(discount_amount) as f1 from (${movements}) m group by 1, 2`,
    actual: `select project_id, id as account, standing as f1 from (${takings}) t`,
  },
  {
    name: "order",
    figures: ["discount"],
    expected: `select project_id, order_id as account, sum(discount_amount) as f1 from (${movements}) m group by 1, 2`,
    actual: `select project_id, order_id as account, sum(standing) as f1 from (${takings}) t group by 1, 2`,
  },
  {
    name: "codes of a redemption",
    figures: ["given", "given by line", "standing"],
    expected: `
      select project_id, redemption_id as account, sum(given) as f1, sum(of_lines) as f2, sum(standing) as f3
      from (${codes}) c group by 1, 2`,
    actual: `select project_id, id as account, given as f1, given as f2, standing as f3 from (${takings}) t`,
  },
  {
    name: "rollbacks of a redemption",
    figures: ["rollbacks", "discount", "whole"],
    expected: `
      select project_id, redemption_id as account, count(*) as f1, sum(discount_amount) as f2,
             count(*) filter (where whole) as f3
      from redemption_rollback where ${ofProject("project_id")} group by 1, 2`,
    actual: `
      select project_id, id as account, rollbacks_count as f1, rolled_back_amount as f2,
             (status = 'rolled_back')::int as f3
      from redemption
      where ${ofProject("project_id")}
        and (rollbacks_count <> 0 or rolled_back_amount <> 0 or status = 'rolled_back')`,
  },
  {
    // Beside the ledger: what the codes themselves say was used of a campaign, a voucher, and by a customer.
    name: "codes of a campaign",
    figures: ["uses", "discount"],
    expected: `
      select c.project_id, k.id as account, count(*) filter (where c.stands) as f1, sum(c.standing) as f2
      from (${codes}) c cross join lateral (values (c.campaign_id), (c.main_campaign_id)) k(id) group by 1, 2`,
    actual: `
      select project_id, campaign_id as account, redemptions_count as f1, discount_amount as f2
      from campaign_usage where ${ofProject("project_id")}`,
  },
  {
    name: "codes of a voucher",
    figures: ["uses", "discount"],
    expected: `
      select c.project_id, c.voucher_id as account, count(*) filter (where c.stands) as f1, sum(c.standing) as f2
      from (${codes}) c where c.voucher_id is not null group by 1, 2`,
    actual: `
      select project_id, id as account, redemptions_count as f1, discount_amount as f2
      from voucher where ${ofProject("project_id")} and (redemptions_count <> 0 or discount_amount <> 0)`,
  },
  {
    name: "codes of a customer",
    figures: ["uses", "discount"],
    expected: `
      select c.project_id, concat_ws(' ', c.customer_id, k.scope, k.id) as account,
             count(*) filter (where c.stands) as f1, sum(c.standing) as f2
      from (${codes}) c
      cross join lateral (
        values ('campaign', c.campaign_id), ('campaign', c.main_campaign_id), ('voucher', c.voucher_id)) k(scope, id)
      where c.customer_id is not null and k.id is not null group by 1, 2`,
    actual: `
      select project_id, concat_ws(' ', customer_id, scope, scope_id) as account, redemptions_count as f1,
             discount_amount as f2
      from customer_usage where ${ofProject("project_id")}`,
  },
  {
    name: "reservation",
    figures: ["vouchers held"],
    expected: `
      select project_id, reference_id as account, sum(holds) as f1
      from ledger_line where kind = 'voucher' and holds <> 0 and ${ofProject("project_id")} group by 1, 2`,
    actual: `
      select r.project_id, r.redemption_id as account, count(distinct c.voucher_id) as f1
      from reservation r
      join redemption_code c on c.project_id = r.project_id and c.redemption_id = r.redemption_id
      where r.status = 'held' and ${ofProject("r.project_id")} group by 1, 2`,
  },
  {
    name: "points account",
    figures: ["balance", "in lots", "after the last entry"],
    expected: `
      select project_id, customer_id as account, sum(points) as f1, sum(points) as f2, sum(points) as f3
      from points_entry where ${ofProject("project_id")} group by 1, 2`,
    actual: `
      select a.project_id, a.customer_id as account, a.balance as f1, coalesce(l.points, 0) as f2,
             coalesce(e.balance_after, 0) as f3
      from points_account a
      left join (
        select project_id, customer_id, sum(points_left) as points from points_lot
        where ${ofProject("project_id")} group by 1, 2
      ) l using (project_id, customer_id)
      left join (
        select distinct on (project_id, customer_id) project_id, customer_id, balance_after from points_entry
        where ${ofProject("project_id")} order by project_id, customer_id, position desc
      ) e using (project_id, customer_id)
      where ${ofProject("a.project_id")}`,
  },
];
