/**
 * Every place of Postgres that holds something about a customer, and what an erasure does with it. A column of text or
 * JSON that is neither here nor in `impersonal` fails test/integration/erasure-places.test.ts: whoever adds one decides.
 */

/**
 * document: JSON of which the person is taken out. text: the same of a text. key: of a text that no other row may have.
 * none: null. nothing: '{}'. list: '[]'. pseudonym: names the customer, and names the pseudonym afterwards.
 */
export type Change = "document" | "text" | "key" | "none" | "nothing" | "list" | "pseudonym";

export interface Place {
  readonly table: string;
  /**
   * SQL that finds the rows; $1 is the project, $2 the ids of the customer, $3 the identifier, $4 texts of which any
   * must stand in a document that the person is in (`marksOf`).
   */
  readonly where: string;
  readonly columns: Readonly<Record<string, Change>>;
}

const ofCustomer = "t.customer_id = any($2)";
const mentions = (...columns: string[]) =>
  `exists (select from unnest($4::text[]) mark where ${columns.map((column) => `strpos(lower(t.${column}::text), lower(mark)) > 0`).join(" or ")})`;

/** Found by the customer's id or name, in their own rows. */
export const ownPlaces: readonly Place[] = [
  { table: "orders", where: ofCustomer, columns: { items: "document" } },
  { table: "custom_event", where: ofCustomer, columns: { properties: "nothing" } },
  {
    table: "redemption",
    where: ofCustomer,
    columns: { order_data: "document", risk: "document", trace: "list", response: "document", facts: "none" },
  },
  { table: "redemption_code", where: ofCustomer, columns: { rewards: "document" } },
  {
    table: "redemption_rollback",
    where: `exists (select from redemption r
      where r.project_id = t.project_id and r.id = t.redemption_id and r.customer_id = any($2))`,
    columns: { reason: "none", items: "document", codes: "document", response: "document" },
  },
  { table: "reservation", where: ofCustomer, columns: { content: "document", response: "document" } },
  {
    table: "rejection",
    where: "t.customer_identifier = $3",
    columns: {
      customer_identifier: "pseudonym",
      reasons: "document",
      order_data: "document",
      risk: "document",
      trace: "list",
    },
  },
  {
    table: "offer_decision",
    where: `(t.customer_identifier = $3 or ${ofCustomer})`,
    columns: { customer_identifier: "pseudonym", offers: "document" },
  },
  // Before the reviews, by whose customer they are found.
  {
    table: "review_entry",
    where: `exists (select from review v
      where v.project_id = t.project_id and v.id = t.review_id and v.customer = $3)`,
    columns: { note: "text", data: "document" },
  },
  {
    table: "review",
    where: "t.customer = $3",
    columns: { customer: "pseudonym", repeat_key: "pseudonym", reasons: "document", note: "text" },
  },
  { table: "points_entry", where: ofCustomer, columns: { reason: "none" } },
  // Before the deliveries, by whose customer they are found: a provider's words may repeat the address.
  {
    table: "delivery_attempt",
    where: `exists (select from delivery d
      where d.project_id = t.project_id and d.id = t.delivery_id and d.customer_id = any($2))`,
    columns: { reason: "text" },
  },
  {
    table: "delivery",
    where: ofCustomer,
    columns: { source_id: "key", variables: "nothing", address: "none", reason: "text" },
  },
  { table: "workflow_run", where: ofCustomer, columns: { trigger: "document" } },
  { table: "publication", where: ofCustomer, columns: { source_id: "text" } },
  { table: "popup_message", where: ofCustomer, columns: { content: "nothing" } },
  {
    table: "voucher",
    where: `(${ofCustomer} or t.referrer_id = any($2))`,
    columns: { metadata: "document" },
  },
  // Who changed the customer stays, and when; what it was goes.
  {
    table: "audit_log",
    where: "t.subject_type = 'customer' and t.subject_id = any($2)",
    columns: { before: "none", after: "none" },
  },
  {
    table: "audit_log",
    where: `t.subject_type = 'voucher' and exists (select from voucher v
      where v.project_id = t.project_id and v.id = t.subject_id
        and (v.customer_id = any($2) or v.referrer_id = any($2)))`,
    columns: { before: "document", after: "document" },
  },
];

/**
 * Found by what stands in them, because no column says whose they are. They live for days at most, or are few. A row of
 * a file that is still to be read becomes one that is reported as bad.
 */
export const mentioningPlaces: readonly Place[] = [
  {
    table: "idempotency_key",
    where: mentions("response_body", "key"),
    columns: { key: "key", response_body: "document" },
  },
  { table: "import_row", where: mentions("content", "fault"), columns: { content: "nothing", fault: "text" } },
  { table: "import_error", where: mentions("reason"), columns: { reason: "text" } },
  { table: "imported_redemption", where: mentions("reference"), columns: { reference: "key" } },
  { table: "voucher_import_row", where: mentions("content", "fault"), columns: { content: "nothing", fault: "text" } },
  { table: "voucher_import_error", where: mentions("reason"), columns: { reason: "text" } },
  { table: "voucher_job_item", where: "t.customer = $3", columns: { customer: "pseudonym" } },
  { table: "voucher_job_error", where: mentions("reason"), columns: { reason: "text" } },
  { table: "dead_letter", where: mentions("error"), columns: { error: "text" } },
  // The keyed hash stays: whoever bounced or complained is not written to again.
  // Written as `canonicalAddress` does, not as the shop wrote it, and the whole of it: "bob@x" is not "notbob@x".
  {
    table: "suppression",
    where: `t.address in (
      select unnest(array[lower(btrim(mark)), regexp_replace(mark, '[[:space:]().-]', '', 'g')]) from unnest($4::text[]) mark)`,
    columns: { address: "none" },
  },
  { table: "event_consumer_failure", where: mentions("error"), columns: { error: "text" } },
  // What receivers answered.
  { table: "event_delivery", where: mentions("attempts"), columns: { attempts: "document" } },
];

/** What one statement does: the customer's own row (rename.ts), lists they are in, the outbox (rewrite-outbox.ts). */
export const elsewhere: Readonly<Record<string, readonly string[]>> = {
  customer: ["identifier", "name", "email", "phone", "attributes", "tags", "consent", "metadata"],
  outbox: ["payload"],
  // api/signals/forget.ts.
  signal_state: ["kind", "subject", "state"],
  erasure: ["person", "counts", "error", "pseudonyms", "reason", "status"],
};

/**
 * Texts that say nothing about a person: definitions, codes, states, figures. A code that a shop has made out of a name
 * is the shop's; ids of orders and events are its ids.
 */
export const impersonal: Readonly<Record<string, readonly string[]>> = {
  alert: ["kind", "detail"],
  attempt_window: ["subject"],
  audit_log: ["actor", "actor_name", "action", "subject_type", "request_id"],
  custom_event: ["name"],
  claw_back: [
    ...["scope", "status", "created_by", "created_name", "created_request"],
    ...["undone_by", "undone_name", "undone_request", "error"],
  ],
  claw_back_step: ["kind", "outcome", "reason", "currency", "undo", "undo_reason", "held_by"],
  dead_letter: ["type"],
  delivery: ["channel_kind", "purpose", "status"],
  delivery_attempt: ["outcome"],
  event_consumer_failure: ["name", "type"],
  event_delivery: ["type", "status"],
  import_error: ["field"],
  import_job: ["kind", "format", "status", "error"],
  issued_reward: ["type", "status"],
  ledger: ["kind", "lines"],
  offer_decision: ["model"],
  order_status: ["status"],
  orders: ["status", "currency"],
  outbox: ["type"],
  period_usage: ["scope", "bucket"],
  customer_usage: ["scope"],
  points_entry: ["kind", "lots"],
  pool_code: ["code", "status"],
  publication: ["channel", "status", "reason"],
  redemption: ["status", "currency", "source"],
  redemption_code: ["code"],
  rejection: ["codes", "campaign_ids", "currency", "source"],
  reservation: ["status"],
  review: [
    ...["subject_kind", "currency", "action", "model", "rules", "origin", "status", "closed_because"],
    ...["assigned_to", "assigned_name", "decided_by", "decided_name"],
  ],
  review_entry: ["kind", "actor", "actor_name"],
  suppression: ["kind", "reason"],
  voucher: ["code", "kind", "status", "limits", "rules"],
  voucher_import: ["status", "error"],
  voucher_import_error: ["field"],
  voucher_job: ["action", "status", "error", "cursor", "upto"],
  voucher_job_error: ["code"],
  voucher_job_item: ["code"],
  workflow_run: ["trigger_key", "status", "reason"],
  workflow_run_entry: ["kind", "outcome", "reason", "detail"],
};

/** Tables about campaigns, keys, the people who run the shop and the service itself; no customer's data. */
export const impersonalTables: readonly string[] = [
  "api_key",
  "automatic_version",
  "campaign",
  "campaign_budget_reached",
  "campaign_stock",
  "campaign_usage",
  "campaign_version",
  "channel",
  "channel_rate",
  "event_consumer",
  "event_replay",
  "event_subscription",
  "list_export",
  "member",
  "migration",
  "model_drift",
  "model_file",
  "model_training",
  "model_version",
  "offer_measure",
  "offer_policy",
  "pool",
  "project",
  "publication_job",
  "reconciliation_drift",
  "reconciliation_run",
  "relay_stream",
  "risk_change",
  "risk_policy",
  "risk_rescore",
  "risk_rule",
  "risk_version",
  "segment",
  "segment_evaluation",
  "server_secret",
  "template",
  "template_version",
  "voucher_batch",
  "workflow",
  "workflow_scan",
  "workflow_settings",
  "workflow_version",
];
