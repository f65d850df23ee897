-- no transaction
-- What is still to be had of a campaign. Takers begin at a random place of the hash and skip what others are taking.
-- The counters of a voucher are not in the condition: a redemption that changes a column in it touches every index. The
-- last use of a voucher changes its status and does; without the status, takers would walk over all that are used up.
create index concurrently if not exists voucher_free on voucher (project_id, campaign_id, hashtextextended(code, 0))
  where customer_id is null and status = 'created' and kind <> 'generic';
