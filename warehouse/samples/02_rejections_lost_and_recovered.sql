-- Which reasons of refusal cost the most, and how much of it was bought within a week without any discount?
-- What is lost and never recovered is where a rule is too strict, or a text at the checkout too short.
SELECT
  reason_key,
  currency,
  sum(rejections_count) AS rejections,
  sum(lost_amount) / 100 AS lost,
  sum(converted_amount) / 100 AS bought_later_without_discount,
  round(sum(converted_count) / sum(rejections_count), 3) AS bought_later_share
FROM rejections_by_reason_daily
GROUP BY reason_key, currency
ORDER BY lost DESC, rejections DESC
