-- Who is told of events over HTTP, and what became of telling them.

create table event_subscription (
  project_id text collate "C" not null references project,
  id text collate "C" not null,
  url text not null,
  -- Types, or beginnings like 'redemption.*'; '*' is every one.
  types text[] not null check (cardinality(types) > 0),
  -- Only events that name one of these campaigns; null: all.
  campaign_ids text[],
  -- Whether it is told of risk and of reviews: made and changed by keys that may review.
  with_risk boolean not null,
  description text,
  status text not null check (status in ('active', 'disabled')),
  -- Null while it is active.
  disabled_because text check (disabled_because in ('by_hand', 'failing', 'gone', 'backlog')),
  -- Since when every attempt has failed; null after one that did not.
  failing_since timestamptz,
  -- Sealed by a key that is not in this database (api/secrets/seal.ts). The one before signs too, for a while.
  secret bytea not null,
  secret_before bytea,
  secret_before_until timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, id),
  check ((status = 'disabled') = (disabled_because is not null)),
  check ((secret_before is null) = (secret_before_until is null))
);
create trigger audited after insert or update or delete on event_subscription
  for each row execute function audit_change('event_subscription', 'id,description', 'secret,secret_before,failing_since');

-- One row for each event that a subscription asks for: written in the transaction that moves the cursor of the consumer,
-- so exactly once. It holds nothing of the event but where it is: what is sent is read from the outbox when it is sent,
-- so that an erasure is true of what is still to come. No foreign key: rows of a deleted subscription are swept.
create table event_delivery (
  project_id text collate "C" not null,
  subscription_id text collate "C" not null,
  event_id text collate "C" not null,
  xid xid8 not null,
  seq bigint not null,
  type text collate "C" not null,
  occurred_at timestamptz not null,
  status text not null check (status in ('waiting', 'sending', 'delivered', 'failed')),
  -- Attempts since it was last asked for: what the pauses grow by.
  tries int not null default 0,
  -- The newest 20, the oldest of them first.
  attempts jsonb not null default '[]',
  next_attempt_at timestamptz not null,
  -- Of one that is being sent: when whoever sends it must be gone.
  leased_until timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, subscription_id, event_id)
) with (fillfactor = 80);
create index event_delivery_due on event_delivery (project_id, subscription_id, next_attempt_at) where status = 'waiting';
create index event_delivery_sending on event_delivery (project_id, subscription_id, leased_until) where status = 'sending';
create index event_delivery_by_time on event_delivery (project_id, subscription_id, created_at, event_id);
create index event_delivery_age on event_delivery (updated_at);

-- A range of time to be sent again, gone over in chunks along the outbox.
create table event_replay (
  project_id text collate "C" not null,
  id text collate "C" not null,
  subscription_id text collate "C" not null,
  from_at timestamptz not null,
  to_at timestamptz not null,
  types text[],
  status text not null check (status in ('running', 'done')),
  -- How far along the outbox it is, and how many events were found.
  xid xid8 not null default '0',
  seq bigint not null default 0,
  found bigint not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, id)
);
create index event_replay_by_subscription on event_replay (project_id, subscription_id, id);
