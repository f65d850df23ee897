-- The people of a project. A person signs in with a secret key of their own: it is made with the member, takes its scopes
-- from the role, and is revoked in the transaction that removes the member.

create table member (
  project_id text collate "C" not null references project,
  id text collate "C" not null,
  name text not null,
  email text,
  role text not null check (role in ('owner', 'manager', 'cashier', 'analyst', 'reviewer')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, id)
);
create unique index member_by_email on member (project_id, lower(email)) where email is not null;

-- No foreign key: a revoked key goes on saying whose it was after the member is gone.
alter table api_key add column member_id text collate "C";

-- An address can be forgotten with the row, the log never: it tells that the address changed, not to what.
create trigger audited after insert or update or delete on member
  for each row execute function audit_change('member', 'id,name', '', 'id,name,role');
