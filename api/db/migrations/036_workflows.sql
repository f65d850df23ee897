-- Workflows: what is to happen when something happened, and what became of it for each customer.

create table workflow (
  project_id text collate "C" not null references project,
  id text collate "C" not null,
  name text not null,
  status text not null check (status in ('draft', 'active', 'paused', 'archived')),
  -- Of the definition: a change of it is a new version.
  version integer not null check (version >= 1),
  -- { trigger, conditions, steps, settings }
  definition jsonb not null,
  -- The definition's trigger, so that whoever reads events finds its workflows.
  trigger_on text not null,
  -- Since it was activated last. What happened before it starts nothing.
  active_since timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, id),
  unique (project_id, name),
  check ((status = 'active') = (active_since is not null))
);
create index workflow_active on workflow (trigger_on, project_id) where status = 'active';

create table workflow_version (
  project_id text collate "C" not null,
  workflow_id text collate "C" not null,
  version integer not null,
  definition jsonb not null,
  created_at timestamptz not null,
  primary key (project_id, workflow_id, version),
  foreign key (project_id, workflow_id) references workflow
);

-- How far the clock of a workflow was followed whose trigger is a day or an hour: everything up to then has its run.
create table workflow_scan (
  project_id text collate "C" not null,
  workflow_id text collate "C" not null,
  scanned_until timestamptz not null,
  -- Of a scan that is under way: how far it goes, and the last row it has seen.
  upto timestamptz,
  after_id text collate "C" not null default '',
  primary key (project_id, workflow_id),
  foreign key (project_id, workflow_id) references workflow
);
create index workflow_scan_due on workflow_scan (scanned_until);

create table workflow_run (
  project_id text collate "C" not null,
  id text collate "C" not null,
  workflow_id text collate "C" not null,
  -- The one it began with, and keeps.
  version integer not null,
  customer_id text collate "C" not null,
  -- What set it off: the event's id, or "birthday:2026".
  trigger_key text collate "C" not null,
  -- { type, at, fields, order, vouchers }: what conditions and steps may ask of the event, for as long as it waits.
  trigger jsonb not null,
  -- How many runs led to it, one by what another did. 0: something outside.
  depth integer not null default 0,
  status text not null check (status in ('running', 'finished', 'stopped', 'skipped', 'failed', 'cancelled')),
  -- Why it ended before its last step.
  reason text,
  -- The next step, from 0.
  position integer not null default 0 check (position >= 0),
  -- When it is due; in the past while it runs.
  due_at timestamptz not null,
  -- Its time has come while the workflow was paused: nothing is in the queue for it.
  held boolean not null default false,
  -- The conditions were met since it last waited.
  checked boolean not null default false,
  -- Of its steps in the queue: smaller comes first, whatever else is due.
  priority smallint not null default 0,
  started_at timestamptz not null,
  ended_at timestamptz,
  -- Ended so long ago that its log and what set it off are gone; the row stays where it keeps a customer from beginning
  -- a second time.
  forgotten boolean not null default false,
  primary key (project_id, id),
  -- At most once.
  unique (project_id, workflow_id, trigger_key, customer_id),
  foreign key (project_id, workflow_id, version) references workflow_version,
  check ((status = 'running') = (ended_at is null))
);
create index workflow_run_by_age on workflow_run (project_id, workflow_id, id);
create index workflow_run_by_status on workflow_run (project_id, workflow_id, status, id);
create index workflow_run_by_customer on workflow_run (project_id, customer_id, workflow_id, started_at);
create index workflow_run_due on workflow_run (due_at) where status = 'running' and not held;
create index workflow_run_ended on workflow_run (ended_at) where ended_at is not null and not forgotten;
create index workflow_run_held on workflow_run (project_id, workflow_id, id) where held;

-- What happened to a run, in its order. Never changed; gone when the run is forgotten.
create table workflow_run_entry (
  project_id text collate "C" not null,
  run_id text collate "C" not null,
  entry bigint generated always as identity,
  -- The step, and its type; null for what happened to the run as a whole.
  position integer,
  kind text,
  outcome text not null
    check (outcome in ('done', 'withheld', 'waiting', 'held', 'met', 'not_met', 'failed', 'retried', 'cancelled')),
  reason text,
  -- Ids of what was made, and figures.
  detail jsonb not null default '{}',
  customer_id text collate "C" not null,
  at timestamptz not null,
  -- Of the step: events of the same transaction were caused by it.
  xid xid8 not null default pg_current_xact_id(),
  primary key (project_id, run_id, entry),
  foreign key (project_id, run_id) references workflow_run
);
-- A step has its effect at most once.
create unique index workflow_run_entry_once on workflow_run_entry (project_id, run_id, position)
  where outcome in ('done', 'withheld');
create index workflow_run_entry_by_xid on workflow_run_entry (xid) where outcome = 'done';
-- What a customer was sent, for the caps.
create index workflow_run_entry_sent on workflow_run_entry (project_id, customer_id, at)
  where kind = 'deliver' and outcome = 'done';
create function refuse_workflow_entry_change() returns trigger
language plpgsql
as $$
begin
  if tg_op = 'DELETE' and current_setting('tessera.retention', true) = 'on' then return null; end if;
  raise exception '% is append-only', tg_table_name using errcode = '55000';
end
$$;
create trigger workflow_run_entry_append_only before update or delete or truncate on workflow_run_entry
  for each statement execute function refuse_workflow_entry_change();

-- Of all workflows of a project together.
create table workflow_settings (
  project_id text collate "C" not null primary key references project,
  deliveries_max integer check (deliveries_max between 1 and 1000),
  days integer check (days between 1 and 365),
  updated_at timestamptz not null,
  check ((deliveries_max is null) = (days is null))
);

create trigger audited after insert or update or delete on workflow
  for each row execute function audit_change('workflow', 'id,name', 'active_since,trigger_on');
-- The project's id names them.
create function audit_workflow_settings() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
  perform audit(
    new.project_id, 'workflow_settings', new.project_id, case tg_op when 'INSERT' then 'created' else 'updated' end,
    case when tg_op = 'UPDATE' then jsonb_build_object('deliveries_max', old.deliveries_max, 'days', old.days) end,
    jsonb_build_object('deliveries_max', new.deliveries_max, 'days', new.days));
  return null;
end
$$;
create trigger audited after insert or update on workflow_settings
  for each row execute function audit_workflow_settings();

-- Credit that a workflow gives says so: `p_reason` goes into the event. Else it is as it was (010).
drop function credit_gift_card(text, text, text, bigint, text, text, text, text, timestamptz, timestamptz);
create function credit_gift_card(p_project text, p_campaign text, p_customer text, p_amount bigint, p_voucher_id text,
                                 p_code text, p_movement text, p_reference text, p_occurred_at timestamptz,
                                 p_created_at timestamptz, p_reason text default null) returns text
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
  perform top_up_gift_card(p_project, v_id, p_amount, p_movement, p_reference, p_reason, p_occurred_at, p_created_at);
  return v_id;
end
$$;
