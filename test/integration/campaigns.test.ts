import { expect, it } from "vitest";
import { createRelay } from "../../ingest/relay.ts";
import { send, withKey } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const context = useApp();

const main = { type: "main", name: "Summer", currency: "EUR" };
const tenOff = { type: "order_discount", percent_bp: 1000 };
const points = { type: "points", points: 10 };
const credit = { type: "gift_credit", amount: 500 };
const aDay = { period: "day", redemptions_max: 5 };
const leaf = { on: "order.amount", op: "greater_or_equal", value: 1 };

async function createMain(project: TestProject, change: object = {}): Promise<string> {
  const { status, body } = await send(project, "POST", "/v1/campaigns", { ...main, ...change });
  expect(status, JSON.stringify(body)).toBe(201);
  return body.id;
}

function subOf(parentId: string, change: object = {}): object {
  return { type: "sub", parent_id: parentId, name: "Ten off", currency: "EUR", rewards: [tenOff], ...change };
}

async function createSub(project: TestProject, change: object = {}): Promise<string> {
  const parentId = await createMain(project);
  const { status, body } = await send(project, "POST", "/v1/campaigns", subOf(parentId, change));
  expect(status, JSON.stringify(body)).toBe(201);
  return body.id;
}

async function announced(project: TestProject, id: string) {
  return context.db
    .selectFrom("outbox")
    .select(["type", "payload"])
    .where("project_id", "=", project.projectId)
    .where("type", "like", "campaign.%")
    .orderBy("seq")
    .execute()
    .then((rows) =>
      rows
        .map(({ type, payload }) => ({ type, campaign: (payload as { campaign: Record<string, unknown> }).campaign }))
        .filter(({ campaign }) => campaign.id === id),
    );
}

it("creates a main campaign as a draft with its defaults and untouched counters", async () => {
  const project = await context.newProject();
  const { status, body } = await send(project, "POST", "/v1/campaigns", {
    ...main,
    time_zone: "Europe/Berlin",
    budget_amount: 100_000,
    starts_at: "2026-06-01T00:00:00+02:00",
    metadata: { season: "summer" },
  });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    type: "main",
    parent_id: null,
    status: "draft",
    template: "discount",
    time_zone: "Europe/Berlin",
    starts_at: "2026-05-31T22:00:00.000Z",
    ends_at: null,
    budget_amount: 100_000,
    budget_policy: "refuse",
    redemptions_max: null,
    rules: null,
    rewards: [],
    limits: {},
    metadata: { season: "summer" },
    usage: { redemptions_count: 0, discount_amount: 0, orders_amount: 0 },
    automatic: false,
    exclusions: {},
    on_rollback: "keep",
    points_price: null,
    voucher_lifetime_days: null,
    referrer_rewards: [],
    version: 1,
  });
  expect(await send(project, "GET", `/v1/campaigns/${body.id}`)).toMatchObject({ status: 200, body });
});

it("gives a sub-campaign its parent's template and time zone, and keeps rules and rewards as they were sent", async () => {
  const project = await context.newProject();
  const parentId = await createMain(project, { template: "loyalty", time_zone: "Asia/Tokyo" });
  const rules = {
    all: [
      { on: "order.amount", op: "greater_or_equal", value: 5000, message: "From 50 up" },
      { none: [{ on: "items", which: "any", where: { on: "item.categories", op: "any_of", value: ["tobacco"] } }] },
    ],
  };
  const rewards = [
    {
      type: "item_discount",
      which: "nth",
      n: 2,
      percent_bp: 5000,
      where: { on: "item.sku", op: "equals", value: "a" },
    },
    { ...tenOff, max_amount: 2000, when: { on: "customer.is_new", op: "equals", value: true } },
  ];
  const limits = { per_customer: 1, discount_amount_max_per_order: 5000 };
  const sent = subOf(parentId, { rules, rewards, limits, stacking: { exclusive: true }, triggers_on: "redemption" });
  const { status, body } = await send(project, "POST", "/v1/campaigns", sent);
  expect(status, JSON.stringify(body)).toBe(201);
  expect(body).toMatchObject({ template: "loyalty", time_zone: "Asia/Tokyo", parent_id: parentId });
  expect(body).toMatchObject({ rules, rewards, limits, stacking: { exclusive: true }, on_cancel: "rollback" });
});

const invalidSubs: [string, object, string][] = [
  ["a rule's operand of the wrong type", rule("order.amount", "greater_or_equal", "much"), "/rules/all/1/value"],
  ["an operator the path does not have", rule("order.amount", "starts_with", 5), "/rules/all/1/op"],
  ["an unknown path", rule("order.mood", "equals", "good"), "/rules/all/1/on"],
  ["an empty group", { rules: { all: [] } }, "/rules/all"],
  ["a node that is a group and more", { rules: { all: [leaf], op: "equals" } }, "/rules/op"],
  ["a rule that is no object", { rules: [leaf] }, "/rules"],
  ["a rule nested too deep", { rules: nested(9) }, `/rules${"/all/0".repeat(8)}`],
  ["two values in one reward", { rewards: [{ ...tenOff, amount: 5 }] }, "/rewards/0"],
  ["nth without n", { rewards: [{ type: "item_discount", which: "nth", amount: 5 }] }, "/rewards/0/n"],
  ["a discount of more than everything", { rewards: [{ ...tenOff, percent_bp: 10_001 }] }, "/rewards/0/percent_bp"],
  ["no rewards", { rewards: [] }, "/rewards"],
  ["a reward type that does not exist", { rewards: [{ type: "fireworks", amount: 5 }] }, "/rewards/0/type"],
  ["a period that does not exist", { limits: { per_period: [{ period: "decade" }] } }, "/limits/per_period/0/period"],
  ["a period limit of nothing", { limits: { per_period: [{ period: "day" }] } }, "/limits/per_period/0"],
  [
    "two limits of one period",
    { limits: { per_period: [aDay, { ...aDay, per: "all" }] } },
    "/limits/per_period/1/period",
  ],
  ["13 limits per period", { limits: { per_period: Array(13).fill(aDay) } }, "/limits/per_period"],
  ["an automatic campaign on another trigger", { automatic: true, triggers_on: "order.paid" }, "/automatic"],
  ["a trigger that does not exist", { triggers_on: "full_moon" }, "/triggers_on"],
  ["501 excluded products", { exclusions: { skus: Array(501).fill("a") } }, "/exclusions/skus"],
  ["an exclusion by something else", { exclusions: { colours: ["red"] } }, "/exclusions/colours"],
  ["a price of no points", { points_price: 0 }, "/points_price"],
  ["a lifetime of no days", { voucher_lifetime_days: 0 }, "/voucher_lifetime_days"],
  ["an unknown policy", { on_rollback: "forget" }, "/on_rollback"],
  ["rewards for referrers without referrals", { referrer_rewards: [points] }, "/referrer_rewards"],
  ["a voucher of no campaign", { rewards: [{ type: "voucher", campaign_id: "cam_x" }] }, "/rewards/0/campaign_id"],
  ["a code of no pool", { rewards: [tenOff, { type: "pool_voucher", pool_id: "pol_x" }] }, "/rewards/1/pool_id"],
  ["credit of no campaign", { rewards: [{ ...credit, campaign_id: "cam_x" }] }, "/rewards/0/campaign_id"],
  ["a custom trigger without its name", { triggers_on: "custom" }, "/trigger_name"],
  ["an unknown time zone", { time_zone: "Mars/Olympus" }, "/time_zone"],
  ["an offset as time zone", { time_zone: "+02:00" }, "/time_zone"],
  ["an end before the start", { starts_at: "2026-02-01T00:00:00Z", ends_at: "2026-01-01T00:00:00Z" }, "/ends_at"],
  ["a template of its own", { template: "discount" }, "/template"],
  ["another currency than its parent's", { currency: "USD" }, "/currency"],
  ["a holdout of more than everybody", { holdout_percent: 101 }, "/holdout_percent"],
];

it.each(invalidSubs)("refuses %s, naming the place, and stores nothing", async (_what, change, pointer) => {
  const project = await context.newProject();
  const parentId = await createMain(project);
  const { status, body } = await send(project, "POST", "/v1/campaigns", subOf(parentId, change));
  expect(status, JSON.stringify(body)).toBe(400);
  expect(body.errors.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer);
  const list = await send(project, "GET", "/v1/campaigns?type=sub");
  expect(list.body.data).toEqual([]);
});

it("refuses a parent that is a sub-campaign, that is not there, or that belongs to another project", async () => {
  const project = await context.newProject();
  const other = await context.newProject();
  const foreignMain = await createMain(other);
  for (const parentId of [await createSub(project), "cam_unknown", foreignMain]) {
    const { status, body } = await send(project, "POST", "/v1/campaigns", subOf(parentId));
    expect(status).toBe(400);
    expect(body.errors[0].pointer).toBe("/parent_id");
  }
});

it("refuses rewards and stacking on a main campaign", async () => {
  const project = await context.newProject();
  const { status, body } = await send(project, "POST", "/v1/campaigns", { ...main, rewards: [tenOff], stacking: {} });
  expect(status).toBe(400);
  expect(body.errors.map((fault: { pointer: string }) => fault.pointer).sort()).toEqual(["/rewards", "/stacking"]);
});

it("shows a project's campaigns to nobody else, on any route", async () => {
  const project = await context.newProject();
  const stranger = await context.newProject();
  const id = await createSub(project);
  const calls: [string, string, unknown?][] = [
    ["GET", `/v1/campaigns/${id}`],
    ["PATCH", `/v1/campaigns/${id}`, { name: "Mine" }],
    ["POST", `/v1/campaigns/${id}/activate`],
    ["GET", `/v1/campaigns/${id}/report`],
    ["GET", `/v1/campaigns/${id}/vouchers`],
    ["POST", `/v1/campaigns/${id}/vouchers`, {}],
    ["POST", `/v1/campaigns/${id}/voucher-batches`, { size: 1, pattern: { charset: "mixed", length: 10 } }],
  ];
  for (const [method, path, body] of calls) {
    expect((await stranger.request(method, path, body)).status, `${method} ${path}`).toBe(404);
  }
  expect((await send(stranger, "GET", "/v1/campaigns")).body).toEqual({ data: [], next_cursor: null });
  expect((await send(project, "GET", `/v1/campaigns/${id}`)).body).toMatchObject({ name: "Ten off", version: 1 });
});

it("lists the newest first, page by page, by status, type and parent", async () => {
  const project = await context.newProject();
  const parentId = await createMain(project);
  const ids: string[] = [];
  for (let n = 0; n < 5; n += 1) {
    ids.unshift((await send(project, "POST", "/v1/campaigns", subOf(parentId, { name: `Sub ${n}` }))).body.id);
  }
  await send(project, "POST", `/v1/campaigns/${ids[0]}/activate`);
  const seen: string[] = [];
  let path = `/v1/campaigns?limit=2&parent_id=${parentId}`;
  for (let pages = 0; pages < 3; pages += 1) {
    const { body } = await send(project, "GET", path);
    seen.push(...body.data.map((campaign: { id: string }) => campaign.id));
    path = `/v1/campaigns?limit=2&parent_id=${parentId}&cursor=${body.next_cursor}`;
    expect(body.next_cursor === null).toBe(pages === 2);
  }
  expect(seen).toEqual(ids);
  const idsOf = async (query: string) =>
    (await send(project, "GET", `/v1/campaigns?${query}`)).body.data.map((campaign: { id: string }) => campaign.id);
  expect(await idsOf("type=main")).toEqual([parentId]);
  expect(await idsOf("status=active")).toEqual([ids[0]]);
  expect((await project.request("GET", "/v1/campaigns?cursor=bm9uc2Vuc2U")).status).toBe(400);
  expect((await project.request("GET", "/v1/campaigns?colour=red")).status).toBe(400);
});

it("goes draft → active ⇄ paused → archived or draft → archived, and no other way", async () => {
  const project = await context.newProject();
  const ways = { draft: [], active: ["activate"], paused: ["activate", "pause"], archived: ["archive"] };
  const leadsTo: Record<string, Record<string, string>> = {
    draft: { activate: "active", archive: "archived" },
    active: { pause: "paused" },
    paused: { activate: "active", archive: "archived" },
    archived: {},
  };
  for (const [from, way] of Object.entries(ways)) {
    for (const verb of ["activate", "pause", "archive"]) {
      const id = await createMain(project);
      for (const step of way) expect((await project.request("POST", `/v1/campaigns/${id}/${step}`)).status).toBe(200);
      const { status, body } = await send(project, "POST", `/v1/campaigns/${id}/${verb}`);
      const to = leadsTo[from]?.[verb];
      if (to === undefined)
        expect(body, `${verb} of ${from}`).toMatchObject({ status: 409, code: "campaign_status_conflict" });
      else
        expect({ status, to: body.status, version: body.version }).toEqual({
          status: 200,
          to,
          version: way.length + 2,
        });
    }
  }
});

it("activates a sub-campaign under a draft, and nothing under an archived main campaign", async () => {
  const project = await context.newProject();
  const parentId = await createMain(project);
  const first = (await send(project, "POST", "/v1/campaigns", subOf(parentId))).body.id;
  const second = (await send(project, "POST", "/v1/campaigns", subOf(parentId))).body.id;
  expect((await project.request("POST", `/v1/campaigns/${first}/activate`)).status).toBe(200);
  expect((await project.request("POST", `/v1/campaigns/${parentId}/archive`)).status).toBe(200);
  expect((await project.request("POST", `/v1/campaigns/${second}/activate`)).status).toBe(409);
  expect((await project.request("POST", "/v1/campaigns", subOf(parentId))).status).toBe(409);
});

it("changes what a patch names, keeps the rest, takes null back to the default, and makes a new version", async () => {
  const project = await context.newProject();
  const id = await createSub(project, { redemptions_max: 5, limits: { per_customer: 1 }, team: "growth" });
  const rules = { on: "order.amount", op: "greater_or_equal", value: 1000 };
  const patch = { name: "Better", redemptions_max: null, team: null, rules, time_zone: "Europe/Paris" };
  const { status, body } = await send(project, "PATCH", `/v1/campaigns/${id}`, patch);
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body).toMatchObject({ ...patch, limits: { per_customer: 1 }, rewards: [tenOff], version: 2 });
  const cleared = await send(project, "PATCH", `/v1/campaigns/${id}`, { rules: null, limits: null });
  expect(cleared.body).toMatchObject({ rules: null, limits: {}, name: "Better", version: 3 });
});

it("checks the campaign that a patch results in, like a new one", async () => {
  const project = await context.newProject();
  const id = await createSub(project, { starts_at: "2026-05-01T00:00:00Z" });
  const refused: [object, string][] = [
    [{ ends_at: "2026-04-01T00:00:00Z" }, "/ends_at"],
    [{ rules: { all: [{ on: "order.amount", op: "equals", value: "x" }] } }, "/rules/all/0/value"],
    [{ triggers_on: "custom" }, "/trigger_name"],
    [{ template: "loyalty" }, "/template"],
    [{ type: "main" }, "/type"],
    [{ status: "active" }, "/status"],
    [{ rewards: null }, "/rewards"],
  ];
  for (const [patch, pointer] of refused) {
    const { status, body } = await send(project, "PATCH", `/v1/campaigns/${id}`, patch);
    expect(status, JSON.stringify(patch)).toBe(400);
    expect(body.errors[0].pointer).toBe(pointer);
  }
  expect((await send(project, "GET", `/v1/campaigns/${id}`)).body.version).toBe(1);
});

it("fixes currency and parent once the campaign is live or has children, and everything once it is archived", async () => {
  const project = await context.newProject();
  const id = await createSub(project);
  const otherParent = await createMain(project);
  const moved = await send(project, "PATCH", `/v1/campaigns/${id}`, { parent_id: otherParent });
  expect(moved.body).toMatchObject({ parent_id: otherParent });
  const inUse = await send(project, "PATCH", `/v1/campaigns/${otherParent}`, { currency: "USD" });
  expect(inUse).toMatchObject({ status: 409, body: { code: "conflict", errors: [{ pointer: "/currency" }] } });
  await project.request("POST", `/v1/campaigns/${id}/activate`);
  const live = await send(project, "PATCH", `/v1/campaigns/${id}`, { parent_id: await createMain(project) });
  expect(live).toMatchObject({ status: 409, body: { errors: [{ pointer: "/parent_id" }] } });
  expect((await project.request("PATCH", `/v1/campaigns/${id}`, { currency: "EUR", name: "Same" })).status).toBe(200);
  await project.request("POST", `/v1/campaigns/${id}/pause`);
  await project.request("POST", `/v1/campaigns/${id}/archive`);
  expect((await project.request("PATCH", `/v1/campaigns/${id}`, { name: "Late" })).status).toBe(409);
});

it("gives simultaneous changes one version each and loses none of them", async () => {
  const project = await context.newProject();
  const id = await createMain(project);
  const fields = ["team", "purpose", "medium", "channel", "budget_code"];
  const answers = await Promise.all(
    fields.map((field) => send(project, "PATCH", `/v1/campaigns/${id}`, { [field]: "changed" })),
  );
  expect(answers.map((answer) => answer.body.version).sort()).toEqual([2, 3, 4, 5, 6]);
  const { body } = await send(project, "GET", `/v1/campaigns/${id}`);
  expect(fields.map((field) => body[field])).toEqual(fields.map(() => "changed"));
});

it("announces every change with the whole campaign, and announces nothing that was refused", async () => {
  const project = await context.newProject();
  const id = await createSub(project, { metadata: { a: 1 } });
  await send(project, "PATCH", `/v1/campaigns/${id}`, { budget_amount: 700 });
  await send(project, "PATCH", `/v1/campaigns/${id}`, { holdout_percent: 1000 });
  await send(project, "POST", `/v1/campaigns/${id}/activate`);
  await send(project, "POST", `/v1/campaigns/${id}/archive`);
  const events = await announced(project, id);
  expect(events.map(({ type, campaign }) => [type, campaign.status, campaign.budget_amount, campaign.version])).toEqual(
    [
      ["campaign.created", "draft", null, 1],
      ["campaign.updated", "draft", 700, 2],
      ["campaign.status_changed", "active", 700, 3],
    ],
  );
  expect(events[2]?.campaign).toMatchObject({ name: "Ten off", type: "sub", currency: "EUR", metadata: { a: 1 } });
});

it("answers a repeated Idempotency-Key with the first answer and creates one campaign", async () => {
  const project = await context.newProject();
  const headers = { "idempotency-key": "campaign-1" };
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => send(project, "POST", "/v1/campaigns", main, headers)),
  );
  expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
  expect(answers.filter((answer) => answer.headers.get("idempotency-replayed") === "true")).toHaveLength(4);
  expect((await send(project, "GET", "/v1/campaigns")).body.data).toHaveLength(1);
});

it("demands manage to change and analytics to read a report", async () => {
  const project = await context.newProject();
  const id = await createMain(project);
  const checkout = await withKey(context, project, { kind: "secret", scopes: ["checkout"] });
  const analyst = await withKey(context, project, { kind: "secret", scopes: ["analytics"] });
  expect((await checkout.request("POST", "/v1/campaigns", main)).status).toBe(403);
  expect((await checkout.request("GET", `/v1/campaigns/${id}/report`)).status).toBe(403);
  expect((await analyst.request("PATCH", `/v1/campaigns/${id}`, { name: "No" })).status).toBe(403);
  expect((await analyst.request("GET", `/v1/campaigns/${id}/report`)).status).toBe(200);
});

it("reports what a campaign cost and brought, for the sub-campaign and for its main campaign, with its lag", async () => {
  const project = await context.newProject();
  const promotion = await setUpPromotion(project, {
    sub: { budget_amount: 2_000 },
    voucher: { code: "REPORT", limits: { per_customer: 1 } },
  });
  const codes = [promotion.code];
  const redeem = (orderId: string, customer: string) =>
    send(project, "POST", "/v1/redemptions", redeemBody({ codes, orderId, customer }), { "idempotency-key": orderId });
  expect((await redeem("o-1", "ann")).status).toBe(201);
  expect((await redeem("o-2", "bob")).status).toBe(201);
  expect((await redeem("o-3", "ann")).status).toBe(422);
  const waiting = await send(project, "GET", `/v1/campaigns/${promotion.campaignId}/report`);
  expect(waiting.body.ingest_lag.rows).toBeGreaterThan(0);
  await createRelay({ pool: context.pool, warehouse: context.warehouse, log: context.deps.log }).drain();
  for (const id of [promotion.campaignId, promotion.mainId]) {
    const { status, body } = await send(project, "GET", `/v1/campaigns/${id}/report`);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body).toMatchObject({
      campaign_id: id,
      currency: "EUR",
      redemptions_count: 2,
      rejections_count: 1,
      discount_amount: 1000,
      revenue_amount: 9000,
      orders_count: 2,
      customers_count: 2,
      new_customers_count: 2,
      returning_customers_count: 0,
      rollbacks_count: 0,
      // The shop did not tell what its goods cost it.
      margin_amount: null,
      margin_orders_count: 0,
      funnel: { published_count: 0, validations_count: 0, valid_count: 0, redeemed_count: 2, rolled_back_count: 0 },
      lift: { measured: false, reason: "no_holdout" },
      ingest_lag: { rows: 0 },
    });
    expect(body.pace?.used_share ?? null).toBe(id === promotion.campaignId ? 0.5 : null);
    expect(Date.parse(body.as_of)).toBeGreaterThan(Date.now() - 60_000);
  }
});

function rule(on: string, op: string, value: unknown): object {
  return { rules: { all: [leaf, { on, op, value }] } };
}

function nested(depth: number): object {
  return depth === 1 ? leaf : { all: [nested(depth - 1)] };
}
