import { expect, it } from "vitest";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";

const context = useApp();

const tenOff = { type: "order_discount", percent_bp: 1000 };
const credit = { type: "gift_credit", amount: 500 };

async function create(project: TestProject, body: object) {
  const answer = await send(project, "POST", "/v1/campaigns", body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
}

async function createMain(project: TestProject, change: object = {}): Promise<string> {
  return (await create(project, { type: "main", name: "Main", currency: "EUR", ...change })).id;
}

async function createSub(project: TestProject, parentId: string, change: object = {}) {
  return create(project, {
    type: "sub",
    parent_id: parentId,
    name: "Sub",
    currency: "EUR",
    rewards: [tenOff],
    ...change,
  });
}

const bareSub = { type: "sub", name: "Sub", currency: "EUR", rewards: [tenOff] };

const everything = {
  automatic: false,
  exclusions: { skus: ["a"], product_ids: ["p"], categories: ["tobacco"] },
  on_rollback: "recalculate",
  points_price: 100,
  voucher_lifetime_days: 30,
  limits: {
    per_period: [
      { period: "day", redemptions_max: 5 },
      { period: "day", per: "customer", discount_amount_max: 500 },
    ],
    discount_amount_max_per_customer: 900,
    orders_amount_max: 100_000,
  },
};

it("keeps every field of the engine, changes each, and takes null back to the default", async () => {
  const project = await context.newProject();
  const { id, ...made } = await createSub(project, await createMain(project), everything);
  expect(made).toMatchObject(everything);
  const changed = {
    automatic: false,
    exclusions: { skus: ["b"] },
    on_rollback: "revoke",
    points_price: 5,
    voucher_lifetime_days: 1,
    limits: { per_period: [{ period: "year", per: "customer", redemptions_max: 1 }] },
  };
  const patched = await send(project, "PATCH", `/v1/campaigns/${id}`, changed);
  expect(patched.status, JSON.stringify(patched.body)).toBe(200);
  expect(patched.body).toMatchObject(changed);
  const none = Object.fromEntries(Object.keys(changed).map((field) => [field, null]));
  const cleared = await send(project, "PATCH", `/v1/campaigns/${id}`, none);
  expect(cleared.body).toMatchObject({
    automatic: false,
    exclusions: {},
    on_rollback: "keep",
    points_price: null,
    voucher_lifetime_days: null,
    limits: {},
    version: 3,
  });
});

it("asks for points only where somebody gives a code", async () => {
  const project = await context.newProject();
  const parent_id = await createMain(project);
  const both = { ...bareSub, parent_id, automatic: true, points_price: 100 };
  const answer = await send(project, "POST", "/v1/campaigns", both);
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: "/points_price" }] } });
});

it("limits the value of orders for campaigns only, and periods for vouchers too", async () => {
  const project = await context.newProject();
  const { id } = await createSub(project, await createMain(project));
  const path = `/v1/campaigns/${id}/vouchers`;
  const refused = await send(project, "POST", path, { limits: { orders_amount_max: 5 } });
  expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: "/limits/orders_amount_max" }] } });
  const limits = { per_period: [{ period: "week", redemptions_max: 1 }], discount_amount_max_per_customer: 5 };
  expect(await send(project, "POST", path, { limits })).toMatchObject({ status: 201, body: { limits } });
});

it("accepts every trigger of the domain and stores it", async () => {
  const project = await context.newProject();
  const parentId = await createMain(project);
  for (const trigger of ["points_change", "customer.created", "customer.birthday", "order.paid", "segment.left"]) {
    expect(await createSub(project, parentId, { triggers_on: trigger })).toMatchObject({ triggers_on: trigger });
  }
});

it("lets only a gift card campaign have no rewards, and neither it nor a referral campaign be automatic", async () => {
  const project = await context.newProject();
  const cards = await createMain(project, { template: "gift_card" });
  const referrals = await createMain(project, { template: "referral" });
  const bare = { type: "sub", name: "Sub", currency: "EUR" };
  expect((await create(project, { ...bare, parent_id: cards })).rewards).toEqual([]);
  expect((await create(project, { ...bare, parent_id: cards, rewards: [] })).rewards).toEqual([]);
  const refused = await send(project, "POST", "/v1/campaigns", { ...bare, parent_id: referrals });
  expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: "/rewards" }] } });
  for (const parent_id of [cards, referrals]) {
    const automatic = { ...bare, parent_id, rewards: [tenOff], automatic: true };
    const answer = await send(project, "POST", "/v1/campaigns", automatic);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: "/automatic" }] } });
  }
});

it("gives referrers what can be kept, and no discount", async () => {
  const project = await context.newProject();
  const referrals = await createMain(project, { template: "referral" });
  const points = { type: "points", points: 50 };
  expect((await createSub(project, referrals, { referrer_rewards: [points] })).referrer_rewards).toEqual([points]);
  const sub = { type: "sub", parent_id: referrals, name: "Sub", currency: "EUR", rewards: [tenOff] };
  const answer = await send(project, "POST", "/v1/campaigns", { ...sub, referrer_rewards: [points, tenOff] });
  expect(answer.status).toBe(400);
  expect(answer.body.errors[0].pointer).toMatch(/^\/referrer_rewards\/1/);
});

it("finds the campaign of gift credit: the oldest active one of the currency, else a pair that it makes", async () => {
  const project = await context.newProject();
  const parentId = await createMain(project);
  const [first, second] = await Promise.all([1, 2].map(() => createSub(project, parentId, { rewards: [credit] })));
  const made = first.rewards[0].campaign_id;
  expect(second.rewards[0].campaign_id).toBe(made);
  const gift = (await send(project, "GET", `/v1/campaigns/${made}`)).body;
  expect(gift).toMatchObject({ name: "Gift credit (EUR)", template: "gift_card", status: "active", rewards: [] });
  const main = (await send(project, "GET", `/v1/campaigns/${gift.parent_id}`)).body;
  expect(main).toMatchObject({ name: "Gift credit (EUR)", template: "gift_card", status: "active", type: "main" });
  const dollars = await createMain(project, { currency: "USD" });
  const inDollars = await createSub(project, dollars, { currency: "USD", rewards: [credit] });
  expect(inDollars.rewards[0].campaign_id).not.toBe(made);
  const mixed = { ...credit, campaign_id: made };
  const sub = { type: "sub", parent_id: dollars, name: "Sub", currency: "USD", rewards: [mixed] };
  const refused = await send(project, "POST", "/v1/campaigns", sub);
  expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: "/rewards/0/campaign_id" }] } });
});

it("gives only vouchers of sub-campaigns of this project", async () => {
  const project = await context.newProject();
  const other = await context.newProject();
  const parentId = await createMain(project);
  const own = await createSub(project, parentId);
  const foreign = await createSub(other, await createMain(other));
  const reward = (id: string) => ({ type: "voucher", campaign_id: id });
  expect((await createSub(project, parentId, { rewards: [reward(own.id)] })).rewards).toEqual([reward(own.id)]);
  for (const id of [foreign.id, parentId]) {
    const sub = { type: "sub", parent_id: parentId, name: "Sub", currency: "EUR", rewards: [reward(id)] };
    const answer = await send(project, "POST", "/v1/campaigns", sub);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: "/rewards/0/campaign_id" }] } });
  }
});

it("keeps every version of a definition, the newest first, and a version as it was", async () => {
  const project = await context.newProject();
  const parentId = await createMain(project);
  const rules = { on: "order.amount", op: "greater_or_equal", value: 1000 };
  const { id } = await createSub(project, parentId, { rules, on_rollback: "revoke", time_zone: "Asia/Tokyo" });
  await send(project, "PATCH", `/v1/campaigns/${id}`, { name: "Better", rules: null });
  await send(project, "PATCH", `/v1/campaigns/${id}`, { name: 5 });
  await send(project, "POST", `/v1/campaigns/${id}/activate`);
  const first = await send(project, "GET", `/v1/campaigns/${id}/versions?limit=2`);
  expect(first.body.data.map((v: { version: number }) => v.version)).toEqual([3, 2]);
  const rest = await send(project, "GET", `/v1/campaigns/${id}/versions?limit=2&cursor=${first.body.next_cursor}`);
  expect(rest.body.data.map((v: { version: number }) => v.version)).toEqual([1]);
  const original = await send(project, "GET", `/v1/campaigns/${id}/versions/1`);
  expect(original.body).toEqual(rest.body.data[0]);
  expect(original.body.definition).toMatchObject({
    id,
    version: 1,
    status: "draft",
    name: "Sub",
    rules,
    rewards: [tenOff],
    limits: {},
    stacking: {},
    exclusions: {},
    currency: "EUR",
    on_rollback: "revoke",
    time_zone: "Asia/Tokyo",
    parent_id: parentId,
  });
  expect(first.body.data[0].definition).toMatchObject({ name: "Better", rules: null, status: "active" });
  expect((await send(project, "GET", `/v1/campaigns/${id}/versions/4`)).status).toBe(404);
  expect((await send(project, "GET", `/v1/campaigns/${id}/versions/first`)).status).toBe(400);
});

it("counts up whenever an automatic campaign, or the main campaign of one, changes, and not otherwise", async () => {
  const project = await context.newProject();
  const version = async () => {
    const row = await context.db
      .selectFrom("automatic_version")
      .select("version")
      .where("project_id", "=", project.projectId)
      .executeTakeFirst();
    return row?.version ?? 0;
  };
  const parentId = await createMain(project);
  const plain = await createSub(project, parentId);
  await send(project, "PATCH", `/v1/campaigns/${parentId}`, { name: "Renamed" });
  expect(await version()).toBe(0);
  const automatic = await createSub(project, parentId, { automatic: true });
  expect(await version()).toBe(1);
  const steps: [string, string, unknown?][] = [
    ["POST", `/v1/campaigns/${automatic.id}/activate`],
    ["POST", `/v1/campaigns/${parentId}/activate`],
    ["PATCH", `/v1/campaigns/${parentId}`, { budget_amount: 5 }],
    ["PATCH", `/v1/campaigns/${automatic.id}`, { automatic: false }],
  ];
  for (const [index, [method, path, body]] of steps.entries()) {
    expect((await project.request(method, path, body)).status).toBe(200);
    expect(await version()).toBe(index + 2);
  }
  await send(project, "PATCH", `/v1/campaigns/${plain.id}`, { name: "Plain" });
  await send(project, "PATCH", `/v1/campaigns/${automatic.id}`, { name: "Not any more" });
  await send(project, "PATCH", `/v1/campaigns/${parentId}`, { name: "Again" });
  expect(await version()).toBe(5);
});
