-- no transaction
-- Finds a customer by what they write in a form: an address, in whatever case.
create index concurrently if not exists customer_by_email on customer (project_id, lower(email)) where email is not null;
