-- Erasures: a person is removed, what they bought and what it cost stays under a random name.

create table erasure (
  project_id text collate "C" not null references project,
  id text collate "C" not null,
  reason text not null check (reason in ('requested', 'retention')),
  status text not null check (status in ('running', 'done')),
  -- Of the identifier, by a key that only the server has: says later whether somebody was erased, to who asks by name.
  identifier_hash bytea not null,
  -- { identifier, email, phone, name }: what is searched for. Null once nothing of it is left.
  person jsonb,
  -- Under these it stays; a customer who comes back before the erasure is done gets another one.
  pseudonyms text[] collate "C" not null default '{}',
  customer_ids text[] collate "C" not null default '{}',
  -- When an identifier of a customer was last replaced: what was decided before may still be on its way.
  renamed_at timestamptz,
  -- What was rewritten or removed, by place.
  counts jsonb not null default '{}',
  -- The last failure; the work is begun again.
  error text,
  passes integer not null default 0,
  due_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  done_at timestamptz,
  primary key (project_id, id),
  check ((status = 'done') = (person is null) and (status = 'done') = (done_at is not null))
);
create index erasure_due on erasure (due_at) where status = 'running';
-- The same request again finds the one that is under way.
create unique index erasure_open on erasure (project_id, identifier_hash) where status = 'running';

-- Null keeps customers for ever.
alter table project
  add column customers_inactive_days integer check (customers_inactive_days between 30 and 36500),
  add column customers_swept_at timestamptz;

-- Append-only tables may be changed by an erasure, and by nothing else: their texts, never their figures. The setting
-- ends with the transaction that sets it.
create or replace function refuse_change() returns trigger
language plpgsql
as $$
begin
  if tg_op = 'UPDATE' and tg_table_name in ('points_entry', 'audit_log')
    and current_setting('tessera.erasure', true) = 'on' then
    return null;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = '55000';
end
$$;

create trigger audited_insert after insert on erasure
  for each row
  execute function audit_change('erasure', 'id,reason', 'identifier_hash,person,pseudonyms,customer_ids,renamed_at,counts,error,passes,due_at,done_at');
create trigger audited_update after update on erasure
  for each row when (old.status is distinct from new.status)
  execute function audit_change('erasure', 'id,reason', 'identifier_hash,person,pseudonyms,customer_ids,renamed_at,counts,error,passes,due_at,done_at');
