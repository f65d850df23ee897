-- Whoever is moved by the rules of a segment is not changed by that for any rule: no mark, or each new segment would have
-- the wide rows of all its members computed anew, and everybody else's would wait behind them.
ALTER TABLE {database}.customers_changed_mark {on_cluster} MODIFY QUERY
SELECT DISTINCT project_id, customer, now64(3, 'UTC') AS marked_at
FROM {database}.events_raw
WHERE customer != '' AND NOT (type IN ('segment.entered', 'segment.left') AND outcome = 'dynamic');
