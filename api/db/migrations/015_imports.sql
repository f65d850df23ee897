-- Files of customers, orders, events and historic redemptions on their way in. Rows are staged while they arrive; a
-- worker then applies them, a chunk at a time, and deletes the staged rows in the same transaction. `line_done` is where
-- it goes on.

create table import_job (
  project_id text collate "C" not null references project,
  id text collate "C" not null,
  kind text not null check (kind in ('customers', 'orders', 'events', 'redemptions')),
  format text not null check (format in ('csv', 'ndjson', 'parquet')),
  -- The key that sent it: what the import changes is put down to it in the audit log.
  key_id text collate "C" not null,
  status text not null check (status in ('receiving', 'running', 'done', 'failed')),
  rows_read bigint not null default 0,
  line_done bigint not null default 0,
  imported bigint not null default 0,
  -- Rows that say what was known already.
  unchanged bigint not null default 0,
  failed bigint not null default 0,
  error text,
  -- Whether rows of it may still be staged.
  staged boolean not null default true,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, id)
);
create index import_job_staged on import_job (updated_at) where staged;

create table import_row (
  project_id text collate "C" not null,
  import_id text collate "C" not null,
  line bigint not null,
  -- JSON in the shape of the wire; null when the line could not be read, and then `fault` says why.
  content text,
  fault text,
  -- Of an order that came as one line an item: the lines of its items.
  item_lines bigint[],
  primary key (project_id, import_id, line),
  foreign key (project_id, import_id) references import_job
) with (autovacuum_vacuum_scale_factor = 0.05);

create table import_error (
  project_id text collate "C" not null,
  import_id text collate "C" not null,
  line bigint not null,
  -- A JSON pointer without its first slash: "items/0/quantity".
  field text not null,
  reason text not null,
  primary key (project_id, import_id, line)
);

-- What was imported under a reference of the shop, for good: an idempotency key is forgotten after two days, and a file
-- may be sent again after a year.
create table imported_redemption (
  project_id text collate "C" not null,
  reference text collate "C" not null,
  redemption_id text collate "C" not null,
  content_hash bytea not null,
  primary key (project_id, reference)
);

create trigger audited_insert after insert on import_job
  for each row when (new.status <> 'receiving')
  execute function audit_change('import', 'id,kind', 'staged,key_id,rows_read,line_done,imported,unchanged,failed');
create trigger audited_update after update on import_job
  for each row when (old.status is distinct from new.status)
  execute function audit_change('import', 'id,kind', 'staged,key_id,line_done');

-- The locks of `lock_order` for many orders, in the order in which `lock_rows` takes them.
create function lock_orders(p_project text, p_orders text[]) returns void
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  t record;
begin
  for t in select distinct o as id from unnest(p_orders) o order by 1 loop
    perform lock_order(p_project, t.id);
  end loop;
end
$$;

-- The ids of many customers. Those never seen before are made, with the ids and the times given: who has the given id
-- afterwards is new. Newcomers are locked as `lock_rows` locks them, so that an import and a redemption wait for each
-- other at most. Run it after orders are locked, and before any campaign is.
create function ensure_customers(p_project text, p_identifiers text[], p_ids text[], p_at timestamptz[])
returns table (identifier text, id text)
language plpgsql volatile
set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
  v_missing text[] := array(
    select n collate "C" from unnest(p_identifiers) n
    where not exists (select from customer c where c.project_id = p_project and c.identifier = n) order by 1);
  v_identifier text;
begin
  if cardinality(v_missing) > 0 then
    foreach v_identifier in array v_missing loop
      perform lock_newcomer(p_project, v_identifier);
    end loop;
    insert into customer (project_id, id, identifier, created_at, updated_at)
    select p_project, n.id, n.identifier, n.at, now()
    from unnest(p_identifiers, p_ids, p_at) as n(identifier, id, at)
    where not exists (select from customer c where c.project_id = p_project and c.identifier = n.identifier)
    order by n.identifier collate "C"
    on conflict (project_id, identifier) do nothing;
  end if;
  return query
    select c.identifier, c.id from unnest(p_identifiers) n
    join customer c on c.project_id = p_project and c.identifier = n;
end
$$;

-- `lock_all_of_order` for many orders at once: one after the other would lock a campaign after a voucher. The caller
-- holds the locks of the orders.
create function lock_all_of_orders(p_project text, p_orders text[]) returns void
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_redemptions text[] := array(
    select distinct c.redemption_id from redemption_code c
    where c.project_id = p_project and c.order_id = any(p_orders) and c.live);
  t record;
begin
  for t in
    select x.rank, x.id from (
      select 1 as rank, c.main_campaign_id as id from redemption_code c
      where c.project_id = p_project and c.redemption_id = any(v_redemptions)
      union
      select 2, c.campaign_id from redemption_code c
      where c.project_id = p_project and c.redemption_id = any(v_redemptions)) x
    order by x.rank, x.id
  loop
    perform from campaign_usage u where u.project_id = p_project and u.campaign_id = t.id for update;
  end loop;

  for t in
    select v.id from voucher v
    where v.project_id = p_project and v.id in (
      select c.voucher_id from redemption_code c
      where c.project_id = p_project and c.redemption_id = any(v_redemptions)
      union
      select w.voucher_id from issued_reward w
      where w.project_id = p_project and w.redemption_id = any(v_redemptions) and w.status = 'issued')
    order by v.code collate "C"
  loop
    perform from voucher v where v.project_id = p_project and v.id = t.id for update;
  end loop;

  for t in
    select distinct e.customer_id from points_entry e
    where e.project_id = p_project and e.reference_id = any(v_redemptions) order by 1
  loop
    perform from points_account a where a.project_id = p_project and a.customer_id = t.customer_id for update;
  end loop;
end
$$;
