-- Grain: a currency the project has used. `minor_units` is how many of them make one of the currency (ISO 4217).
SELECT
  currency,
  toInt32(multiIf(
    currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'), 1,
    currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'), 1000,
    100)) AS minor_units,
  toInt64(sum(validations_count + redemptions_count + rejections_count + orders_count)) AS events_count,
  min(day) AS first_day,
  max(day) AS last_day
FROM overview_daily
WHERE project_id = {project: String} AND currency != ''
GROUP BY currency
ORDER BY events_count DESC, currency
LIMIT 50
