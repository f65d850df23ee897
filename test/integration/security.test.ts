/** What every route owes, by the OpenAPI document: a route that is mounted tomorrow is held to it tomorrow. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Scope, scopes } from "../../api/http/environment.ts";
import { newId } from "../../api/ids.ts";
import { reviewConsumer } from "../../api/reviews/open.ts";
import { shippedRules } from "../../api/risk/shipped-rules.ts";
import { drainConsumer } from "../../ingest/consumer.ts";
import { send, withKey } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { everythingOfMessages } from "../support/messages.ts";
import { fillPath, type Operation, readOperations } from "../support/operations.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const context = useApp();

/** Need no key: probes and scrapers. */
const open = ["GET /healthz", "GET /readyz", "GET /metrics"];

let project: TestProject;
let operations: Operation[];
let secured: Operation[];

beforeAll(async () => {
  project = await context.newProject();
  ({ operations } = readOperations(context.app));
  secured = operations.filter((operation) => !open.includes(operation.name));
});

const anywhere = { kind: "orders", version: "1", id: "x", code: "x", identifier: "x", decision_id: "x" };

function ask(operation: Operation, as: Pick<TestProject, "request">, headers?: Record<string, string>, body?: string) {
  const content = operation.method === "GET" ? undefined : (body ?? "{}");
  const all = { ...(content === undefined ? {} : { "content-type": "application/json" }), ...headers };
  return send(as, operation.method, fillPath(operation.path, anywhere), content, all);
}

describe("every route", () => {
  it("but the probes names a scope in the document", () => {
    expect(secured.length).toBeGreaterThan(35);
    expect(secured.filter((operation) => operation.scopes.length === 0).map(({ name }) => name)).toEqual([]);
  });

  it("answers 401 without a key, with an unknown one and with something else than a bearer key", async () => {
    for (const operation of secured) {
      for (const authorization of [
        "",
        "Bearer tsk_unknown",
        `Basic ${btoa("a:b")}`,
        "Bearer",
        `Bearer ${"x".repeat(9_000)}`,
      ]) {
        const { status, body, headers } = await ask(operation, project, { authorization });
        expect([operation.name, status, body.code]).toEqual([operation.name, 401, "unauthorized"]);
        expect(headers.get("www-authenticate")).toMatch(/^Bearer/);
        expect(headers.get("content-type")).toBe("application/problem+json");
      }
    }
  });

  it("answers 403 to a key without its scope, and says which is missing", async () => {
    for (const scope of scopes) {
      const narrow = await withKey(context, project, { kind: "secret", scopes: [scope] });
      for (const operation of secured.filter((candidate) => !candidate.scopes.includes(scope))) {
        const { status, body } = await ask(operation, narrow);
        expect([operation.name, scope, status, body.code]).toEqual([operation.name, scope, 403, "scope_missing"]);
        for (const needed of operation.scopes) expect(body.detail).toContain(needed satisfies Scope);
      }
    }
  });

  it("lets a key with one of its scopes come as far as the request itself", async () => {
    const keys = new Map<Scope, Pick<TestProject, "request">>();
    for (const scope of scopes) keys.set(scope, await withKey(context, project, { kind: "secret", scopes: [scope] }));
    for (const operation of secured) {
      for (const scope of operation.scopes) {
        const key = keys.get(scope);
        if (!key) throw new Error(`${operation.name} names an unknown scope`);
        const response = await key.request(operation.method, fillPath(operation.path, anywhere));
        expect([401, 403], `${operation.name} as ${scope}`).not.toContain(response.status);
      }
    }
  });

  it("that takes a body refuses what is not JSON, too large, or of another media type", async () => {
    const large = JSON.stringify({ name: "x".repeat(256 * 1024) });
    for (const operation of secured.filter((candidate) => candidate.body)) {
      const broken = await ask(operation, project, {}, '{"a":');
      expect([operation.name, broken.status, broken.body.code]).toEqual([operation.name, 400, "malformed_json"]);
      expect(broken.body.errors[0].pointer).toBe("");
      const tooLarge = await ask(operation, project, {}, large);
      expect([operation.name, tooLarge.status]).toEqual([operation.name, 413]);
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", ""]) {
        const other = await ask(operation, project, { "content-type": type });
        expect([operation.name, type, other.status]).toEqual([operation.name, type, 415]);
      }
    }
  });

  it("names a field that does not exist", async () => {
    for (const operation of secured.filter((candidate) => candidate.body)) {
      const { status, body } = await ask(operation, project, { "idempotency-key": "k" }, '{"no_such_field":1}');
      expect([operation.name, status, body.code]).toEqual([operation.name, 400, "invalid_request"]);
    }
    const { body } = await send(project, "PUT", "/v1/customers/x", { no_such_field: 1 });
    expect(body.errors).toEqual([{ pointer: "/no_such_field", detail: "There is no such field." }]);
  });

  it("sends its request id, safe headers and nothing to be cached", async () => {
    for (const operation of secured) {
      const { headers, body } = await ask(operation, project, { authorization: "" });
      expect(body.instance).toBe(`urn:uuid:${headers.get("x-request-id")}`);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });
});

describe("another project's things", () => {
  it("are not there, whatever one tries with their ids", async () => {
    const owner = await context.newProject();
    const { campaignId, mainId, code } = await setUpPromotion(owner, {});
    const customer = { identifier: "customer-1" };
    await send(owner, "PUT", "/v1/customers/customer-1", {});
    const body = redeemBody({ codes: [code], orderId: "o1", customer: "customer-1" });
    const redemption = await send(owner, "POST", "/v1/redemptions", body, { "idempotency-key": "r" });
    await send(owner, "POST", "/v1/orders", { ...order, id: "o1", customer, status: "paid" });
    const batch = await send(owner, "POST", `/v1/campaigns/${campaignId}/voucher-batches`, batchBody);
    const offers = await send(owner, "POST", "/v1/offers", { customer, order });
    const toOne = { campaign_id: campaignId, to: { customers: [customer] } };
    const publicationJob = await send(owner, "POST", "/v1/publication-jobs", toOne);
    const publication = await send(owner, "POST", "/v1/publications", { code, customer });
    const segment = await send(owner, "POST", "/v1/segments", { name: "vip" });
    await send(owner, "POST", `/v1/segments/${segment.body.id}/members`, { customers: ["customer-1"] });
    await send(owner, "POST", "/v1/customers/customer-1/points", { points: 100 });
    const pool = await send(owner, "POST", "/v1/pools", { name: "Cinema" });
    const file = { "content-type": "text/csv" };
    const imports = await send(owner, "POST", `/v1/campaigns/${campaignId}/vouchers/import`, "code\nI1\n", file);
    const job = await send(owner, "POST", "/v1/voucher-jobs", { action: "disable", codes: [code] });
    const toHold = { ...redeemBody({ codes: [code], orderId: "o2" }), ttl_seconds: 600 };
    const held = await send(owner, "POST", "/v1/reservations", toHold, { "idempotency-key": "h" });
    const unknown = redeemBody({ codes: ["UNKNOWN"], orderId: "o3" });
    const rejected = await send(owner, "POST", "/v1/redemptions", unknown, { "idempotency-key": "j" });
    const [key] = (await send(owner, "GET", "/v1/keys")).body.data;
    const member = await send(owner, "POST", "/v1/members", { name: "Ada", role: "analyst" });
    await send(owner, "PUT", "/v1/customers/customer-9", {});
    const erasure = await send(owner, "DELETE", "/v1/customers/customer-9");
    const clusterId = await linkTwoAccounts(owner.projectId);
    const largeOrders = { name: "Large", when: { on: "order.amount", op: "greater_than", value: 1 } };
    const rule = await send(owner, "POST", "/v1/risk/rules", largeOrders);
    await send(owner, "PUT", `/v1/campaigns/${campaignId}/risk-policy`, { hold: 0.999 });
    const { reviewId, clawBackId } = await reviewAndClawBack(owner, code);
    const { workflowId, runId } = await workflowAndRun(owner);
    const messages = await everythingOfMessages(context, owner);
    const listed = { segment_id: segment.body.id, columns: ["identifier"] };
    const list = await send(owner, "POST", "/v1/list-exports", listed);
    const receiver = { url: "https://93.184.216.34/hook", types: "all" };
    const subscription = await send(owner, "POST", "/v1/event-subscriptions", receiver);
    const ids: Record<string, string> = {
      "/v1/event-subscriptions": subscription.body.id,
      "/v1/list-exports": list.body.id,
      "/v1/channels": messages.channelId,
      "/v1/templates": messages.templateId,
      "/v1/deliveries": messages.deliveryId,
      "/v1/suppressions": messages.suppressionId,
      "/v1/workflows": workflowId,
      "/v1/workflow-runs": runId,
      "/v1/clusters": clusterId,
      "/v1/reviews": reviewId,
      "/v1/claw-backs": clawBackId,
      "/v1/redemptions": redemption.body.id,
      "/v1/reservations": held.body.id,
      "/v1/rejections": rejected.body.rejection_id,
      "/v1/campaigns": campaignId,
      "/v1/vouchers": code,
      "/v1/voucher-batches": batch.body.id,
      "/v1/voucher-jobs": job.body.id,
      "/v1/imports": imports.body.id,
      "/v1/pools": pool.body.id,
      "/v1/publications": publication.body.id,
      "/v1/publication-jobs": publicationJob.body.id,
      "/v1/customers": "customer-1",
      "/v1/erasures": erasure.body.id,
      "/v1/orders": "o1",
      "/v1/keys": key.id,
      "/v1/audit-log": (await send(owner, "GET", "/v1/audit-log")).body.data[0].id,
      "/v1/members": member.body.id,
      "/v1/segments": segment.body.id,
      "/v1/risk/rules": rule.body.id,
      "/v1/offers": offers.body.decision_id,
      "/v1/models": "risk",
    };
    const version = [owner.projectId, "risk", "1"];
    await context.pool.query(
      "insert into model_version (project_id, name, version, manifest) values ($1, $2, $3, '{}')",
      version,
    );
    const bodies: Record<string, object> = {
      "POST /v1/campaigns/{id}/vouchers": { kind: "generic", code: "NEW" },
      "POST /v1/campaigns/{id}/voucher-batches": batchBody,
      "POST /v1/vouchers/{code}/assign": { customer },
      "POST /v1/vouchers/{code}/top-up": { amount: 100 },
      "PATCH /v1/pools/{id}": { name: "stolen" },
      "POST /v1/vouchers/{code}/publish": { customer, channel: "email" },
      "POST /v1/offers/{decision_id}/outcome": { campaign_id: campaignId, outcome: "shown" },
      "PATCH /v1/campaigns/{id}": { name: "stolen" },
      "POST /v1/campaigns/{id}/trial": {
        order: { currency: "EUR", items: [{ sku: "a", quantity: 1, unit_amount: 1 }] },
      },
      "POST /v1/campaigns/{id}/referral-codes": { customer },
      "POST /v1/customers/{identifier}/points": { points: -1 },
      "POST /v1/customers/{identifier}/points/exchange": { campaign_id: campaignId },
      "PATCH /v1/channels/{id}": { name: "stolen" },
      "POST /v1/channels/{id}/bounces": { bounces: [{ reason: "bounced", address: "ada@people.example" }] },
      "PATCH /v1/templates/{id}": { name: "stolen" },
      "PATCH /v1/event-subscriptions/{id}": { description: "stolen" },
      "POST /v1/event-subscriptions/{id}/replay": { from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z" },
      "PATCH /v1/segments/{id}": { name: "stolen" },
      "POST /v1/segments/{id}/members": { customers: ["customer-2"] },
      "POST /v1/segments/{id}/members/remove": { customers: ["customer-1"] },
      "POST /v1/reviews/{id}/decision": { decision: "dismiss" },
      "POST /v1/reviews/{id}/notes": { note: "seen" },
      "POST /v1/reviews/{id}/claw-back": { scope: "this" },
    };
    const before = await snapshot(owner.projectId);
    const foreign = operations.filter(
      ({ name, pathParameters }) => pathParameters.length > 0 && !makesItsOwn.has(name),
    );
    expect(foreign.length).toBeGreaterThan(20);
    for (const operation of foreign) {
      const id = ids[operation.path.slice(0, operation.path.indexOf("/{"))];
      if (id === undefined) throw new Error(`say here how to make what ${operation.name} is about`);
      const path = operation.path.replace(/\{\w+\}/, encodeURIComponent(id)).replace("{version}", "1");
      const content = operation.method === "GET" ? undefined : (bodies[operation.name] ?? {});
      const headers = { "idempotency-key": operation.name };
      const { status, body: answer } = await send(project, operation.method, path, content, headers);
      expect([operation.name, status, answer.code]).toEqual([operation.name, 404, "not_found"]);
      expect(JSON.stringify(answer)).not.toContain(id);
    }
    expect(await snapshot(owner.projectId)).toEqual(before);
    const child = {
      type: "sub",
      parent_id: mainId,
      name: "x",
      triggers_on: "redemption",
      currency: "EUR",
      rewards: [],
    };
    const adopted = await send(project, "POST", "/v1/campaigns", child);
    expect([400, 404]).toContain(adopted.status);
  });

  it("are in no list", async () => {
    const owner = await context.newProject();
    const { code } = await setUpPromotion(owner, {});
    const body = redeemBody({ codes: [code], orderId: "o1", customer: "customer-1" });
    await send(owner, "POST", "/v1/redemptions", body, { "idempotency-key": "r" });
    const stranger = await context.newProject();
    const validation = await send(stranger, "POST", "/v1/validations", { codes: [code], order });
    expect(validation.body).toMatchObject({ valid: false, codes: [{ reasons: [{ key: "voucher_unknown" }] }] });
    const lists = operations.filter(({ method, path, queryParameters }) => {
      return method === "GET" && !path.includes("{") && "cursor" in queryParameters;
    });
    expect(lists.length).toBeGreaterThanOrEqual(7);
    for (const { name, path } of lists) {
      const { status, body: page } = await send(stranger, "GET", path);
      expect([name, status, page.data.length, page.next_cursor]).toEqual([name, 200, ownEntries[path] ?? 0, null]);
    }
  });
});

/** As the worker writes it. */
async function linkTwoAccounts(projectId: string): Promise<string> {
  const clusterId = newId("clu");
  const account = { project_id: projectId, cluster_id: clusterId, first_seen_at: "2026-01-01T00:00:00Z", version: 1 };
  await context.warehouse.insert({
    table: "account_clusters",
    values: ["customer-1", "customer-2"].map((customer) => ({ ...account, customer })),
    format: "JSONEachRow",
  });
  return clusterId;
}

async function workflowAndRun(owner: TestProject) {
  const given = { trigger: { on: "customer.created" }, steps: [{ type: "points", points: 1 }] };
  const workflow = await send(owner, "POST", "/v1/workflows", { name: "Welcome", ...given });
  const runId = newId("wfr");
  await context.pool.query(
    `insert into workflow_run (project_id, id, workflow_id, version, customer_id, trigger_key, trigger, status, due_at, started_at, ended_at)
     select project_id, $2, $3, 1, id, 'x', '{"type": "customer.created", "at": "2026-01-01T00:00:00Z"}', 'failed', now(), now(), now()
     from customer where project_id = $1 and identifier = 'customer-1'`,
    [owner.projectId, runId, workflow.body.id],
  );
  return { workflowId: workflow.body.id, runId };
}

/** A redemption that a rule flags, confirmed by a reviewer and taken back. */
async function reviewAndClawBack(owner: TestProject, code: string) {
  const everything = { name: "All", status: "enabled", action: "flag" };
  const when = { on: "order.amount", op: "greater_than", value: 1 };
  await send(owner, "POST", "/v1/risk/rules", { ...everything, when });
  const body = redeemBody({ codes: [code], orderId: "o4", customer: "customer-1" });
  await send(owner, "POST", "/v1/redemptions", body, { "idempotency-key": "flagged" });
  await drainConsumer(reviewConsumer({ db: context.db, log: context.deps.log }));
  const [review] = (await send(owner, "GET", "/v1/reviews")).body.data;
  const path = `/v1/reviews/${review.id}/decision`;
  const decided = await send(owner, "POST", path, { decision: "confirm", claw_back: "this" });
  return { reviewId: review.id, clawBackId: decided.body.claw_back.id };
}

const order = { currency: "EUR", items: [{ sku: "coffee", quantity: 2, unit_amount: 2500 }] };
const batchBody = { size: 2, pattern: { charset: "mixed", length: 10 } };

/** What every project has from its beginning. The log tells of the project and of its first key. */
const ownEntries: Readonly<Record<string, number>> = {
  "/v1/keys": 1,
  "/v1/projects": 1,
  "/v1/audit-log": 2,
  "/v1/risk/rules": shippedRules.length,
};

/**
 * A customer of the same identifier is another customer; marts (exports.test.ts) and kinds of imports are named the same
 * for everybody.
 */
const makesItsOwn = new Set([
  "POST /v1/import/{kind}",
  "GET /v1/exports/{mart}",
  "PUT /v1/customers/{identifier}",
  // Asked in the name of a customer, by a token; popups.test.ts asks for another's.
  "POST /v1/popups/{id}/shown",
  "POST /v1/popups/{id}/clicked",
  "POST /v1/popups/{id}/dismissed",
]);

/** Everything of a project that a stranger might have changed. */
async function snapshot(projectId: string): Promise<unknown[]> {
  const tables = [
    "campaign",
    "voucher",
    "customer",
    "orders",
    "redemption",
    "reservation",
    "ledger",
    "api_key",
    "member",
    "publication",
    "segment",
    "segment_member",
    "points_account",
    "points_entry",
    "outbox",
    "audit_log",
    "voucher_batch",
    "voucher_import",
    "import_job",
    "voucher_job",
    "pool",
    "pool_code",
    "risk_rule",
    "risk_policy",
  ];
  const reads = tables.map(async (table) => {
    const { rows } = await context.pool.query(
      `select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as digest from ${table} t where project_id = $1`,
      [projectId],
    );
    return [table, rows[0].digest];
  });
  return Promise.all(reads);
}
