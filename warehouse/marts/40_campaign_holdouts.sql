-- Grain: a campaign, main or sub: from whom it is withheld, and the windows in which that can be measured.
--
-- The arms of a campaign's own holdout are compared where it has one; else those of the global holdout, which say what all
-- campaigns together cause. `measured_from` is the campaign's start, or the last change of that holdout when it is later:
-- before, other customers were held out. `known_before` is when the arms first could differ. Who came later may have come
-- because of the campaign, so only customers known by then are compared, by what they did before it and after.
CREATE OR REPLACE VIEW {database}.campaign_holdouts {on_cluster}
(
  project_id String COMMENT 'The tenant',
  campaign_id String COMMENT 'Id of the campaign',
  currency String COMMENT 'ISO 4217; orders in it are measured',
  basis String COMMENT 'campaign: its own holdout; project: the global holdout; empty: neither, so that nothing can be measured',
  holdout_percent Int64 COMMENT 'Share of the customers that this holdout takes, 0 to 100',
  global_holdout_percent Int64 COMMENT 'Share of the customers in the global holdout; they are in no arm of a campaign''s own',
  measured_from Nullable(DateTime64(3, 'UTC')) COMMENT 'Start of the window; null while the campaign was never active',
  measured_until Nullable(DateTime64(3, 'UTC')) COMMENT 'Its end, exclusive: the campaign''s end, or now',
  known_before Nullable(DateTime64(3, 'UTC')) COMMENT 'Customers first seen before this are compared',
  history_from Nullable(DateTime64(3, 'UTC')) COMMENT 'From here to known_before is the window of what they did before, as long as the measured one'
)
AS
WITH
  -- The order of the snapshots is that in which they were written.
  snapshots AS
  (
    SELECT
      CAST(project_id, 'String') AS project, campaign_id,
      arraySort(groupArray((recorded_at, event_id, occurred_at,
        JSONExtractString(payload, 'campaign', 'status'),
        -- -1: from before snapshots named it.
        if(JSONExtractString(payload, 'campaign', 'type') = 'main', 0,
          ifNull(JSONExtract(payload, 'campaign', 'holdout_percent', 'Nullable(Int64)'), -1)),
        parseDateTime64BestEffortOrNull(JSONExtractString(payload, 'campaign', 'starts_at'), 3, 'UTC'),
        parseDateTime64BestEffortOrNull(JSONExtractString(payload, 'campaign', 'ends_at'), 3, 'UTC'),
        toString(currency)))) AS told
    FROM {database}.events
    -- Nobody's events: by the sort key they are next to each other.
    WHERE customer = '' AND type IN ('campaign.created', 'campaign.updated', 'campaign.status_changed')
    GROUP BY project, campaign_id
  ),
  settings AS
  (
    SELECT
      CAST(project_id, 'String') AS project,
      arraySort(groupArray((recorded_at, event_id, occurred_at, JSONExtractInt(payload, 'project', 'holdout_percent')))) AS told
    FROM {database}.events
    WHERE customer = '' AND type = 'project.updated'
    GROUP BY project
  ),
  campaigns AS
  (
    SELECT
      s.project AS project_id,
      s.campaign_id AS campaign_id,
      s.told[-1].8 AS currency,
      greatest(s.told[-1].5, 0) AS own_percent,
      -- A start that was set later, or moved, leaves the earliest that held: too early a start only dilutes both arms alike.
      arrayMin(t -> toNullable(if(t.4 = 'active', ifNull(t.6, t.3), NULL)), s.told) AS exposed_from,
      arrayLastIndex(t -> t.5 != s.told[-1].5, s.told) AS other_before,
      if(other_before = 0, NULL, s.told[other_before + 1].3) AS own_since,
      arrayFirstIndex(t -> t.5 != 0, s.told) AS first_held,
      if(first_held > 1, s.told[first_held].3, NULL) AS own_begun,
      arrayFirstIndex(t -> t.4 = 'archived', s.told) AS archived,
      arrayMin([ifNull(s.told[-1].7, now64(3)), now64(3), if(archived = 0, now64(3), s.told[archived].3)]) AS until,
      ifNull(g.told[-1].4, 0) AS global_percent,
      arrayLastIndex(t -> t.4 != g.told[-1].4, g.told) AS global_other_before,
      g.told[global_other_before + 1].3 AS global_since,
      arrayFirst(t -> t.4 > 0, g.told).3 AS global_begun
    FROM snapshots AS s
    LEFT JOIN settings AS g ON g.project = s.project
  )
SELECT
  project_id,
  campaign_id,
  currency,
  multiIf(own_percent > 0, 'campaign', global_percent > 0, 'project', '') AS basis,
  multiIf(own_percent > 0, own_percent, global_percent) AS holdout_percent,
  global_percent AS global_holdout_percent,
  multiIf(basis = '', NULL, basis = 'project', greatest(exposed_from, global_since), greatest(exposed_from, ifNull(own_since, exposed_from)))
    AS measured_from,
  if(basis = '' OR exposed_from IS NULL, NULL, until) AS measured_until,
  multiIf(basis = '', NULL, basis = 'project', if(exposed_from IS NULL, NULL, global_begun),
    greatest(exposed_from, ifNull(own_begun, exposed_from))) AS known_before,
  known_before - toIntervalMillisecond(dateDiff('millisecond', measured_from, measured_until)) AS history_from
FROM campaigns;
