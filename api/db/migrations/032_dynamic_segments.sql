-- Segments whose members are whoever fits a rule. The rule is part of the definition, and audited with it.
alter table segment drop constraint segment_kind_check;
alter table segment add constraint segment_kind_check check (kind in ('static', 'dynamic'));
alter table segment add column rules jsonb;
alter table segment add constraint segment_rules check ((kind = 'dynamic') = (rules is not null));

-- How far a dynamic segment is evaluated. A table of its own: the worker writes it all the time, and nobody audits that.
create table segment_evaluation (
  project_id text collate "C" not null,
  segment_id text collate "C" not null,
  -- Names the segment in the warehouse's answers, where hundreds of ids for each customer would be most of the bytes.
  number integer not null generated always as identity,
  -- Counts the changes of the rules; evaluated is the one that a whole pass has finished with, null before the first.
  version integer not null default 1,
  evaluated_version integer,
  -- Why it cannot be evaluated: a key, never a text of the warehouse. Tried again after failed_at.
  failure text,
  failed_at timestamptz,
  -- When the last whole pass that finished began.
  whole_at timestamptz,
  -- Kept by whoever changes members: counting a million of them would take longer than all else of a page.
  members_count bigint not null default 0,
  primary key (project_id, segment_id),
  unique (number),
  foreign key (project_id, segment_id) references segment on delete cascade
);

-- As of when the members of a project's dynamic segments are, by the clock of the warehouse: whoever changed before was
-- looked at.
create table segment_pass (
  project_id text collate "C" primary key references project,
  seen_to timestamptz not null
);

-- What segments ask of a customer was not announced before; of whom it says something, it is announced once more. The
-- rest have nothing to say, and need no event.
insert into outbox (event_id, project_id, type, occurred_at, payload)
select 'evt_' || replace(gen_random_uuid()::text, '-', ''), c.project_id, 'customer.updated', now(),
       jsonb_build_object('customer', c.identifier, 'profile', jsonb_build_object(
         'identifier', c.identifier, 'name', c.name, 'attributes', c.attributes, 'tags', c.tags,
         'created_at', to_char(c.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'birthday', to_char(c.birthday, 'YYYY-MM-DD'), 'consent', c.consent, 'metadata', c.metadata))
from customer c
where c.birthday is not null or c.consent <> '{}' or c.metadata <> '{}'
order by c.project_id, c.id;
