-- Lines of a file that a publication job could not read: { line, reason }, the first of them. Nothing of what stood there.
alter table publication_job add column faults jsonb not null default '[]';

-- Messages that wait for their customers on the shop's pages.
create table popup_message (
  project_id text collate "C" not null references project,
  id text collate "C" not null,
  customer_id text collate "C" not null,
  -- What brought it; the same delivery is the same message.
  delivery_id text collate "C" not null,
  publication_id text collate "C",
  campaign_id text collate "C",
  -- { title, text, button, url }, as they are shown.
  content jsonb not null,
  created_at timestamptz not null,
  -- Not shown from then on.
  expires_at timestamptz not null,
  shown_at timestamptz,
  clicked_at timestamptz,
  dismissed_at timestamptz,
  primary key (project_id, id),
  unique (project_id, delivery_id)
);
-- Those that are still to be seen.
create index popup_message_waiting on popup_message (project_id, customer_id, id)
  where dismissed_at is null and clicked_at is null;
create index popup_message_by_end on popup_message (expires_at);
