-- What the last look found of each serving model: how far what it is asked lies from what it learned from. Written by
-- workers; the figures themselves are read anew where they are shown.
create table model_drift (
  project_id text collate "C" not null references project,
  name text collate "C" not null check (name ~ '^[a-z_]{1,40}$'),
  -- What serves, and whether it was trained for the project or comes with the product.
  version text collate "C" not null,
  source text not null check (source in ('project', 'product')),
  -- Null: the version keeps nothing of what it learned from.
  reference_count bigint,
  recent_count bigint not null,
  score_psi double precision,
  -- Features beyond the threshold, what moved most first.
  moved_features text[] not null,
  looked_at timestamptz not null default now(),
  primary key (project_id, name)
);
