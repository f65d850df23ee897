-- Who works at the queue of jobs, as its jobs name it (locked_by): the process holds the advisory lock (jobWorkerLocks, lock_key) while it lives.
create table job_worker (
  worker_id text primary key,
  lock_key int not null,
  created_at timestamptz not null default now(),
  -- Since when nobody holds the lock.
  gone_at timestamptz
);
