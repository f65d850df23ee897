-- Attempts after which earlier redemptions of whom and what they share are scored again: suspect ones, and rollbacks.
-- Rows live for seconds.
create table risk_rescore (
  project_id text collate "C" not null,
  -- The redemption, rejection, reservation or rollback.
  subject_id text collate "C" not null,
  -- When it happened, which may be long before it was noted: redemptions are scored as of then.
  at timestamptz not null,
  since timestamptz not null default now(),
  primary key (project_id, subject_id)
);
create index risk_rescore_by_age on risk_rescore (since);
