-- How offers are ranked, what they were worth where that could be measured, and who was shown what lately.

-- Absent: the defaults of api/offers/policy.ts. The version changes with the settings: arms are compared within one.
create table offer_policy (
  project_id text collate "C" primary key references project,
  version bigint not null check (version > 0),
  settings jsonb not null,
  updated_at timestamptz not null
);

-- What the warehouse says of campaigns, of templates ('template:discount') and of the project ('project'), recomputed by a worker:
-- a request must not wait for the warehouse, and none of it moves within an hour.
create table offer_measure (
  project_id text collate "C" not null references project,
  subject text collate "C" not null,
  -- Orders with known costs: the value of their lines before discounts, and what of it was not cost.
  margin_orders_count bigint not null default 0,
  margin_revenue_amount bigint not null default 0,
  margin_amount bigint not null default 0,
  -- Of a template: publications and uses of all its campaigns.
  publications_count bigint not null default 0,
  redemptions_count bigint not null default 0,
  -- Of the redemptions, the share that there would not have been otherwise, as the holdout says, and its standard error.
  incremental_share double precision,
  incremental_share_error double precision,
  measured_at timestamptz not null,
  primary key (project_id, subject)
);

alter table offer_decision add column campaign_ids text[] not null default '{}';

-- How often a customer was offered a campaign lately.
create index offer_decision_by_customer on offer_decision (project_id, customer_identifier, created_at);

create function audit_offer_policy() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
  perform audit(new.project_id, 'offer_policy', new.project_id,
    case when tg_op = 'INSERT' then 'created' else 'updated' end,
    case when tg_op = 'INSERT' then null else old.settings end, new.settings);
  return null;
end
$$;
create trigger audited after insert or update on offer_policy for each row execute function audit_offer_policy();
