-- What is known of the way from Postgres to ClickHouse: how far the outbox was emptied, what the comparisons of both
-- stores found, and what is wrong now.

-- Up to where delivered rows were deleted from the outbox. Rows at or before it can be sent again no more.
create table outbox_pruned (
  upto_xid xid8 not null,
  upto_seq bigint not null,
  -- Everything written down before this instant may be gone.
  recorded_until timestamptz not null,
  pruned_at timestamptz not null default now()
);
create unique index outbox_pruned_single on outbox_pruned ((true));

-- One row a comparison. `horizon` is the xmin of its snapshot: the next one looks at the days of what came after it.
create table reconciliation_run (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('full', 'window')),
  started_at timestamptz not null,
  ended_at timestamptz not null,
  outcome text not null check (outcome in ('compared', 'not_comparable')),
  horizon xid8,
  days integer not null default 0,
  groups integer not null default 0,
  -- All that were confirmed, also those that reconciliation_drift has no room for.
  drifts integer not null default 0,
  detail text
);
create index reconciliation_run_compared on reconciliation_run (ended_at) where outcome = 'compared';

-- What differs now: confirmed by a second look, gone when a later comparison finds both stores equal there.
create table reconciliation_drift (
  check_name text collate "C" not null,
  project_id text collate "C" not null,
  key text collate "C" not null,
  -- YYYY-MM-DD, or empty where the check has no day.
  day text collate "C" not null,
  postgres_count numeric not null,
  postgres_amount numeric not null,
  warehouse_count numeric not null,
  warehouse_amount numeric not null,
  found_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  primary key (check_name, project_id, key, day)
);
create index reconciliation_drift_by_project on reconciliation_drift (project_id);

-- What is wrong, since when, and until when it was. `detail` counts; it names no tenant, customer or code.
create table alert (
  id bigint generated always as identity primary key,
  kind text collate "C" not null,
  since timestamptz not null default now(),
  detail text not null,
  resolved_at timestamptz
);
create unique index alert_open on alert (kind) where resolved_at is null;

-- The comparison of a day finds its rows by these. They are some kilobytes each and cost a write next to nothing; rows
-- of a day lie together, except after an import of history, when more than one range is read.
create index redemption_occurred on redemption using brin (occurred_at) with (autosummarize = on);
create index redemption_rollback_occurred on redemption_rollback using brin (occurred_at) with (autosummarize = on);
create index rejection_occurred on rejection using brin (occurred_at) with (autosummarize = on);
create index ledger_occurred on ledger using brin (occurred_at) with (autosummarize = on);
create index publication_published on publication using brin (published_at) with (autosummarize = on);
create index order_status_occurred on order_status using brin (occurred_at) with (autosummarize = on);
create index custom_event_occurred on custom_event using brin (occurred_at) with (autosummarize = on);
create index points_entry_created on points_entry using brin (created_at) with (autosummarize = on);

create index dead_letter_by_event on dead_letter (event_id);
create index dead_letter_by_project on dead_letter (project_id, failed_at);
