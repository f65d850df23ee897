-- Grain: a card, device, address or IP that two or more accounts were seen with in the last 90 days. `links` is 0 where so
-- many were that it says nothing: the tablet of a shop, the IP of an office. Marts and the worker of linked accounts build
-- on it. `accounts` is (customer, first seen with it, last seen with it, first heard of), the earliest first; at most 51.
CREATE OR REPLACE VIEW {database}.shared_subjects {on_cluster} AS
SELECT
  project_id,
  kind,
  subject,
  arraySort(a -> (a.2, a.1), groupArray(51)((customer, first_at, last_at, heard_at))) AS accounts,
  -- An IP is that of a household or a small shop up to 20.
  if(kind = 'ip', 20, 50) AS accounts_max,
  length(accounts) <= accounts_max AS links
FROM
(
  SELECT project_id, kind, subject, customer, min(first_seen_at) AS first_at, max(last_seen_at) AS last_at,
    min(indexed_at) AS heard_at
  FROM {database}.account_subjects
  WHERE last_seen_at >= now64(3) - INTERVAL 90 DAY
  GROUP BY project_id, kind, subject, customer
)
GROUP BY project_id, kind, subject
HAVING length(accounts) >= 2;
