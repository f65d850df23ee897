-- Grain: model × feature, and `(score)` for its scores: the last 7 days against the 28 before, whatever days are chosen.
-- Levels as in models/drift/read-drift.ts.
SELECT
  model, feature, toInt64(reference_count) AS reference_values, toInt64(recent_count) AS recent_values, psi,
  multiIf(psi IS NULL, '', psi >= 0.25, 'much', psi >= 0.1, 'some', 'none') AS level,
  reference_mean, recent_mean, reference_p50, recent_p50, last_seen_at
FROM feature_drift
WHERE project_id = {project: String}
ORDER BY model, psi DESC NULLS LAST, feature
LIMIT 500
