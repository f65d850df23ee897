-- no transaction
-- Vouchers of customers by their end: what expires soon is found without reading what does not.
create index concurrently if not exists voucher_expiring on voucher (project_id, expires_at, id)
  where customer_id is not null and expires_at is not null;
