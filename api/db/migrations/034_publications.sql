-- Publications that know what became of them, publications of codes of pools, jobs that publish to many, and the stock
-- of a campaign.

alter table publication
  -- A publication is of a voucher, and so of a campaign, or of a code of a pool.
  alter column voucher_id drop not null,
  alter column campaign_id drop not null,
  add column pool_id text collate "C",
  add column pool_code_id text collate "C",
  add column status text not null default 'published'
    check (status in ('published', 'queued', 'delivered', 'failed')),
  -- Why it failed, as the delivery says it: a key, never an address or an answer of somebody's server.
  add column reason text,
  -- Whether the voucher became the customer's by it; only then is there something to give back.
  add column took boolean not null default false,
  -- The voucher's end before it: what it goes back to.
  add column ended_before timestamptz,
  add column returned_at timestamptz,
  add column delivery_id text collate "C",
  add column job_id text collate "C",
  add column updated_at timestamptz,
  add check ((voucher_id is null) = (pool_code_id is not null)),
  add check ((voucher_id is null) = (campaign_id is null));

alter table campaign
  add column low_stock integer check (low_stock >= 0),
  add column auto_grow jsonb;

create table campaign_stock (
  project_id text collate "C" not null,
  campaign_id text collate "C" not null,
  -- Set when the low stock was announced; cleared when there is more than that again.
  low_stock_at timestamptz,
  -- Vouchers that growing has ordered or made.
  grown_count bigint not null default 0 check (grown_count >= 0),
  -- The batch that was ordered last. While it runs, none is ordered.
  batch_id text collate "C",
  primary key (project_id, campaign_id),
  foreign key (project_id, campaign_id) references campaign
);

-- Publishes to many, in chunks. Its members are written down first, and walked in the order of their ids.
create table publication_job (
  project_id text collate "C" not null,
  id text collate "C" not null,
  name text,
  campaign_id text collate "C" not null,
  segment_id text collate "C",
  channel text not null,
  -- { channel_id, template_id } or null.
  deliver jsonb,
  status text not null check (status in ('receiving', 'running', 'paused', 'done', 'failed', 'cancelled')),
  total bigint not null default 0,
  published bigint not null default 0,
  -- By reason: { "in_holdout": 12 }.
  skipped jsonb not null default '{}',
  failed bigint not null default 0,
  -- The last member of the segment who was written down; null: all are, or there is no segment.
  segment_cursor text collate "C",
  -- The last customer who was worked at.
  cursor text collate "C" not null default '',
  -- A key: why it paused by itself or failed.
  error text,
  -- Chunks that failed in a row, and when the next try is due.
  attempts integer not null default 0,
  next_at timestamptz,
  -- When a chunk was last done.
  worked_at timestamptz,
  members_forgotten_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, id),
  foreign key (project_id, campaign_id) references campaign
);
create index publication_job_open on publication_job (project_id, updated_at) where status in ('running', 'receiving');
-- Whose turn it is: the project for which nothing was done the longest.
create index publication_job_by_work on publication_job (project_id, worked_at);
-- Whose members are not needed any more, after a while.
create index publication_job_over on publication_job (updated_at)
  where members_forgotten_at is null and status not in ('running', 'paused');
-- A customer is in a job once, and so gets one voucher of it.
create table publication_job_member (
  project_id text collate "C" not null,
  job_id text collate "C" not null,
  customer_id text collate "C" not null,
  primary key (project_id, job_id, customer_id),
  foreign key (project_id, job_id) references publication_job
);

create trigger audited_insert after insert on publication_job
  for each row when (new.status <> 'receiving')
  execute function audit_change('publication_job', 'id,campaign_id', 'cursor,segment_cursor,attempts,next_at,worked_at,members_forgotten_at,published,skipped,failed');
create trigger audited_update after update on publication_job
  for each row when (old.status is distinct from new.status)
  execute function audit_change('publication_job', 'id,campaign_id', 'cursor,segment_cursor,attempts,next_at,worked_at');
