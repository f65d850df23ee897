-- What the service announces. Rows are appended by the transaction that caused them and never updated.
--
-- The relay reads in (xid, seq) order and only below pg_snapshot_xmin(pg_current_snapshot()): every transaction
-- below that horizon has ended, so no row can appear later behind a cursor that has passed. A cursor on seq alone
-- would skip rows of transactions that commit late.
create table outbox (
  seq bigint generated always as identity,
  xid xid8 not null default pg_current_xact_id(),
  event_id text collate "C" not null,
  project_id text collate "C" not null,
  type text collate "C" not null,
  version smallint not null default 1,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  payload jsonb not null,
  primary key (xid, seq)
);

-- The bounds of every batch are stored before the batch is sent: a retry sends exactly the same rows under the same
-- number, which is what makes the deduplication token in ClickHouse true.
create table relay_batch (
  number bigint primary key,
  after_xid xid8 not null,
  after_seq bigint not null,
  upto_xid xid8 not null,
  upto_seq bigint not null,
  rows integer not null,
  created_at timestamptz not null default now(),
  delivered_at timestamptz
);
create unique index relay_batch_open on relay_batch ((true)) where delivered_at is null;

-- Rows that could not be mapped or that ClickHouse refused. They block nothing and stay here to be looked at.
create table dead_letter (
  xid xid8 not null,
  seq bigint not null,
  event_id text collate "C" not null,
  project_id text collate "C" not null,
  type text collate "C" not null,
  error text not null,
  failed_at timestamptz not null default now(),
  primary key (xid, seq)
);

create table idempotency_key (
  project_id text collate "C" not null,
  key text collate "C" not null,
  request_hash bytea not null,
  response_status smallint not null,
  response_body text not null,
  created_at timestamptz not null default now(),
  primary key (project_id, key)
);
create index idempotency_key_age on idempotency_key (created_at);
