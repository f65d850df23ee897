-- Names this database in the deduplication tokens of ClickHouse. Batches are numbered from 1 in every database, so that
-- without it a new Postgres beside an old ClickHouse would repeat tokens, and ClickHouse would drop the rows unread.
create table relay_stream (
  id text primary key default gen_random_uuid()::text,
  created_at timestamptz not null default now()
);
insert into relay_stream default values;
create unique index relay_stream_single on relay_stream ((true));
