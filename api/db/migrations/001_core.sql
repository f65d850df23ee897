-- Tenants, keys, customers, orders, events. Every table of a tenant leads its primary key with project_id,
-- so that isolation is an index prefix and the schema can later be distributed by that column.

create table project (
  id text collate "C" primary key,
  name text not null unique,
  created_at timestamptz not null default now()
);

-- Only the SHA-256 of a key is kept: keys are 256-bit random, so a plain digest cannot be searched.
create table api_key (
  id text collate "C" primary key,
  project_id text collate "C" not null references project,
  name text not null,
  kind text not null check (kind in ('secret', 'publishable')),
  key_hash bytea not null unique,
  hint text not null,
  scopes text[] not null,
  allowed_origins text[] not null default '{}',
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz
);
create index api_key_by_project on api_key (project_id, id);

-- Secrets the server itself needs (cookie signing), shared by all its processes.
create table server_secret (
  name text primary key,
  value bytea not null
);

create table customer (
  project_id text collate "C" not null references project,
  id text collate "C" not null,
  identifier text collate "C" not null,
  name text,
  email text,
  phone text,
  birthday date,
  attributes jsonb not null default '{}',
  tags jsonb not null default '{}',
  consent jsonb not null default '{}',
  metadata jsonb not null default '{}',
  blocked boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, id),
  unique (project_id, identifier)
);

create table orders (
  project_id text collate "C" not null,
  id text collate "C" not null,
  customer_id text collate "C" not null,
  status text not null check (status in ('created', 'paid', 'cancelled', 'refunded')),
  currency text not null,
  amount bigint not null,
  shipping_amount bigint not null default 0,
  items jsonb not null,
  occurred_at timestamptz not null,
  paid_at timestamptz,
  updated_at timestamptz not null,
  primary key (project_id, id),
  foreign key (project_id, customer_id) references customer
);
-- Serves orders_count and orders_amount in a window, one index-only range per customer.
create index orders_paid_by_customer on orders (project_id, customer_id, paid_at) include (currency, amount, status)
  where paid_at is not null;

-- One row per announced status of an order: the second report of the same status changes nothing.
create table order_status (
  project_id text collate "C" not null,
  order_id text collate "C" not null,
  status text not null,
  occurred_at timestamptz not null,
  primary key (project_id, order_id, status)
);

create table custom_event (
  project_id text collate "C" not null,
  id text collate "C" not null,
  customer_id text collate "C" not null,
  name text collate "C" not null,
  properties jsonb not null,
  occurred_at timestamptz not null,
  primary key (project_id, id),
  foreign key (project_id, customer_id) references customer
);
create index custom_event_by_customer on custom_event (project_id, customer_id, name, occurred_at);
