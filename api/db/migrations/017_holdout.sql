-- The global holdout: the share of a project's customers from whom every campaign is withheld.
alter table project add column holdout_percent smallint not null default 0 check (holdout_percent between 0 and 50);

-- Which thresholds of its budget a campaign was announced to have reached. Of another budget they are reached anew.
create table campaign_budget_reached (
  project_id text collate "C" not null,
  campaign_id text collate "C" not null,
  threshold_percent smallint not null check (threshold_percent between 1 and 100),
  budget_amount bigint not null,
  used_amount bigint not null,
  reached_at timestamptz not null default now(),
  primary key (project_id, campaign_id, threshold_percent, budget_amount),
  foreign key (project_id, campaign_id) references campaign (project_id, id)
);

-- Snapshots of campaigns did not name the holdout until now. Those that have one are announced once more, as they are,
-- so that the warehouse can measure them: from their last change on, for that is since when it is known to hold.
insert into outbox (event_id, project_id, type, version, occurred_at, payload)
select 'evt_' || replace(gen_random_uuid()::text, '-', ''), c.project_id, 'campaign.updated', 1, c.updated_at,
  jsonb_build_object('campaign', jsonb_build_object(
    'id', c.id, 'type', c.type, 'parent_id', c.parent_id, 'name', c.name, 'template', c.template, 'status', c.status,
    'currency', c.currency, 'budget_amount', c.budget_amount, 'redemptions_max', c.redemptions_max,
    'starts_at', to_char(c.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'ends_at', to_char(c.ends_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'channel', c.channel, 'team', c.team, 'metadata', c.metadata, 'version', c.version,
    'holdout_percent', c.holdout_percent))
from campaign c
where c.holdout_percent > 0
order by c.project_id, c.id;
