-- Where did customers move within the last 90 days: who was active then and is lost now, who came back?
-- By paid orders alone: active within 30 days, cooling within 90, lost after that.
WITH
  (SELECT max(paid_at) FROM orders) AS today,
  today - INTERVAL 90 DAY AS before,
  by_customer AS
  (
    SELECT customer, max(paid_at) AS newest, maxIf(paid_at, paid_at < before) AS newest_before
    FROM orders
    WHERE status = 'paid' AND paid_at IS NOT NULL AND customer != ''
    GROUP BY customer
  )
SELECT
  multiIf(newest_before IS NULL OR newest_before < toDateTime('2000-01-02', 'UTC'), 'not yet a customer',
    newest_before >= before - INTERVAL 30 DAY, 'active', newest_before >= before - INTERVAL 90 DAY, 'cooling', 'lost') AS was,
  multiIf(newest >= today - INTERVAL 30 DAY, 'active', newest >= today - INTERVAL 90 DAY, 'cooling', 'lost') AS is_now,
  count() AS customers
FROM by_customer
GROUP BY was, is_now
ORDER BY was, is_now
