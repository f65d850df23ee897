-- Who changed what. Written by triggers, so that no way of changing something can forget it. Movements (redemptions,
-- reservations, rollbacks, points) are not in it: the ledgers tell of them.
--
-- Who it was comes from settings of the transaction: tessera.actor (the id of the key) and tessera.request. Without
-- them it was the service itself: 'system'.

create table audit_log (
  project_id text collate "C" not null,
  id text collate "C" not null,
  actor text collate "C" not null,
  -- The key's name at that time.
  actor_name text,
  action text not null,
  subject_type text collate "C" not null,
  subject_id text collate "C" not null,
  before jsonb,
  after jsonb,
  request_id text,
  at timestamptz not null,
  primary key (project_id, id)
);
create index audit_log_by_subject on audit_log (project_id, subject_type, subject_id, id);
create index audit_log_by_actor on audit_log (project_id, actor, id);
create trigger audit_log_append_only before update or delete or truncate on audit_log
  for each statement execute function refuse_change();

-- The beginning of the ids of an instant: ids sort by time, so a range of time is a range of the primary key.
create function audit_id(p_at timestamptz) returns text
language sql immutable strict
as $$ select 'adt_' || lpad(to_hex((extract(epoch from p_at) * 1000000)::bigint), 14, '0') $$;

create function audit(
  p_project text, p_subject_type text, p_subject_id text, p_action text, p_before jsonb, p_after jsonb
) returns void
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_at timestamptz := clock_timestamp();
  v_actor text := nullif(current_setting('tessera.actor', true), '');
begin
  insert into audit_log (project_id, id, actor, actor_name, action, subject_type, subject_id, before, after, request_id, at)
  values (p_project, audit_id(v_at) || replace(gen_random_uuid()::text, '-', ''), coalesce(v_actor, 'system'),
          (select k.name from api_key k where k.id = v_actor), p_action, p_subject_type, p_subject_id, p_before, p_after,
          nullif(current_setting('tessera.request', true), ''), v_at);
end
$$;

-- Of a row the fields that are given, without those that are null. Fields that are not among p_shown, when there is such
-- a list, are personal: the log says that they changed and not to what, for it can never be erased.
create function audit_fields(p_row jsonb, p_fields text[], p_shown text[]) returns jsonb
language sql immutable
as $$
  select jsonb_object_agg(f, case when p_shown is null or f = any(p_shown) then p_row -> f else '"(personal)"' end)
  from unnest(p_fields) f
  where p_row -> f <> 'null'
$$;

-- Arguments: the subject's type, the fields that say which one it is, fields that are never logged, and, when the row is
-- about a person, the only fields that are. An update logs what it changed, and nothing when that is nothing.
create function audit_change() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
declare
  v_identity text[] := string_to_array(tg_argv[1], ',');
  v_hidden text[] := string_to_array(tg_argv[2], ',') || '{project_id,created_at,updated_at}';
  v_shown text[] := string_to_array(tg_argv[3], ',');
  v_old jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  v_row jsonb := coalesce(v_new, v_old);
  v_fields text[];
  v_action text;
begin
  select array_agg(f) into v_fields
  from jsonb_object_keys(v_row) f
  where f <> all(v_hidden) and (tg_op <> 'UPDATE' or v_new -> f is distinct from v_old -> f);
  if v_fields is null then return null; end if;
  v_action := case
    when tg_op = 'INSERT' then 'created'
    when tg_op = 'DELETE' then 'deleted'
    when 'revoked_at' = any(v_fields) then 'revoked'
    when 'status' = any(v_fields) then 'status_changed'
    else 'updated' end;
  perform audit(
    coalesce(v_row ->> 'project_id', v_row ->> 'id'), tg_argv[0], v_row ->> 'id', v_action,
    audit_fields(v_old, v_fields || v_identity, v_shown), audit_fields(v_new, v_fields || v_identity, v_shown));
  return null;
end
$$;

create trigger audited after insert or update or delete on project
  for each row execute function audit_change('project', 'id,name', '');
create trigger audited after insert or update or delete on api_key
  for each row execute function audit_change('key', 'id,name', 'key_hash,hint');
create trigger audited after insert or update or delete on campaign
  for each row execute function audit_change('campaign', 'id,name', '');
create trigger audited after insert or update or delete on pool
  for each row execute function audit_change('pool', 'id,name', 'codes_count,low_stock_at');
create trigger audited after insert or update or delete on segment
  for each row execute function audit_change('segment', 'id,name', '');

-- Customers come by themselves, with an order; what is logged is who changed one.
create trigger audited after update or delete on customer
  for each row execute function audit_change('customer', 'id', '', 'id,blocked,tags,consent');

-- Vouchers are counted millions of times and made by the million: only what a key does to single ones is logged, and
-- their counters are left to the ledger. Everything else that makes or changes vouchers is logged as the job or the
-- redemption that it is.
create trigger audited_insert after insert on voucher
  for each row when (new.batch_id is null and current_setting('tessera.actor', true) <> '')
  execute function audit_change('voucher', 'id,code', 'redemptions_count,discount_amount,balance_amount,holds_count');
create trigger audited_update after update on voucher
  for each row when (old.version is distinct from new.version and current_setting('tessera.actor', true) <> '')
  execute function audit_change('voucher', 'id,code', 'redemptions_count,discount_amount,balance_amount,holds_count');
create trigger audited_delete after delete on voucher
  for each row when (old.batch_id is null and current_setting('tessera.actor', true) <> '')
  execute function audit_change('voucher', 'id,code', 'redemptions_count,discount_amount,balance_amount,holds_count');

-- Jobs: that they were ordered, and what became of them; not their progress. An upload is nobody's until it has come.
create trigger audited_insert after insert on voucher_batch
  for each row execute function audit_change('voucher_batch', 'id,campaign_id', 'done');
create trigger audited_update after update on voucher_batch
  for each row when (old.status is distinct from new.status)
  execute function audit_change('voucher_batch', 'id,campaign_id', '');
create trigger audited_insert after insert on voucher_import
  for each row when (new.status <> 'receiving')
  execute function audit_change('voucher_import', 'id,campaign_id', 'staged,rows_read,line_done,imported,failed');
create trigger audited_update after update on voucher_import
  for each row when (old.status is distinct from new.status)
  execute function audit_change('voucher_import', 'id,campaign_id', 'staged,line_done');
create trigger audited_insert after insert on voucher_job
  for each row execute function audit_change('voucher_job', 'id,action', 'cursor,upto,done,changed,failed');
create trigger audited_update after update on voucher_job
  for each row when (old.status is distinct from new.status)
  execute function audit_change('voucher_job', 'id,action', 'cursor,upto');

-- Members of lists come and go in bulk: one entry a statement with how many, when a key did it.
create function audit_many() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
declare
  t record;
begin
  if coalesce(current_setting('tessera.actor', true), '') = '' then return null; end if;
  for t in
    select r.row ->> 'project_id' as project_id, r.row ->> tg_argv[1] as id, count(*) as n
    from (select to_jsonb(changed) as row from changed) r
    group by 1, 2
  loop
    perform audit(t.project_id, tg_argv[0], t.id, tg_argv[2], null, jsonb_build_object('id', t.id, 'count', t.n));
  end loop;
  return null;
end
$$;
create trigger audited_insert after insert on segment_member referencing new table as changed
  for each statement execute function audit_many('segment', 'segment_id', 'members_added');
create trigger audited_delete after delete on segment_member referencing old table as changed
  for each statement execute function audit_many('segment', 'segment_id', 'members_removed');

-- Definitions of before there were versions: what holds now is all that is known of them.
insert into campaign_version (project_id, campaign_id, version, definition, created_at)
select c.project_id, c.id, c.version, to_jsonb(c) - '{project_id,created_at,updated_at}'::text[], c.updated_at
from campaign c
on conflict do nothing;
