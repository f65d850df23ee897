-- Gift cards, vouchers that are issued as rewards, codes of pools, and the jobs that work on many vouchers.

alter table pool
  -- All codes it ever got: the uploads count, takers leave it alone.
  add column codes_count bigint not null default 0,
  -- Set when the low stock was announced; cleared when the pool is filled up again.
  add column low_stock_at timestamptz;

alter table voucher_batch drop constraint voucher_batch_status_check;
alter table voucher_batch
  add constraint voucher_batch_status_check check (status in ('running', 'done', 'failed', 'cancelled'));

-- Takes one free code of a pool; no row when there is none. Takers start at random places of the index and skip what
-- others are taking, so that they never queue for a row: a code that another transaction is taking counts as gone, even
-- if that transaction is undone a moment later.
create function take_pool_code(p_project text, p_pool text, p_customer text, p_redemption text, p_at timestamptz)
returns table (id text, code text)
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_start double precision := random();
  v_id text;
  v_code text;
begin
  select c.id, c.code into v_id, v_code from pool_code c
  where c.project_id = p_project and c.pool_id = p_pool and c.status = 'free' and c.spread >= v_start
  order by c.spread limit 1 for update skip locked;
  if not found then
    select c.id, c.code into v_id, v_code from pool_code c
    where c.project_id = p_project and c.pool_id = p_pool and c.status = 'free' and c.spread < v_start
    order by c.spread limit 1 for update skip locked;
  end if;
  if not found then return; end if;

  update pool_code c
  set status = 'taken', customer_id = p_customer, redemption_id = p_redemption, taken_at = p_at
  where c.project_id = p_project and c.id = v_id;
  perform announce_low_stock(p_project, p_pool, p_at);
  return query select v_id, v_code;
end
$$;

-- Announces, once until the pool is filled up again, that no more than low_stock codes are left. Counts at most
-- low_stock + 1 rows. Codes that others are taking at this moment still count as left: the event may come some takes
-- late, and the sweep of the workers catches what the last takers of all could not see.
create function announce_low_stock(p_project text, p_pool text, p_at timestamptz) returns void
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_low bigint;
  v_left bigint;
begin
  select p.low_stock into v_low from pool p
  where p.project_id = p_project and p.id = p_pool and p.low_stock_at is null;
  if v_low is null then return; end if;
  select count(*) into v_left from (
    select from pool_code c
    where c.project_id = p_project and c.pool_id = p_pool and c.status = 'free' limit v_low + 1) counted;
  if v_left > v_low then return; end if;
  -- Of several who see it at once, one changes the row.
  update pool p set low_stock_at = p_at
  where p.project_id = p_project and p.id = p_pool and p.low_stock_at is null;
  if not found then return; end if;
  insert into outbox (event_id, project_id, type, occurred_at, payload)
  select 'evt_' || gen_random_uuid(), p_project, 'pool.low_stock', p_at,
         jsonb_build_object('pool_id', p.id, 'name', p.name, 'left', v_left, 'low_stock', v_low)
  from pool p where p.project_id = p_project and p.id = p_pool;
end
$$;

-- Adds to a gift card's balance: the counter, its row in the ledger, its event. The caller holds the voucher's lock.
-- p_reference is the redemption that gave the credit, or the voucher itself for a top-up by hand.
-- → the balance after.
create function top_up_gift_card(p_project text, p_voucher text, p_amount bigint, p_movement text, p_reference text,
                                 p_reason text, p_occurred_at timestamptz, p_created_at timestamptz) returns bigint
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_lines jsonb := jsonb_build_array(
    jsonb_build_object('kind', 'voucher', 'id', p_voucher, 'uses', 0, 'amount', 0, 'balance', p_amount));
begin
  perform move(p_project, v_lines);
  insert into ledger (project_id, kind, movement_id, reference_id, discount_amount, lines, occurred_at, created_at)
  values (p_project, 'top_up', p_movement, p_reference, 0, v_lines, p_occurred_at, p_created_at);
  return announce_gift_credit(p_project, p_voucher, p_amount, p_reason, p_occurred_at);
end
$$;

-- Says that a card was credited, or with a negative amount that credit was taken back, after its balance was moved.
-- → the balance after.
create function announce_gift_credit(p_project text, p_voucher text, p_amount bigint, p_reason text, p_at timestamptz)
returns bigint
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_balance bigint;
begin
  select v.balance_amount into strict v_balance from voucher v where v.project_id = p_project and v.id = p_voucher;
  insert into outbox (event_id, project_id, type, occurred_at, payload)
  select 'evt_' || gen_random_uuid(), p_project, 'gift_card.credited', p_at,
         jsonb_build_object('voucher_id', v.id, 'campaign_id', v.campaign_id, 'code', v.code, 'customer', k.identifier,
                            'amount', p_amount, 'balance_amount', v_balance, 'reason', p_reason)
  from voucher v left join customer k on k.project_id = v.project_id and k.id = v.customer_id
  where v.project_id = p_project and v.id = p_voucher;
  return v_balance;
end
$$;

-- Credits the customer's card of a campaign; makes one, with the given id and code, for a customer who has none that is
-- usable. → the id of the card that was credited. TS001: the code is taken by another voucher.
create function credit_gift_card(p_project text, p_campaign text, p_customer text, p_amount bigint, p_voucher_id text,
                                 p_code text, p_movement text, p_reference text, p_occurred_at timestamptz,
                                 p_created_at timestamptz) returns text
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_id text := usable_gift_card(p_project, p_campaign, p_customer, p_occurred_at);
begin
  if v_id is null then
    -- Two first credits of one customer make one card: the second waits here, and then sees it.
    perform pg_advisory_xact_lock(hashtextextended(p_project || ' ' || p_campaign || ' ' || p_customer, 7237));
    v_id := usable_gift_card(p_project, p_campaign, p_customer, p_occurred_at);
  end if;
  if v_id is null then
    v_id := p_voucher_id;
    perform insert_issued_voucher(p_project, p_voucher_id, p_code, p_campaign, p_customer, 'gift_card', p_occurred_at);
  end if;
  perform top_up_gift_card(p_project, v_id, p_amount, p_movement, p_reference, null, p_occurred_at, p_created_at);
  return v_id;
end
$$;

-- Locks the card, so that it is still usable when it is credited.
create function usable_gift_card(p_project text, p_campaign text, p_customer text, p_at timestamptz) returns text
language sql volatile
set search_path = public, pg_temp
as $$
  select v.id from voucher v
  where v.project_id = p_project and v.customer_id = p_customer and v.campaign_id = p_campaign and v.kind = 'gift_card'
    and v.status <> 'disabled' and (v.expires_at is null or v.expires_at > p_at)
  order by v.id limit 1 for update;
$$;

-- The voucher, its publication (channel 'reward') and both events. It lives as long as the campaign says.
create function insert_issued_voucher(p_project text, p_id text, p_code text, p_campaign text, p_customer text,
                                      p_kind text, p_at timestamptz) returns void
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_card boolean := p_kind = 'gift_card';
  v_publication text := 'pub_' || gen_random_uuid();
  v_facts jsonb;
begin
  insert into voucher (project_id, id, code, campaign_id, kind, status, redemptions_max, balance_amount, balance_initial,
                       customer_id, expires_at, created_at, updated_at)
  select p_project, p_id, p_code, p_campaign, p_kind, 'distributed', case when v_card then null else 1 end,
         case when v_card then 0 end, case when v_card then 0 end, p_customer,
         p_at + make_interval(hours => 24 * c.voucher_lifetime_days), p_at, p_at
  from campaign c where c.project_id = p_project and c.id = p_campaign
  on conflict (project_id, code) do nothing;
  if not found then raise exception using errcode = 'TS001'; end if;

  insert into publication (project_id, id, voucher_id, campaign_id, customer_id, channel, published_at)
  values (p_project, v_publication, p_id, p_campaign, p_customer, 'reward', p_at);

  select jsonb_strip_nulls(jsonb_build_object('balance_amount', case when v_card then 0 end))
         || jsonb_build_object('voucher_id', p_id, 'campaign_id', p_campaign, 'code', p_code, 'kind', p_kind,
                               'customer', k.identifier)
  into v_facts from customer k where k.project_id = p_project and k.id = p_customer;
  insert into outbox (event_id, project_id, type, occurred_at, payload)
  values ('evt_' || gen_random_uuid(), p_project, 'voucher.created', p_at, v_facts),
         ('evt_' || gen_random_uuid(), p_project, 'voucher.published', p_at,
          v_facts || jsonb_build_object('publication_id', v_publication, 'channel', 'reward'));
end
$$;

-- A new unique voucher of a campaign, handed to the customer. TS001: the code is taken by another voucher.
create function issue_voucher(p_project text, p_id text, p_code text, p_campaign text, p_customer text, p_at timestamptz)
returns void
language sql volatile
set search_path = public, pg_temp
as $$
  select insert_issued_voucher(p_project, p_id, p_code, p_campaign, p_customer, 'unique', p_at);
$$;

-- A file of vouchers on its way in. Its rows are staged while they arrive; a worker then makes the vouchers, a chunk at
-- a time, and deletes the staged rows in the same transaction. `line_done` is where it goes on.
create table voucher_import (
  project_id text collate "C" not null,
  id text collate "C" not null,
  campaign_id text collate "C" not null,
  status text not null check (status in ('receiving', 'running', 'done', 'failed')),
  rows_read bigint not null default 0,
  line_done bigint not null default 0,
  imported bigint not null default 0,
  failed bigint not null default 0,
  error text,
  -- Whether rows of it may still be staged.
  staged boolean not null default true,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, id),
  foreign key (project_id, campaign_id) references campaign
);
create index voucher_import_staged on voucher_import (updated_at) where staged;
create table voucher_import_row (
  project_id text collate "C" not null,
  import_id text collate "C" not null,
  line bigint not null,
  -- JSON as it came (a CSV row as an object of texts); null when the line could not be read, and then `fault` says why.
  content text,
  fault text,
  primary key (project_id, import_id, line),
  foreign key (project_id, import_id) references voucher_import
);
create table voucher_import_error (
  project_id text collate "C" not null,
  import_id text collate "C" not null,
  line bigint not null,
  field text not null,
  reason text not null,
  primary key (project_id, import_id, line)
);

-- Disables, enables, expires or assigns many vouchers. Those of a campaign or a batch are walked by id up to the newest
-- at the start; those that were named are items.
create table voucher_job (
  project_id text collate "C" not null,
  id text collate "C" not null,
  action text not null check (action in ('disable', 'enable', 'expire', 'assign')),
  campaign_id text collate "C",
  batch_id text collate "C",
  expires_at timestamptz,
  status text not null check (status in ('running', 'done', 'failed')),
  -- Null: not known, a campaign's vouchers are not counted.
  total bigint,
  done bigint not null default 0,
  changed bigint not null default 0,
  failed bigint not null default 0,
  -- The last voucher id or item position that is done, and the last there is to do.
  cursor text collate "C" not null default '',
  upto text collate "C" not null,
  error text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, id)
);
create index voucher_job_running on voucher_job (updated_at) where status = 'running';
create table voucher_job_item (
  project_id text collate "C" not null,
  job_id text collate "C" not null,
  position integer not null,
  code text not null,
  customer text,
  primary key (project_id, job_id, position),
  foreign key (project_id, job_id) references voucher_job
);
create table voucher_job_error (
  project_id text collate "C" not null,
  job_id text collate "C" not null,
  position bigint generated always as identity,
  code text not null,
  reason text not null,
  primary key (project_id, job_id, position)
);
