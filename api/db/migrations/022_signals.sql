-- Readers of the outbox inside Postgres, beside the relay. What a reader does with an event and that it has done so are
-- one transaction, so each event takes effect once. Rows are read as the relay reads them: see 003_outbox.sql.
create table event_consumer (
  name text collate "C" primary key,
  -- Everything up to here is done; (0, 0) is before everything.
  xid xid8 not null default '0',
  seq bigint not null default 0,
  moved_at timestamptz not null default now(),
  created_at timestamptz not null default now()
);

-- Events that a reader could not handle after some tries. They block nothing and stay here to be looked at.
create table event_consumer_failure (
  name text collate "C" not null references event_consumer on delete cascade,
  xid xid8 not null,
  seq bigint not null,
  event_id text collate "C" not null,
  project_id text collate "C" not null,
  type text collate "C" not null,
  error text not null,
  failed_at timestamptz not null default now(),
  primary key (name, xid, seq)
);
create index event_consumer_failure_project on event_consumer_failure (project_id, failed_at);

-- What is known of whom a redemption comes from and what it is for, one row a customer, device, address, card, code,
-- campaign …: the online store of the features of risk. `subject` is a keyed hash where it would say something about a
-- person. `state` is compact JSON of a bounded size that only models/features/signals reads and writes: Postgres never
-- looks into it, so it is text, which comes out as it went in.
--
-- No index but the key: an update then touches no index (fillfactor leaves it room on the page), and old rows are found
-- by walking along the key.
create table signal_state (
  project_id text collate "C" not null,
  kind text collate "C" not null,
  subject text collate "C" not null,
  state text collate "C" not null,
  -- By the clock of the database: when something was heard of it.
  seen_at timestamptz not null default now(),
  primary key (project_id, kind, subject)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- The shape of an e-mail address: its domain, and its local part in lower case without digits, dots, dashes and the tag
-- after a plus. Null where nothing is left of the local part.
create function email_shape(p_email text) returns text
language sql immutable parallel safe
return nullif(regexp_replace(regexp_replace(lower(p_email), '@[^@]*$', ''), '[+].*|[0-9._-]', '', 'g'), '')
       || '@' || regexp_replace(lower(p_email), '^.*@', '');

-- Its keyed hash, an HMAC (RFC 2104) whose key comes as the two blocks that it is made of: api/signals/subjects.ts.
create function email_shape_hash(p_email text, p_inner bytea, p_outer bytea) returns text
language sql immutable parallel safe
return translate(left(encode(sha256(p_outer || sha256(
         p_inner || convert_to('email_shape', 'UTF8') || '\x00'::bytea || convert_to(email_shape(p_email), 'UTF8'))),
         'base64'), 22), '+/', '-_');
