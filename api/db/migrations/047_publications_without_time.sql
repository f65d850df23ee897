-- no transaction
-- publication_by_campaign_time has come in its place.
drop index concurrently if exists publication_by_campaign;
