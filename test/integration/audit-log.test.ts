import { expect, it } from "vitest";
import { type Body, send, withKey } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const context = useApp();

async function entries(project: Pick<TestProject, "request">, query = ""): Promise<Body[]> {
  const { status, body } = await send(project, "GET", `/v1/audit-log?limit=100&${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data;
}

/** What one call left in the log, and what it answered. */
async function leftBy(project: TestProject, method: string, path: string, body?: unknown, type = "application/json") {
  const before = new Set((await entries(project)).map((entry) => entry.id));
  const response = await project.request(method, path, body, body === undefined ? {} : { "content-type": type });
  const text = await response.text();
  expect(response.status, text).toBeLessThan(300);
  const left = (await entries(project)).filter((entry) => !before.has(entry.id));
  return { left, answer: text === "" ? {} : JSON.parse(text), requestId: response.headers.get("x-request-id") };
}

it("tells of a new project and its first key, without the key", async () => {
  const project = await context.newProject();
  const found = await entries(project);
  expect(found.map((entry) => [entry.subject_type, entry.action, entry.actor])).toEqual([
    ["key", "created", { id: "system", name: null, member_id: null }],
    ["project", "created", { id: "system", name: null, member_id: null }],
  ]);
  expect(found[1]).toMatchObject({ subject_id: project.projectId, before: null, request_id: null });
  expect(Object.keys(found[0].after).sort()).toEqual(["allowed_origins", "id", "kind", "name", "scopes"]);
});

it("leaves one entry for each change, with who did it, in which request, and what it was before and after", async () => {
  const project = await context.newProject();
  const { campaignId, mainId, code } = await setUpPromotion(project, { voucher: { code: "ONE" } });
  const [first] = await entries(project, "subject_type=key");
  const voucher = (await send(project, "GET", `/v1/vouchers/${code}`)).body;
  await send(project, "PUT", "/v1/customers/ada", { email: "ada@example.com" });
  const main = { type: "main", name: "Winter", currency: "EUR" };
  const changes: [string, string, unknown, object][] = [
    ["POST", "/v1/campaigns", main, { subject_type: "campaign", action: "created", before: null, after: main }],
    [
      "PATCH",
      `/v1/campaigns/${mainId}`,
      { budget_amount: 700, team: "growth" },
      {
        subject_type: "campaign",
        subject_id: mainId,
        action: "updated",
        before: { version: 2 },
        after: { version: 3, budget_amount: 700, team: "growth" },
      },
    ],
    [
      "POST",
      `/v1/campaigns/${campaignId}/pause`,
      undefined,
      {
        subject_id: campaignId,
        action: "status_changed",
        before: { status: "active", version: 2 },
        after: { status: "paused", version: 3 },
      },
    ],
    [
      "POST",
      `/v1/campaigns/${campaignId}/vouchers`,
      { code: "two" },
      { subject_type: "voucher", action: "created", before: null, after: { code: "TWO", kind: "unique" } },
    ],
    [
      "POST",
      "/v1/vouchers/ONE/disable",
      undefined,
      {
        subject_type: "voucher",
        subject_id: voucher.id,
        action: "status_changed",
        before: { id: voucher.id, code: "ONE", status: "created", version: 1 },
        after: { id: voucher.id, code: "ONE", status: "disabled", version: 2 },
      },
    ],
    ["POST", "/v1/vouchers/ONE/enable", undefined, { subject_id: voucher.id, after: { status: "created" } }],
    ["POST", "/v1/vouchers/TWO/assign", { customer: { identifier: "ada" } }, { action: "updated" }],
    [
      "POST",
      `/v1/campaigns/${campaignId}/voucher-batches`,
      { size: 2, pattern: { charset: "mixed", length: 12 } },
      { subject_type: "voucher_batch", action: "created", after: { campaign_id: campaignId, size: 2 } },
    ],
    [
      "POST",
      "/v1/keys",
      { name: "shop", kind: "secret", scopes: ["checkout"] },
      { subject_type: "key", action: "created", after: { name: "shop", scopes: ["checkout"] } },
    ],
    [
      "PUT",
      "/v1/customers/ada",
      { email: "countess@example.com", consent: { email: true } },
      {
        subject_type: "customer",
        action: "updated",
        before: { email: "(personal)", consent: {} },
        after: { email: "(personal)", consent: { email: true } },
      },
    ],
  ];
  for (const [method, path, body, expected] of changes) {
    const { left, requestId } = await leftBy(project, method, path, body);
    expect(left, `${method} ${path}`).toHaveLength(1);
    expect(left[0], `${method} ${path}`).toMatchObject(expected);
    expect(left[0]).toMatchObject({ actor: { id: first.subject_id, name: "first key" }, request_id: requestId });
  }
});

it("leaves one entry for each change of a pool or a segment, with how many came or went", async () => {
  const project = await context.newProject();
  const made = await leftBy(project, "POST", "/v1/pools", { name: "Shop cards" });
  expect(made.left).toMatchObject([{ subject_type: "pool", action: "created", after: { name: "Shop cards" } }]);
  const pool = made.answer.id;
  const renamed = await leftBy(project, "PATCH", `/v1/pools/${pool}`, { low_stock: 5 });
  expect(renamed.left).toMatchObject([{ subject_type: "pool", action: "updated", after: { low_stock: 5 } }]);
  const filled = await leftBy(project, "POST", `/v1/pools/${pool}/codes`, "code\nA\nB\nB\n", "text/csv");
  const added = { subject_type: "pool", subject_id: pool, action: "codes_added", after: { id: pool, count: 2 } };
  expect(filled.left).toMatchObject([added]);
  expect(filled.left[0].actor.name).toBe("first key");
  const segment = await leftBy(project, "POST", "/v1/segments", { name: "vip" });
  expect(segment.left).toMatchObject([{ subject_type: "segment", action: "created", after: { name: "vip" } }]);
  const members = `/v1/segments/${segment.answer.id}/members`;
  for (const identifier of ["ada", "bob"]) await send(project, "PUT", `/v1/customers/${identifier}`, {});
  const entered = await leftBy(project, "POST", members, { customers: ["ada", "bob"] });
  expect(entered.left).toMatchObject([{ subject_type: "segment", action: "members_added", after: { count: 2 } }]);
  const left = await leftBy(project, "POST", `${members}/remove`, { customers: ["bob"] });
  expect(left.left).toMatchObject([{ subject_type: "segment", action: "members_removed", after: { count: 1 } }]);
});

it("says in an update only what changed", async () => {
  const project = await context.newProject();
  const { mainId } = await setUpPromotion(project, {});
  const { left } = await leftBy(project, "PATCH", `/v1/campaigns/${mainId}`, { budget_amount: 700 });
  expect(left[0]).toMatchObject({
    before: { id: mainId, version: 2 },
    after: { id: mainId, version: 3, budget_amount: 700 },
  });
  expect(Object.keys(left[0].after).sort()).toEqual(["budget_amount", "id", "name", "version"]);
  const { left: none } = await leftBy(project, "PUT", "/v1/customers/new", {});
  const { left: again } = await leftBy(project, "PUT", "/v1/customers/new", {});
  expect([none, again]).toEqual([[], []]);
});

it("names a key that was revoked and the two sides of a rotation, and never their digests", async () => {
  const project = await context.newProject();
  const made = await send(project, "POST", "/v1/keys", { name: "old", kind: "secret", scopes: ["manage"] });
  const rotated = await leftBy(project, "POST", `/v1/keys/${made.body.id}/rotate`, { grace_seconds: 0 });
  expect(rotated.left.map((entry) => [entry.action, entry.subject_id]).sort()).toEqual(
    [
      ["created", rotated.answer.id],
      ["revoked", made.body.id],
    ].sort(),
  );
  const revoked = await leftBy(project, "DELETE", `/v1/keys/${rotated.answer.id}`);
  expect(revoked.left).toMatchObject([
    { action: "revoked", subject_id: rotated.answer.id, actor: { name: "first key" } },
  ]);
  const whole = JSON.stringify(await entries(project));
  expect(whole).not.toContain("key_hash");
  expect(whole).not.toContain(rotated.answer.key.slice(-4));
});

it("tells of nothing that was refused, and of a replayed request once", async () => {
  const project = await context.newProject();
  const headers = { "idempotency-key": "k" };
  const main = { type: "main", name: "Winter", currency: "EUR" };
  await send(project, "POST", "/v1/campaigns", main, headers);
  await send(project, "POST", "/v1/campaigns", main, headers);
  await send(project, "POST", "/v1/campaigns", { ...main, budget_amount: -1 });
  expect(await entries(project, "subject_type=campaign")).toHaveLength(1);
});

it("leaves redemptions and the vouchers of a batch to their own records", async () => {
  const project = await context.newProject();
  const { code, campaignId } = await setUpPromotion(project, {});
  const before = (await entries(project)).length;
  const body = redeemBody({ codes: [code], orderId: "o-1", customer: "ada" });
  const redeemed = await send(project, "POST", "/v1/redemptions", body, { "idempotency-key": "r" });
  expect(redeemed.status, JSON.stringify(redeemed.body)).toBe(201);
  await context.pool.query(
    `insert into voucher (project_id, id, code, campaign_id, kind, status, batch_id, created_at, updated_at)
     select $1, 'vou_' || n, 'BATCH' || n, $2, 'unique', 'created', 'bat_1', now(), now() from generate_series(1, 50) n`,
    [project.projectId, campaignId],
  );
  expect(await entries(project)).toHaveLength(before);
});

it("belongs to whoever changes things through another door too: the service itself", async () => {
  const project = await context.newProject();
  const { mainId } = await setUpPromotion(project, {});
  await context.pool.query("update campaign set name = 'By hand', version = version + 1 where id = $1", [mainId]);
  const [last] = await entries(project, `subject_id=${mainId}`);
  expect(last).toMatchObject({
    actor: { id: "system", name: null },
    action: "updated",
    after: { name: "By hand" },
    request_id: null,
  });
});

it("can be changed or emptied by nobody", async () => {
  const project = await context.newProject();
  for (const statement of ["update audit_log set actor = 'me'", "delete from audit_log", "truncate audit_log"]) {
    await expect(context.pool.query(statement)).rejects.toMatchObject({ code: "55000" });
  }
  expect(await entries(project)).toHaveLength(2);
});

it("is listed newest first, page by page, by subject, actor and time", async () => {
  const project = await context.newProject();
  const { campaignId, mainId } = await setUpPromotion(project, {});
  const all = await entries(project);
  const seen: Body[] = [];
  let path = "/v1/audit-log?limit=3";
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { body } = await send(project, "GET", path);
    seen.push(...body.data);
    cursor = body.next_cursor;
    path = `/v1/audit-log?limit=3&cursor=${cursor}`;
  }
  expect(seen).toEqual(all);
  expect(all.map((entry) => entry.at)).toEqual(
    all
      .map((entry) => entry.at)
      .sort()
      .reverse(),
  );
  const ofSub = await entries(project, `subject_type=campaign&subject_id=${campaignId}`);
  expect(ofSub.map((entry) => entry.action)).toEqual(["status_changed", "created"]);
  expect(await entries(project, "actor=system")).toHaveLength(2);
  const made = (await entries(project, `subject_id=${mainId}`)).at(-1);
  const from = await entries(project, `from=${made.at}`);
  const to = await entries(project, `to=${made.at}`);
  expect(from.map((entry) => entry.id)).toContain(made.id);
  expect([...from, ...to]).toEqual(all);
  expect((await project.request("GET", "/v1/audit-log?subject_type=weather")).status).toBe(400);
});

it("shows nothing to other projects, nor to keys without manage or admin", async () => {
  const project = await context.newProject();
  const stranger = await context.newProject();
  const { campaignId } = await setUpPromotion(project, {});
  expect(await entries(stranger, `subject_id=${campaignId}`)).toEqual([]);
  expect(await entries(stranger)).toHaveLength(2);
  const checkout = await withKey(context, project, { kind: "secret", scopes: ["checkout", "analytics"] });
  expect((await checkout.request("GET", "/v1/audit-log")).status).toBe(403);
});
