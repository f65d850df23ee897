-- The reviewers' queue: what a score made suspect, what people decided about it, and what was taken back.

-- One row a subject. Opened and kept up to date by the consumer of events; decided by people.
create table review (
  project_id text collate "C" not null references project,
  id text collate "C" not null,
  subject_kind text not null check (subject_kind in ('redemption', 'rejection', 'reservation')),
  subject_id text collate "C" not null,
  -- The redemption at stake: the subject itself, or what a reservation becomes. After an undone claw-back, the one that
  -- stands in its place.
  redemption_id text collate "C",
  -- The code's that gave most, and every campaign that is in it.
  campaign_id text collate "C",
  campaign_ids text[] collate "C" not null default '{}',
  -- The shop's identifier; null for a guest.
  customer text collate "C",
  order_id text collate "C",
  currency text not null,
  action text not null check (action in ('allow', 'flag', 'hold', 'reject')),
  model text,
  score double precision check (score between 0 and 1),
  amount_at_risk bigint not null check (amount_at_risk >= 0),
  -- score × amount at risk: api/reviews/priority.ts
  priority double precision not null,
  -- [{ feature, value, contribution, text }]
  reasons jsonb not null default '[]',
  -- Ids of the rules that fired.
  rules text[] not null default '{}',
  origin text not null check (origin in ('request', 'late')),
  status text not null check (status in ('open', 'held', 'confirmed', 'dismissed', 'closed')),
  closed_because text check (closed_because in ('rolled_back', 'reservation_cancelled', 'reservation_expired')),
  -- Keys, and their names at that time.
  assigned_to text collate "C",
  assigned_name text,
  assigned_at timestamptz,
  locked_until timestamptz,
  due_at timestamptz not null,
  -- Of a reservation: when it ends by itself.
  expires_at timestamptz,
  opened_at timestamptz not null,
  decided_at timestamptz,
  decided_by text collate "C",
  decided_name text,
  -- From taking it to deciding it.
  working_seconds double precision,
  note text,
  -- What a decided reservation holds is still to be confirmed or cancelled: at once, and again from then on. Null: done.
  settle_after timestamptz,
  -- Of a rejection that costs nothing: whose it was, the customer or a hash of the device or the address, and how many
  -- more came within a day. A guesser of codes is one review, not one a guess.
  repeat_key text collate "C",
  repeats integer not null default 0,
  -- The claw-back that took its redemption back, also one that began at another review.
  claw_back_id text collate "C",
  updated_at timestamptz not null,
  primary key (project_id, id),
  unique (project_id, subject_kind, subject_id),
  check ((status = 'closed') = (closed_because is not null)),
  check ((status in ('confirmed', 'dismissed')) = (decided_at is not null))
);
-- A held reservation that becomes a redemption stays one review.
create unique index review_by_redemption on review (project_id, redemption_id) where redemption_id is not null;
-- The queue, by priority and by age: ids grow with time.
create index review_queue on review (project_id, status, priority desc, id);
create index review_all on review (project_id, priority desc, id);
create index review_by_age on review (project_id, status, id);
create index review_by_customer on review (project_id, customer, id);
create index review_by_claw_back on review (project_id, claw_back_id) where claw_back_id is not null;
create index review_repeated on review (project_id, repeat_key, opened_at) where repeat_key is not null;
create index review_decided on review (project_id, decided_at) where decided_at is not null;
create index review_unsettled on review (settle_after) where settle_after is not null;
create index review_due on review (due_at) where status in ('open', 'held');

-- Everything that happened to a review, in its order. Never changed, but by an erasure.
create table review_entry (
  project_id text collate "C" not null,
  review_id text collate "C" not null,
  position bigint generated always as identity,
  kind text not null,
  -- The key; null: the product itself.
  actor text collate "C",
  actor_name text,
  note text,
  data jsonb not null default '{}',
  at timestamptz not null,
  primary key (project_id, review_id, position)
);
create function refuse_review_entry_change() returns trigger
language plpgsql
as $$
begin
  if tg_op = 'UPDATE' and current_setting('tessera.erasure', true) = 'on' then return null; end if;
  raise exception '% is append-only', tg_table_name using errcode = '55000';
end
$$;
create trigger review_entry_append_only before update or delete or truncate on review_entry
  for each statement execute function refuse_review_entry_change();

-- What a confirmed review took back, step by step, so that it goes on after a crash and can be undone exactly.
create table claw_back (
  project_id text collate "C" not null references project,
  id text collate "C" not null,
  review_id text collate "C" not null,
  scope text not null check (scope in ('this', 'cluster')),
  status text not null check (status in ('running', 'done', 'undoing', 'undone')),
  -- Keys, their names at that time, and the requests they came with.
  created_by text collate "C" not null,
  created_name text,
  created_request text not null,
  created_at timestamptz not null,
  done_at timestamptz,
  undone_by text collate "C",
  undone_name text,
  undone_request text,
  undone_at timestamptz,
  -- The last failure; the work is begun again.
  error text,
  primary key (project_id, id),
  foreign key (project_id, review_id) references review
);
create unique index claw_back_by_review on claw_back (project_id, review_id) where status <> 'undone';
create index claw_back_unfinished on claw_back (created_at) where status in ('running', 'undoing');

-- Customers are blocked first, then vouchers disabled, then redemptions rolled back; undone the other way round.
create table claw_back_step (
  project_id text collate "C" not null,
  claw_back_id text collate "C" not null,
  position integer not null,
  kind text not null check (kind in ('customer', 'voucher', 'redemption')),
  target_id text collate "C" not null,
  -- unchanged: it was like that already. held: another claw-back had done it, and it stays so for this one as well.
  outcome text not null check (outcome in ('pending', 'done', 'held', 'unchanged', 'failed')),
  reason text,
  -- What was given back by it.
  amount bigint,
  currency text,
  -- The rollback; or the version that the voucher has since, or how often the customer had been blocked and unblocked by
  -- then: whatever differs was decided by somebody else, later.
  rollback_id text collate "C",
  version integer,
  -- kept: somebody else wants it as it is, another claw-back or a person.
  undo text check (undo in ('pending', 'done', 'kept', 'unchanged', 'failed')),
  undo_reason text,
  -- The claw-back that had done it before this one held it; once kept, the one that it is kept for.
  held_by text collate "C",
  -- The redemption that stands in the place of the one that was rolled back.
  restored_id text collate "C",
  primary key (project_id, claw_back_id, position),
  foreign key (project_id, claw_back_id) references claw_back
);
-- Which claw-backs want something as it is: api/reviews/claw-back/holds.ts
create index claw_back_step_holds on claw_back_step (project_id, target_id) where outcome in ('done', 'held');

-- How often a customer was blocked or unblocked, by whatever way. An undone claw-back unblocks whom nobody has decided
-- about since.
alter table customer add column block_changes integer not null default 0;
create function count_block_change() returns trigger
language plpgsql
as $$
begin
  new.block_changes := old.block_changes + 1;
  return new;
end
$$;
create trigger count_block_change before update on customer
  for each row when (old.blocked is distinct from new.blocked) execute function count_block_change();

create trigger audited_update after update on review
  for each row when (old.status is distinct from new.status)
  execute function audit_change('review', 'id,subject_kind,subject_id',
    'updated_at,customer,repeat_key,repeats,reasons,note,priority,amount_at_risk,score,working_seconds,assigned_to,assigned_name,assigned_at,locked_until,due_at,expires_at,settle_after,decided_name,campaign_ids,redemption_id');
create trigger audited_insert after insert on claw_back
  for each row execute function audit_change('claw_back', 'id,review_id,scope', 'created_name,created_request');
create trigger audited_update after update on claw_back
  for each row when (old.status is distinct from new.status)
  execute function audit_change('claw_back', 'id,review_id,scope', 'undone_name,undone_request,error');
