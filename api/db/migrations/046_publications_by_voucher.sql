-- no transaction
-- Which publications of a voucher still stand.
create index concurrently if not exists publication_by_voucher
  on publication (project_id, voucher_id) where voucher_id is not null;
