-- The ledger of redemptions from before there was one, so that every counter can be recomputed from it on any database.
-- Their codes say what they took: one use and the discount of the main campaign, the sub-campaign, the voucher and, for
-- a known customer, the customer's usage of all three. In those days a rollback always was whole.

create temporary table backfilled on commit drop as
select r.project_id, r.id, r.order_id, r.status, r.amount, r.discount_amount, r.occurred_at, r.created_at
from redemption r
where not exists (select from ledger l where l.project_id = r.project_id and l.reference_id = r.id);
create unique index on backfilled (project_id, id);
analyze backfilled;

-- One row a counter that a redemption moved; several codes of a campaign are one movement of it. An order's value counts
-- once for a campaign, however many of its codes the order took.
create temporary table backfilled_line on commit drop as
select b.project_id, b.id as redemption_id, x.rank, x.kind, x.id, x.scope, x.customer_id, x.code,
       count(*) as uses, sum(c.discount_amount)::bigint as amount,
       case when x.kind = 'campaign' then b.amount end as orders
from backfilled b
join redemption_code c on c.project_id = b.project_id and c.redemption_id = b.id
cross join lateral (values
  ('1', 'campaign', c.main_campaign_id, null, null, null),
  ('2', 'campaign', c.campaign_id, null, null, null),
  ('4', 'voucher', c.voucher_id, null, null, c.code),
  ('5', 'customer', c.main_campaign_id, 'campaign', c.customer_id, null),
  ('5', 'customer', c.campaign_id, 'campaign', c.customer_id, null),
  ('5', 'customer', c.voucher_id, 'voucher', c.customer_id, null)
) as x(rank, kind, id, scope, customer_id, code)
where x.kind <> 'customer' or x.customer_id is not null
group by b.project_id, b.id, b.amount, x.rank, x.kind, x.id, x.scope, x.customer_id, x.code;

insert into ledger (project_id, kind, movement_id, reference_id, order_id, discount_amount, lines, occurred_at, created_at)
select b.project_id, 'redeem', b.id, b.id, b.order_id, b.discount_amount, l.lines, b.occurred_at, b.created_at
from backfilled b
join (
  select project_id, redemption_id,
         jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
           'kind', kind, 'id', id, 'rank', case when kind = 'campaign' then rank end, 'code', code, 'scope', scope,
           'customer_id', customer_id, 'uses', uses, 'amount', amount, 'orders', orders))
           order by rank, scope, coalesce(code, id)) as lines
  from backfilled_line group by project_id, redemption_id
) l on l.project_id = b.project_id and l.redemption_id = b.id
order by b.created_at, b.id;

insert into ledger (project_id, kind, movement_id, reference_id, order_id, discount_amount, lines, occurred_at, created_at)
select b.project_id, 'rollback', k.id, b.id, b.order_id, -b.discount_amount, l.lines, k.occurred_at, k.created_at
from backfilled b
join redemption_rollback k on k.project_id = b.project_id and k.redemption_id = b.id
join (
  select project_id, redemption_id,
         jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
           'kind', kind, 'id', id, 'rank', case when kind = 'campaign' then rank end, 'code', code, 'scope', scope,
           'customer_id', customer_id, 'uses', -uses, 'amount', -amount, 'orders', -orders))
           order by rank, scope, coalesce(code, id)) as lines
  from backfilled_line group by project_id, redemption_id
) l on l.project_id = b.project_id and l.redemption_id = b.id
where b.status = 'rolled_back'
order by k.created_at, k.id;

-- Nobody counted the value of orders yet.
update campaign_usage u set orders_amount = u.orders_amount + s.orders
from (
  select l.project_id, l.id as campaign_id, sum(l.orders) as orders
  from backfilled_line l
  join backfilled b on b.project_id = l.project_id and b.id = l.redemption_id
  where l.kind = 'campaign' and b.status = 'redeemed'
  group by l.project_id, l.id
) s
where u.project_id = s.project_id and u.campaign_id = s.campaign_id;

-- What a rolled-back redemption gave back: everything.
update redemption r
set rolled_back_amount = r.discount_amount, rollbacks_count = 1,
    units_returned = array(
      select (i.item ->> 'quantity')::int
      from jsonb_array_elements(r.order_data -> 'items') with ordinality as i(item, n) order by i.n)
from backfilled b
where b.project_id = r.project_id and b.id = r.id and b.status = 'rolled_back';
update redemption_code c set items_returned = c.items_discount, shipping_returned = c.shipping_discount
from backfilled b
where b.project_id = c.project_id and b.id = c.redemption_id and b.status = 'rolled_back';
