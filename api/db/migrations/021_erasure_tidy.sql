-- Sweeps of inactive customers take a lock instead: noting them here would fill the audit log with changes of the project.
alter table project drop column customers_swept_at;
