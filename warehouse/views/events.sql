-- The one deduplicating view; whatever is read, is read through it.
-- FINAL merges copies while reading. It is cheap here: ranges of parts that do not overlap are not merged at all, and a
-- filter on project, customer, type or occurred_at is applied before, as all four are in the sort key.
CREATE OR REPLACE VIEW {database}.events {on_cluster} AS
SELECT * FROM {database}.events_raw FINAL;
