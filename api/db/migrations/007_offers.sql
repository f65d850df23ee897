-- What finding and ranking offers reads.

-- A campaign's generic codes, without walking over the millions of unique ones it may also have.
create index voucher_generic_by_campaign on voucher (project_id, campaign_id, id) where kind = 'generic';

-- Counts a campaign's publications from the index alone.
create index publication_by_campaign on publication (project_id, campaign_id);

-- The campaigns that may be offered at all.
create index campaign_active on campaign (project_id, type, id) where status = 'active';
