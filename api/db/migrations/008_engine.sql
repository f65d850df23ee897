-- The complete engine: gift cards, points, pools, reservations, partial rollbacks, and the ledger that all counters can
-- be recomputed from.

alter table campaign
  add column automatic boolean not null default false,
  add column exclusions jsonb not null default '{}',
  -- What a partial rollback does to the rest: domain/rollback.ts.
  add column on_rollback text not null default 'keep' check (on_rollback in ('keep', 'recalculate', 'revoke')),
  add column points_price bigint check (points_price > 0),
  -- A published voucher expires so many days after it was handed out, or earlier when it says so itself.
  add column voucher_lifetime_days integer check (voucher_lifetime_days > 0),
  add column referrer_rewards jsonb not null default '[]',
  add check (type = 'sub' or not automatic);
create index campaign_automatic on campaign (project_id, id) where automatic and status = 'active';

-- Definitions as they were: a decision is replayed with the version it was made for.
create table campaign_version (
  project_id text collate "C" not null,
  campaign_id text collate "C" not null,
  version integer not null,
  definition jsonb not null,
  created_at timestamptz not null default now(),
  primary key (project_id, campaign_id, version)
);

-- Grows whenever an automatic campaign, or the main campaign of one, changes: says whether a cached list still holds.
create table automatic_version (
  project_id text collate "C" primary key references project,
  version bigint not null
);

alter table campaign_usage add column orders_amount bigint not null default 0 check (orders_amount >= 0);

alter table voucher drop constraint voucher_kind_check;
alter table voucher
  add column balance_amount bigint check (balance_amount >= 0),
  -- What the card was issued with; balance = initial + Σ ledger.
  add column balance_initial bigint check (balance_initial >= 0),
  -- Reservations that hold a use of it.
  add column holds_count integer not null default 0 check (holds_count >= 0),
  -- The customer whose friends use it: a referral code.
  add column referrer_id text collate "C",
  -- Its price in points was paid when it was obtained.
  add column points_paid boolean not null default false,
  add constraint voucher_kind_check check (kind in ('unique', 'generic', 'gift_card')),
  add constraint voucher_balance_check check ((kind = 'gift_card') = (balance_amount is not null));
create unique index voucher_by_referrer on voucher (project_id, campaign_id, referrer_id) where referrer_id is not null;

-- What was used in one hour, day, week, month, quarter or year of the campaign's time zone. `bucket` names it, e.g.
-- "day 2026-11-23". customer_id is '' for a limit that everybody shares.
create table period_usage (
  project_id text collate "C" not null,
  scope text collate "C" not null check (scope in ('campaign', 'voucher')),
  scope_id text collate "C" not null,
  customer_id text collate "C" not null default '',
  bucket text collate "C" not null,
  redemptions_count bigint not null default 0 check (redemptions_count >= 0),
  discount_amount bigint not null default 0 check (discount_amount >= 0),
  primary key (project_id, scope, scope_id, customer_id, bucket)
) with (fillfactor = 50);

-- Every movement of every counter, one row a movement, never changed. `lines` are the counters it moved: the same
-- objects that the function `move` takes. `reference_id` is the redemption it belongs to, also for its reservation and
-- its rollbacks; `movement_id` what caused it.
create table ledger (
  project_id text collate "C" not null,
  id bigint generated always as identity,
  kind text not null check (kind in ('redeem', 'reserve', 'release', 'rollback', 'top_up', 'revoke')),
  movement_id text collate "C" not null,
  reference_id text collate "C" not null,
  order_id text collate "C",
  discount_amount bigint not null,
  lines jsonb not null,
  occurred_at timestamptz not null,
  created_at timestamptz not null,
  primary key (project_id, id)
);
create index ledger_by_reference on ledger (project_id, reference_id, id);

create function refuse_change() returns trigger
language plpgsql
as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = '55000';
end
$$;
create trigger ledger_append_only before update or delete on ledger
  for each statement execute function refuse_change();

-- One row a counter that a movement moved.
create view ledger_line as
select l.project_id, l.id, l.kind as movement, l.movement_id, l.reference_id, l.order_id, l.created_at,
       x.kind, x.id as account_id, coalesce(x.scope, '') as scope, coalesce(x.customer_id, '') as customer_id,
       coalesce(x.bucket, '') as bucket, coalesce(x.uses, 0) as uses, coalesce(x.amount, 0) as amount,
       coalesce(x.orders, 0) as orders, coalesce(x.balance, 0) as balance, coalesce(x.holds, 0) as holds
from ledger l,
  jsonb_to_recordset(l.lines) as x(kind text, id text, scope text, customer_id text, bucket text, uses bigint,
    amount bigint, orders bigint, balance bigint, holds int);

-- A redemption that is held and not made yet. Its codes stand in redemption_code under the id the redemption will have.
create table reservation (
  project_id text collate "C" not null,
  id text collate "C" not null,
  redemption_id text collate "C" not null,
  order_id text collate "C" not null,
  customer_id text collate "C",
  status text not null check (status in ('held', 'confirmed', 'cancelled', 'expired')),
  discount_amount bigint not null,
  -- What the redemption will record and announce once it is confirmed.
  content jsonb not null,
  response jsonb not null,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (project_id, id)
);
create index reservation_held on reservation (project_id, expires_at) where status = 'held';
create unique index reservation_by_redemption on reservation (project_id, redemption_id);

alter table redemption
  -- What it was decided on, without the definitions: those are in campaign_version.
  add column facts jsonb,
  add column rolled_back_amount bigint not null default 0,
  add column rollbacks_count integer not null default 0,
  -- Units given back of each line.
  add column units_returned integer[] not null default '{}';

-- voucher_id is null and code '' for an automatic campaign.
alter table redemption_code
  alter column voucher_id drop not null,
  add column items_returned bigint[] not null default '{}',
  add column shipping_returned bigint not null default 0,
  add column rewards jsonb not null default '[]';
create unique index redemption_code_automatic_once_per_order on redemption_code (project_id, order_id, campaign_id)
  where live and voucher_id is null;

drop index redemption_rollback_whole;
alter table redemption_rollback
  add column whole boolean not null default true,
  add column items jsonb,
  add column codes jsonb,
  add column response jsonb;
create index redemption_rollback_by_redemption on redemption_rollback (project_id, redemption_id, id);

-- What a redemption gave besides money off: points, vouchers, codes of a pool, credit.
create table issued_reward (
  project_id text collate "C" not null,
  id text collate "C" not null,
  redemption_id text collate "C" not null,
  campaign_id text collate "C" not null,
  customer_id text collate "C",
  type text not null check (type in ('points', 'voucher', 'pool_voucher', 'gift_credit')),
  -- Points, or minor units of credit.
  amount bigint,
  voucher_id text collate "C",
  pool_code_id text collate "C",
  status text not null check (status in ('issued', 'revoked', 'kept')),
  created_at timestamptz not null,
  primary key (project_id, id)
);
create index issued_reward_by_redemption on issued_reward (project_id, redemption_id);

-- Codes to hand out as rewards: our own, or a third party's that are never validated here.
create table pool (
  project_id text collate "C" not null references project,
  id text collate "C" not null,
  name text not null,
  low_stock bigint check (low_stock >= 0),
  metadata jsonb not null default '{}',
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, id),
  unique (project_id, name)
);
create table pool_code (
  project_id text collate "C" not null,
  id text collate "C" not null,
  pool_id text collate "C" not null,
  code text not null,
  -- Random in [0, 1): takers start at different places and never queue for the same row.
  spread double precision not null default random(),
  status text not null check (status in ('free', 'taken')),
  customer_id text collate "C",
  redemption_id text collate "C",
  taken_at timestamptz,
  created_at timestamptz not null,
  primary key (project_id, id),
  unique (project_id, pool_id, code),
  foreign key (project_id, pool_id) references pool
);
create index pool_code_free on pool_code (project_id, pool_id, spread) where status = 'free';
create index pool_code_by_redemption on pool_code (project_id, redemption_id) where redemption_id is not null;
create index pool_code_by_customer on pool_code (project_id, customer_id) where customer_id is not null;

-- One points account a customer. balance = Σ lots' points_left = Σ entries' points.
create table points_account (
  project_id text collate "C" not null,
  customer_id text collate "C" not null,
  balance bigint not null default 0 check (balance >= 0),
  primary key (project_id, customer_id),
  foreign key (project_id, customer_id) references customer
) with (fillfactor = 50);
create table points_entry (
  project_id text collate "C" not null,
  id text collate "C" not null,
  customer_id text collate "C" not null,
  kind text not null check (kind in ('earned', 'spent', 'exchanged', 'expired', 'adjusted', 'returned', 'revoked')),
  points bigint not null check (points <> 0),
  balance_after bigint not null check (balance_after >= 0),
  reason text,
  -- The redemption, rollback or voucher behind it.
  reference_id text collate "C",
  created_at timestamptz not null,
  primary key (project_id, id)
);
create index points_entry_by_customer on points_entry (project_id, customer_id, id);
create trigger points_entry_append_only before update or delete on points_entry
  for each statement execute function refuse_change();
create table points_lot (
  project_id text collate "C" not null,
  id bigint generated always as identity,
  customer_id text collate "C" not null,
  points_left bigint not null check (points_left >= 0),
  expires_at timestamptz,
  created_at timestamptz not null,
  primary key (project_id, id)
);
create index points_lot_open on points_lot (project_id, customer_id, expires_at) where points_left > 0;
create index points_lot_expiring on points_lot (expires_at) where points_left > 0 and expires_at is not null;

-- Who is in a segment. Static lists are written by hand, others by whoever computes them.
create table segment (
  project_id text collate "C" not null references project,
  id text collate "C" not null,
  name text not null,
  kind text not null default 'static' check (kind in ('static')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, id),
  unique (project_id, name)
);
create table segment_member (
  project_id text collate "C" not null,
  segment_id text collate "C" not null,
  customer_id text collate "C" not null,
  entered_at timestamptz not null,
  primary key (project_id, customer_id, segment_id),
  foreign key (project_id, segment_id) references segment,
  foreign key (project_id, customer_id) references customer
);
create index segment_member_by_segment on segment_member (project_id, segment_id, customer_id);
