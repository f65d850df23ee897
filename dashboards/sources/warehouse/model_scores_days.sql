-- Grain: UTC day × model × kind, in the chosen days.
SELECT day, model, kind, scored_count, unscored_count, mean_score, p50, p95, flagged_count
FROM model_scores_daily
WHERE project_id = {project: String} AND day BETWEEN {since: Date} AND {until: Date}
ORDER BY day, kind, model
