-- Models that were trained for a project. Those that come with the product are files of the source tree, and serve a
-- project until it has a champion of its own.

create table model_version (
  project_id text collate "C" not null references project,
  name text collate "C" not null check (name ~ '^[a-z_]{1,40}$'),
  version text collate "C" not null check (version ~ '^[A-Za-z0-9._-]{1,64}$'),
  status text not null default 'challenger' check (status in ('challenger', 'champion', 'retired')),
  -- What it was made of and how it did; checked by who reads it.
  manifest jsonb not null check (length(manifest::text) <= 1000000),
  -- Why it was promoted, or was not.
  reason text check (length(reason) <= 1000),
  -- The champion that it took the place of; null: the one that comes with the product.
  replaces text,
  created_at timestamptz not null default now(),
  promoted_at timestamptz,
  primary key (project_id, name, version)
);
create unique index model_version_champion on model_version (project_id, name) where status = 'champion';

-- Apart from the version, so that no list of versions reads them.
create table model_file (
  project_id text collate "C" not null,
  name text collate "C" not null,
  version text collate "C" not null,
  path text collate "C" not null check (path ~ '^[A-Za-z0-9._/-]{1,100}$'),
  bytes bytea not null check (length(bytes) <= 8388608),
  primary key (project_id, name, version, path),
  foreign key (project_id, name, version) references model_version on delete cascade
);

-- The last training of each model by the schedule.
create table model_training (
  project_id text collate "C" not null references project,
  name text collate "C" not null,
  outcome text not null check (outcome in ('promoted', 'kept', 'too_little_data', 'failed')),
  version text,
  detail text not null check (length(detail) <= 1000),
  -- What there was to learn from, so that the next one waits for more.
  rows_count bigint not null default 0,
  trained_at timestamptz not null default now(),
  primary key (project_id, name)
);

-- One row: whoever serves models asks it whether any champion has changed.
create table model_change (
  id boolean primary key default true check (id),
  version bigint not null default 0
);
insert into model_change default values;

create function note_model_change() returns trigger
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
  if new.status = 'champion' or (tg_op = 'UPDATE' and old.status = 'champion') then
    update model_change set version = version + 1;
  end if;
  return null;
end
$$;
create trigger noted after insert or update on model_version
  for each row execute function note_model_change();

-- Of several at once for one model the second waits for the first. @returns 'missing', 'champion' when it is one
-- already, or 'promoted'.
create function promote_model(p_project text, p_name text, p_version text, p_reason text) returns text
language plpgsql
set search_path = public, pg_temp
as $$
declare
  v_status text;
  v_replaced text;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_project || '/' || p_name, 25));
  select status into v_status from model_version
  where project_id = p_project and name = p_name and version = p_version;
  if v_status is null then return 'missing'; end if;
  if v_status = 'champion' then return 'champion'; end if;
  update model_version set status = 'retired'
  where project_id = p_project and name = p_name and status = 'champion'
  returning version into v_replaced;
  update model_version
  set status = 'champion', replaces = v_replaced, reason = p_reason, promoted_at = now()
  where project_id = p_project and name = p_name and version = p_version;
  return 'promoted';
end
$$;

-- Takes a champion out of service and puts back the one before it; where that one is gone, what comes with the product
-- serves. @returns 'missing', 'not_champion', or 'rolled_back'.
create function roll_back_model(p_project text, p_name text, p_version text, p_reason text) returns text
language plpgsql
set search_path = public, pg_temp
as $$
declare
  v_status text;
  v_before text;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_project || '/' || p_name, 25));
  select status, replaces into v_status, v_before from model_version
  where project_id = p_project and name = p_name and version = p_version;
  if v_status is null then return 'missing'; end if;
  if v_status <> 'champion' then return 'not_champion'; end if;
  update model_version set status = 'retired', reason = p_reason
  where project_id = p_project and name = p_name and version = p_version;
  -- What it replaced itself stays: one can go back step by step.
  update model_version set status = 'champion', reason = p_reason
  where project_id = p_project and name = p_name and version = v_before;
  return 'rolled_back';
end
$$;
