-- Campaigns, vouchers and what has been used of them. What a manager edits and what a redemption counts are
-- kept in separate rows: the hot counters stay narrow (heap-only updates), the definitions stay cold.

create table campaign (
  project_id text collate "C" not null references project,
  id text collate "C" not null,
  type text not null check (type in ('main', 'sub')),
  parent_id text collate "C",
  name text not null,
  template text not null check (template in ('discount', 'loyalty', 'gift_card', 'referral')),
  status text not null check (status in ('draft', 'active', 'paused', 'archived')),
  triggers_on text,
  trigger_name text,
  starts_at timestamptz,
  ends_at timestamptz,
  time_zone text not null default 'UTC',
  currency text not null,
  budget_amount bigint check (budget_amount >= 0),
  budget_policy text not null default 'refuse' check (budget_policy in ('refuse', 'trim')),
  redemptions_max bigint check (redemptions_max >= 0),
  limits jsonb not null default '{}',
  rules jsonb,
  rewards jsonb not null default '[]',
  stacking jsonb not null default '{}',
  holdout_percent smallint not null default 0 check (holdout_percent between 0 and 100),
  holdout_codes boolean not null default false,
  on_cancel text not null default 'rollback' check (on_cancel in ('rollback', 'keep')),
  team text,
  budget_code text,
  channel text,
  purpose text,
  medium text,
  customer_information text,
  metadata jsonb not null default '{}',
  -- Grows with every change of the definition. A decision names the version it was made for; the redeem
  -- function refuses to commit a decision made for another one.
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, id),
  foreign key (project_id, parent_id) references campaign,
  check ((type = 'sub') = (parent_id is not null))
);
create index campaign_children on campaign (project_id, parent_id) where parent_id is not null;

create table campaign_usage (
  project_id text collate "C" not null,
  campaign_id text collate "C" not null,
  redemptions_count bigint not null default 0 check (redemptions_count >= 0),
  discount_amount bigint not null default 0 check (discount_amount >= 0),
  primary key (project_id, campaign_id),
  foreign key (project_id, campaign_id) references campaign
) with (fillfactor = 20);

create table voucher_batch (
  project_id text collate "C" not null,
  id text collate "C" not null,
  campaign_id text collate "C" not null,
  size integer not null check (size between 1 and 5000000),
  done integer not null default 0,
  pattern jsonb not null,
  template jsonb not null,
  status text not null check (status in ('running', 'done', 'failed')),
  error text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, id),
  foreign key (project_id, campaign_id) references campaign,
  check (done between 0 and size)
);
create index voucher_batch_running on voucher_batch (created_at) where status = 'running';

create table voucher (
  project_id text collate "C" not null,
  id text collate "C" not null,
  code text collate "C" not null,
  campaign_id text collate "C" not null,
  kind text not null check (kind in ('unique', 'generic')),
  status text not null check (status in ('created', 'distributed', 'redeemed', 'disabled')),
  redemptions_max bigint check (redemptions_max >= 0),
  redemptions_count bigint not null default 0 check (redemptions_count >= 0),
  discount_amount bigint not null default 0 check (discount_amount >= 0),
  customer_id text collate "C",
  batch_id text collate "C",
  starts_at timestamptz,
  expires_at timestamptz,
  limits jsonb not null default '{}',
  rules jsonb,
  metadata jsonb not null default '{}',
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, id),
  unique (project_id, code)
) with (fillfactor = 85);
create index voucher_by_campaign on voucher (project_id, campaign_id, id);
create index voucher_by_batch on voucher (project_id, batch_id, id) where batch_id is not null;
create index voucher_by_customer on voucher (project_id, customer_id, id) where customer_id is not null;

-- What one customer has used of one campaign or one voucher.
create table customer_usage (
  project_id text collate "C" not null,
  customer_id text collate "C" not null,
  scope text collate "C" not null check (scope in ('campaign', 'voucher')),
  scope_id text collate "C" not null,
  redemptions_count bigint not null default 0 check (redemptions_count >= 0),
  discount_amount bigint not null default 0 check (discount_amount >= 0),
  primary key (project_id, customer_id, scope, scope_id)
) with (fillfactor = 80);

create table publication (
  project_id text collate "C" not null,
  id text collate "C" not null,
  voucher_id text collate "C" not null,
  campaign_id text collate "C" not null,
  customer_id text collate "C" not null,
  source_id text collate "C",
  channel text not null,
  published_at timestamptz not null,
  primary key (project_id, id)
);
create unique index publication_by_source on publication (project_id, source_id) where source_id is not null;
create index publication_by_customer on publication (project_id, customer_id, published_at);

create table redemption (
  project_id text collate "C" not null,
  id text collate "C" not null,
  order_id text collate "C" not null,
  customer_id text collate "C",
  status text not null check (status in ('redeemed', 'rolled_back')),
  currency text not null,
  amount bigint not null,
  discount_amount bigint not null,
  order_data jsonb not null,
  source text not null,
  risk jsonb not null,
  trace jsonb not null,
  -- The answer that was sent, so that lists and single reads show the same body.
  response jsonb not null,
  occurred_at timestamptz not null,
  created_at timestamptz not null,
  primary key (project_id, id)
);
create index redemption_by_customer on redemption (project_id, customer_id, occurred_at) where customer_id is not null;
create index redemption_by_order on redemption (project_id, order_id);

-- One row per code of a redemption. campaign_id is the sub-campaign, main_campaign_id its parent.
create table redemption_code (
  project_id text collate "C" not null,
  redemption_id text collate "C" not null,
  position smallint not null,
  order_id text collate "C" not null,
  voucher_id text collate "C" not null,
  code text collate "C" not null,
  campaign_id text collate "C" not null,
  main_campaign_id text collate "C" not null,
  customer_id text collate "C",
  discount_amount bigint not null,
  items_discount bigint[] not null,
  shipping_discount bigint not null default 0,
  live boolean not null default true,
  primary key (project_id, redemption_id, position)
);
-- A code is used at most once on an order, unless that use was rolled back.
create unique index redemption_code_once_per_order on redemption_code (project_id, order_id, voucher_id) where live;
create index redemption_code_by_campaign on redemption_code (project_id, campaign_id, redemption_id);
create index redemption_code_by_code on redemption_code (project_id, code, redemption_id);

create table redemption_rollback (
  project_id text collate "C" not null,
  id text collate "C" not null,
  redemption_id text collate "C" not null,
  discount_amount bigint not null,
  reason text,
  occurred_at timestamptz not null,
  created_at timestamptz not null,
  primary key (project_id, id),
  foreign key (project_id, redemption_id) references redemption
);
create unique index redemption_rollback_whole on redemption_rollback (project_id, redemption_id);

create table rejection (
  project_id text collate "C" not null,
  id text collate "C" not null,
  order_id text collate "C",
  -- As it was sent: a refused attempt does not create a customer.
  customer_identifier text collate "C",
  codes text[] collate "C" not null,
  campaign_ids text[] collate "C" not null,
  reasons jsonb not null,
  currency text not null,
  amount bigint not null,
  order_data jsonb not null,
  source text not null,
  risk jsonb not null,
  trace jsonb not null,
  occurred_at timestamptz not null,
  created_at timestamptz not null,
  primary key (project_id, id)
);
create index rejection_by_customer on rejection (project_id, customer_identifier, occurred_at)
  where customer_identifier is not null;
create index rejection_by_campaign on rejection using gin (campaign_ids);
create index rejection_by_code on rejection using gin (codes);

create table offer_decision (
  project_id text collate "C" not null,
  id text collate "C" not null,
  customer_id text collate "C",
  customer_identifier text collate "C" not null,
  offers jsonb not null,
  model text not null,
  created_at timestamptz not null,
  primary key (project_id, id)
);
