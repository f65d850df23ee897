-- no transaction
create index concurrently if not exists publication_by_time on publication (project_id, published_at, id);
