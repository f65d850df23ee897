-- no transaction
-- In place of publication_by_campaign, which has no time; still counts a campaign's publications from the index alone.
create index concurrently if not exists publication_by_campaign_time
  on publication (project_id, campaign_id, published_at, id);
