-- A version promoted again moves to the end of the line of champions: what stood behind it now stands behind the one
-- before it. Otherwise two versions promoted in turn would each replace the other, and no rollback would ever reach what
-- comes with the product.
create or replace function promote_model(p_project text, p_name text, p_version text, p_reason text) returns text
language plpgsql
set search_path = public, pg_temp
as $$
declare
  v_status text;
  v_before text;
  v_replaced text;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_project || '/' || p_name, 25));
  select status, replaces into v_status, v_before from model_version
  where project_id = p_project and name = p_name and version = p_version;
  if v_status is null then return 'missing'; end if;
  if v_status = 'champion' then return 'champion'; end if;
  update model_version set replaces = v_before
  where project_id = p_project and name = p_name and replaces = p_version;
  update model_version set status = 'retired'
  where project_id = p_project and name = p_name and status = 'champion'
  returning version into v_replaced;
  update model_version
  set status = 'champion', replaces = v_replaced, reason = p_reason, promoted_at = now()
  where project_id = p_project and name = p_name and version = p_version;
  return 'promoted';
end
$$;

-- A new challenger counts as a change as well. The newest time of creation did not do: of two written at once the one that
-- began earlier and ended later was never seen, and to find the newest took a look at every version, every two seconds.
create or replace function note_model_change() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    perform audit(new.project_id, 'model', new.name || '@' || new.version, 'created', null,
                  jsonb_build_object('name', new.name, 'version', new.version, 'status', new.status));
  elsif old.status is distinct from new.status then
    perform audit(new.project_id, 'model', new.name || '@' || new.version, 'status_changed',
                  jsonb_build_object('status', old.status),
                  jsonb_build_object('name', new.name, 'version', new.version, 'status', new.status, 'reason', new.reason));
  end if;
  if tg_op = 'INSERT' or old.status is distinct from new.status then
    update model_change set version = version + 1;
  end if;
  return null;
end
$$;
