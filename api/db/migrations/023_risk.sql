-- Rules and policies of risk: what an operator wrote. The shipped rules are in the code; a row of the same id stands in
-- for one. Every change counts the project's version up, which the facts of each request carry, and keeps what became
-- of the row: an assessment of before can be made again with what held then.

create table risk_version (
  project_id text collate "C" primary key references project (id),
  version int not null
);

create table risk_rule (
  project_id text collate "C" not null references project (id),
  id text collate "C" not null,
  name text not null,
  description text,
  status text not null check (status in ('draft', 'shadow', 'enabled', 'disabled')),
  condition jsonb not null,
  weight double precision not null check (weight >= 0 and weight <= 0.99),
  floor text check (floor = 'flag'),
  version int not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, id)
);

-- campaign_id: a main campaign, a sub-campaign, or '' for the project's default. One live and one in shadow each.
create table risk_policy (
  project_id text collate "C" not null references project (id),
  campaign_id text collate "C" not null,
  status text collate "C" not null check (status in ('live', 'shadow')),
  id text collate "C" not null,
  flag double precision check (flag > 0 and flag <= 1),
  hold double precision check (hold > 0 and hold <= 1),
  reject double precision check (reject > 0 and reject <= 1),
  hold_seconds int not null check (hold_seconds > 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, campaign_id, status)
);

-- What became of a rule or a policy with each version; null when it was deleted.
create table risk_change (
  project_id text collate "C" not null,
  version int not null,
  kind text collate "C" not null check (kind in ('rule', 'policy')),
  subject text collate "C" not null,
  definition jsonb,
  at timestamptz not null default now(),
  primary key (project_id, version, kind, subject)
);
create index risk_change_by_subject on risk_change (project_id, kind, subject, version);

create function risk_changed() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
declare
  v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  v_row jsonb := coalesce(v_new, to_jsonb(old));
  v_version int;
begin
  insert into risk_version as v (project_id, version) values (v_row ->> 'project_id', 1)
  on conflict (project_id) do update set version = v.version + 1
  returning v.version into v_version;
  insert into risk_change (project_id, version, kind, subject, definition)
  values (v_row ->> 'project_id', v_version, tg_argv[0], v_row ->> 'id', v_new);
  return null;
end
$$;

create trigger versioned after insert or update or delete on risk_rule
  for each row execute function risk_changed('rule');
create trigger versioned after insert or update or delete on risk_policy
  for each row execute function risk_changed('policy');
create trigger audited after insert or update or delete on risk_rule
  for each row execute function audit_change('risk_rule', 'id,name', 'version');
create trigger audited after insert or update or delete on risk_policy
  for each row execute function audit_change('risk_policy', 'id,campaign_id', '');
