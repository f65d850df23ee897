-- The one deduplicating view; whatever is read, is read through it.
-- FINAL merges copies while reading. It is cheap here: ranges of parts that do not overlap are not merged at all, and a
-- filter on project, customer, type or occurred_at is applied before, as all four are in the sort key.
--
-- The project is a plain String here: a filter on one side of a join reaches the other side only where both have the
-- same type, and without it a mart would read the events of every project.
CREATE OR REPLACE VIEW {database}.events {on_cluster} AS
SELECT * REPLACE (CAST(project_id, 'String') AS project_id) FROM {database}.events_raw FINAL;
