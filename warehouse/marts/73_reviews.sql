-- Grain: a review, as it is now: a redemption, rejection or held reservation that a score or a rule made suspect.
-- `label` is what models learn from: it goes with a decision that is taken back.
CREATE OR REPLACE VIEW {database}.reviews {on_cluster}
(
  project_id String COMMENT 'The tenant',
  review_id String COMMENT 'Id of the review',
  subject_kind String COMMENT 'redemption, rejection or reservation',
  subject_id String COMMENT 'Id of what is reviewed',
  redemption_id String COMMENT 'The redemption at stake: the subject, or what a reservation becomes; empty for a rejection',
  customer String COMMENT 'The shop''s identifier of the customer; empty for a guest',
  campaign_id String COMMENT 'The sub-campaign that gave most; empty where there is none',
  order_id String COMMENT 'The shop''s id of the order',
  status String COMMENT 'open, held, confirmed, dismissed or closed (its subject ended before anybody decided)',
  origin String COMMENT 'request: the score came with the request. late: later',
  risk_action String COMMENT 'What the score led to: flag, hold or reject',
  risk_score Nullable(Float64) COMMENT '0 to 1; null where only a rule spoke',
  model String COMMENT 'name@version; empty where none scored',
  features Array(String) COMMENT 'Features of the score, the strongest first',
  rules Array(String) COMMENT 'Ids of the rules that fired',
  currency String COMMENT 'ISO 4217; all amounts of the row are in its minor units',
  amount_at_risk Int64 COMMENT 'Discount and credit that stood, were held or were refused, as last announced',
  opened_at DateTime64(3, 'UTC') COMMENT 'When it came into the queue',
  day Date COMMENT 'UTC day of opened_at',
  due_at DateTime64(3, 'UTC') COMMENT 'Until when it should be decided',
  label Nullable(UInt8) COMMENT '1 confirmed as abuse, 0 dismissed; null while undecided',
  decided_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was decided; null while it is not',
  reviewer_id String COMMENT 'The key that decided; empty while nobody has',
  reviewer_name String COMMENT 'Its name at that time',
  claw_back String COMMENT 'none, this or cluster: what a confirmation took back; empty while undecided',
  working_seconds Nullable(Float64) COMMENT 'From taking the review to deciding it; null while undecided',
  overdue UInt8 COMMENT '1 when it was decided late, or is late now'
)
AS
SELECT
  project_id,
  review_id,
  last.kind AS subject_kind,
  last.subject AS subject_id,
  last.redemption AS redemption_id,
  customer,
  last.campaign AS campaign_id,
  last.ordered AS order_id,
  last.state AS status,
  last.origin AS origin,
  JSONExtractString(last.text, 'action') AS risk_action,
  JSONExtract(last.text, 'score', 'Nullable(Float64)') AS risk_score,
  last.model AS model,
  JSONExtract(last.text, 'features', 'Array(String)') AS features,
  JSONExtract(last.text, 'rules', 'Array(String)') AS rules,
  last.currency AS currency,
  last.amount AS amount_at_risk,
  parseDateTime64BestEffort(JSONExtractString(last.text, 'opened_at'), 3, 'UTC') AS opened_at,
  toDate(opened_at) AS day,
  parseDateTime64BestEffort(JSONExtractString(last.text, 'due_at'), 3, 'UTC') AS due_at,
  if(is_decided, toUInt8(status = 'confirmed'), NULL) AS label,
  if(is_decided, decision.at, NULL) AS decided_at,
  if(is_decided, JSONExtractString(decision.text, 'reviewer', 'id'), '') AS reviewer_id,
  if(is_decided, JSONExtractString(decision.text, 'reviewer', 'name'), '') AS reviewer_name,
  if(is_decided, JSONExtractString(decision.text, 'claw_back'), '') AS claw_back,
  if(is_decided, JSONExtractFloat(decision.text, 'working_seconds'), NULL) AS working_seconds,
  toUInt8(if(is_decided, JSONExtractBool(decision.text, 'overdue'), status IN ('open', 'held') AND due_at <= now64(3))) AS overdue
FROM
(
  SELECT
    project_id,
    subject_id AS review_id,
    any(e.customer) AS customer,
    argMax(
      CAST(
        (JSONExtractString(payload, 'subject', 'kind'), name, redemption_id, campaign_id, order_id, toString(outcome),
          toString(source), toString(e.model), toString(e.currency), changed_by, payload),
        'Tuple(kind String, subject String, redemption String, campaign String, ordered String, state String, origin String, model String, currency String, amount Int64, text String)'),
      (recorded_at, outbox_xid, outbox_seq)) AS last,
    argMaxIf(CAST((occurred_at, payload), 'Tuple(at DateTime64(3, \'UTC\'), text String)'),
      (recorded_at, outbox_xid, outbox_seq), type = 'review.decided') AS decision,
    last.state IN ('confirmed', 'dismissed') AS is_decided
  FROM {database}.events AS e
  WHERE type IN ('review.opened', 'review.assigned', 'review.held', 'review.decided', 'review.closed', 'review.reopened')
  GROUP BY project_id, subject_id
);
