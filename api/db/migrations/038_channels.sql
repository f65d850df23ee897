-- Ways to reach a customer, what is said, what was sent, and to whom nothing may be sent.

create table channel (
  project_id text collate "C" not null references project,
  id text collate "C" not null,
  name text not null,
  kind text collate "C" not null,
  enabled boolean not null default true,
  -- By kind; nothing secret.
  settings jsonb not null,
  -- Sealed by a key that is not in this database (api/secrets/seal.ts).
  credentials bytea,
  -- At most rate_count messages in rate_seconds, rate_burst of them at once.
  rate_count int check (rate_count > 0),
  rate_seconds int check (rate_seconds > 0),
  rate_burst int check (rate_burst > 0),
  -- Marketing messages of this channel to one customer: at most cap_count in cap_hours.
  cap_count int check (cap_count > 0),
  cap_hours int check (cap_hours > 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- Its deliveries go on telling of it.
  deleted_at timestamptz,
  primary key (project_id, id),
  check ((rate_count is null) = (rate_seconds is null) and (rate_count is null) = (rate_burst is null)),
  check ((cap_count is null) = (cap_hours is null))
);
create unique index channel_by_name on channel (project_id, name) where deleted_at is null;
create trigger audited after insert or update or delete on channel
  for each row execute function audit_change('channel', 'id,name', 'credentials');

-- The token bucket of a channel, as one instant (the generic cell rate algorithm, ITU-T I.371): until when all that was
-- sent would have taken at the steady rate. next_at spreads those that wait.
create table channel_rate (
  project_id text collate "C" not null,
  channel_id text collate "C" not null,
  taken_until timestamptz not null,
  next_at timestamptz not null,
  primary key (project_id, channel_id)
) with (fillfactor = 50);

create table template (
  project_id text collate "C" not null references project,
  id text collate "C" not null,
  name text not null,
  kind text collate "C" not null,
  purpose text not null check (purpose in ('marketing', 'transactional')),
  language text collate "C" not null,
  version int not null default 1 check (version > 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  primary key (project_id, id)
);
create unique index template_by_name on template (project_id, name) where deleted_at is null;
create trigger audited after insert or update or delete on template
  for each row execute function audit_change('template', 'id,name', '');

-- Never changed: a delivery says the words of its version, also when it is tried again.
create table template_version (
  project_id text collate "C" not null,
  template_id text collate "C" not null,
  version int not null,
  -- { language: { part: text } }
  languages jsonb not null,
  created_at timestamptz not null,
  primary key (project_id, template_id, version),
  foreign key (project_id, template_id) references template
);

create table delivery (
  project_id text collate "C" not null,
  id text collate "C" not null,
  -- Of what asked for it: the same twice is one delivery.
  source_id text collate "C" not null,
  channel_id text collate "C" not null,
  channel_kind text collate "C" not null,
  template_id text collate "C" not null,
  template_version int not null,
  purpose text not null check (purpose in ('marketing', 'transactional')),
  customer_id text collate "C" not null,
  -- What the template may say besides what is known of the customer.
  variables jsonb not null default '{}',
  publication_id text collate "C",
  workflow_run_id text collate "C",
  campaign_id text collate "C",
  status text collate "C" not null check (status in ('queued', 'sending', 'sent', 'failed', 'skipped', 'bounced')),
  reason text,
  -- Where it went, once it went.
  address text,
  -- What the provider calls it.
  provider_id text,
  attempts_count int not null default 0,
  -- Of these since it was ordered, or asked for again by hand: what the pauses grow by.
  tries int not null default 0,
  -- Of the attempt that is under way.
  sending_since timestamptz,
  -- Of one that a process has taken: nobody else takes it before.
  leased_until timestamptz,
  -- An attempt ended without an answer: it may have arrived.
  may_have_arrived boolean not null default false,
  next_attempt_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  sent_at timestamptz,
  primary key (project_id, id)
) with (fillfactor = 80);
create unique index delivery_by_source on delivery (project_id, source_id);
-- How often a customer was written to lately, from the index alone.
create index delivery_by_customer on delivery (project_id, customer_id, created_at) include (channel_id, purpose, status, sent_at);
create index delivery_by_channel on delivery (project_id, channel_id, id);
-- What became of few is found among many that were sent. Nothing that is sent is ever in it.
create index delivery_by_status on delivery (project_id, status, id) where status in ('failed', 'skipped', 'bounced');
create index delivery_by_publication on delivery (project_id, publication_id) where publication_id is not null;
create index delivery_by_provider on delivery (project_id, channel_id, provider_id) where provider_id is not null;
-- What is due of a channel, what is under way, and what a process that died has left.
create index delivery_due on delivery (project_id, channel_id, next_attempt_at) where status = 'queued';
create index delivery_leased on delivery (project_id, channel_id) where leased_until is not null;
create index delivery_sending on delivery (sending_since) where status = 'sending';
-- Those that are over, to be forgotten.
create index delivery_old on delivery (project_id, updated_at) where status not in ('queued', 'sending');
create index delivery_waiting on delivery (project_id, created_at) where status in ('queued', 'sending');

create table delivery_attempt (
  project_id text collate "C" not null,
  delivery_id text collate "C" not null,
  number int not null,
  -- unknown: nobody said whether it was accepted.
  outcome text collate "C" not null check (outcome in ('sent', 'retry', 'failed', 'bounced', 'unknown')),
  reason text,
  provider_id text,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  primary key (project_id, delivery_id, number)
);

-- Found by a keyed hash, so that it outlives the erasure of the person, whose address it then no longer knows.
create table suppression (
  project_id text collate "C" not null references project,
  kind text collate "C" not null,
  address_hash bytea not null,
  id text collate "C" not null,
  address text,
  reason text collate "C" not null check (reason in ('bounced', 'complained', 'manual')),
  created_at timestamptz not null,
  primary key (project_id, kind, address_hash),
  unique (project_id, id)
);

-- The key of these hashes: without it nobody can try addresses out.
insert into server_secret (name, value)
values ('suppression_hash', sha256((gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text)::bytea))
on conflict (name) do nothing;
