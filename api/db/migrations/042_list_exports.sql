-- Lists of customers for other systems: a file in a folder, or posted to a URL.

create table list_export (
  project_id text collate "C" not null references project,
  id text collate "C" not null,
  segment_id text collate "C",
  publication_job_id text collate "C",
  -- Whose codes: of a segment's members the newest of this campaign.
  campaign_id text collate "C",
  columns text[] not null check (cardinality(columns) > 0),
  -- Only customers who said yes to this channel.
  consent text,
  -- Null: the file is all there is. Sealed, as signed URLs are secrets; gone once it was sent or given up.
  url bytea,
  -- What of it may be shown.
  url_origin text,
  method text check (method in ('PUT', 'POST')),
  status text not null check (status in ('queued', 'writing', 'sending', 'done', 'failed')),
  reason text,
  rows_count bigint not null default 0,
  bytes_count bigint,
  tries int not null default 0,
  due_at timestamptz not null,
  leased_until timestamptz,
  file_deleted_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  finished_at timestamptz,
  primary key (project_id, id),
  check ((segment_id is null) <> (publication_job_id is null)),
  check (url is null or method is not null)
);
create index list_export_due on list_export (due_at) where status in ('queued', 'writing', 'sending');
create trigger audited_insert after insert on list_export
  for each row execute function audit_change('list_export', 'id,segment_id,publication_job_id', 'url,due_at,leased_until,rows_count,tries');
create trigger audited_update after update on list_export
  for each row when (old.status is distinct from new.status and new.status in ('done', 'failed'))
  execute function audit_change('list_export', 'id,segment_id,publication_job_id', 'url,due_at,leased_until,tries');
