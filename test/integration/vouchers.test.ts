import { expect, it } from "vitest";
import { send, withKey } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const context = useApp();

interface Shop {
  readonly project: TestProject;
  readonly campaignId: string;
  readonly mainId: string;
}

async function newShop(): Promise<Shop> {
  const project = await context.newProject();
  const { campaignId, mainId } = await setUpPromotion(project, {});
  return { project, campaignId, mainId };
}

function create({ project, campaignId }: Shop, body: object) {
  return send(project, "POST", `/v1/campaigns/${campaignId}/vouchers`, body);
}

function redeem({ project }: Shop, code: string, orderId: string, customer?: string) {
  const body = redeemBody({ codes: [code], orderId, ...(customer === undefined ? {} : { customer }) });
  return send(project, "POST", "/v1/redemptions", body, { "idempotency-key": orderId });
}

async function eventsOf(project: TestProject, code: string) {
  const rows = await context.db
    .selectFrom("outbox")
    .select(["type", "payload", "occurred_at"])
    .where("project_id", "=", project.projectId)
    .where("type", "like", "voucher.%")
    .orderBy("seq")
    .execute();
  return rows
    .map(({ type, payload, occurred_at }) => ({ type, occurred_at, ...(payload as Record<string, unknown>) }))
    .filter((event) => "code" in event && event.code === code);
}

it("makes a unique code of one use that cannot be guessed, and announces it", async () => {
  const shop = await newShop();
  const { status, body } = await create(shop, { metadata: { list: "a" } });
  expect(status, JSON.stringify(body)).toBe(201);
  expect(body).toMatchObject({
    campaign_id: shop.campaignId,
    kind: "unique",
    status: "created",
    redemptions_max: 1,
    redemptions_count: 0,
    customer: null,
    metadata: { list: "a" },
    version: 1,
  });
  expect(body.code).toMatch(/^[A-HJKMNP-Z2-9]{12}$/);
  expect(await eventsOf(shop.project, body.code)).toMatchObject([{ type: "voucher.created", voucher_id: body.id }]);
});

it("keeps a generic code in upper case, without a maximum, and finds it in any spelling", async () => {
  const shop = await newShop();
  const { status, body } = await create(shop, { kind: "generic", code: "  sale-10 " });
  expect(status, JSON.stringify(body)).toBe(201);
  expect(body).toMatchObject({ code: "SALE-10", kind: "generic", redemptions_max: null });
  for (const spelling of ["SALE-10", "sale-10", " Sale-10 ", "ＳＡＬＥ-10"]) {
    const found = await send(shop.project, "GET", `/v1/vouchers/${encodeURIComponent(spelling)}`);
    expect(found).toMatchObject({ status: 200, body: { id: body.id } });
  }
});

it("gives a code to one of many simultaneous creators, in any spelling, and names the field to the others", async () => {
  const shop = await newShop();
  const spellings = ["twice", "TWICE", "Twice ", "tWiCe", "twice", "TWICE"];
  const answers = await Promise.all(spellings.map((code) => create(shop, { kind: "generic", code })));
  expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
  for (const { status, body } of answers.filter((answer) => answer.status !== 201)) {
    expect({ status, code: body.code, pointer: body.errors[0].pointer }).toEqual({
      status: 409,
      code: "code_taken",
      pointer: "/code",
    });
  }
  expect(await eventsOf(shop.project, "TWICE")).toHaveLength(1);
});

it("lets two projects have the same code and shows each its own", async () => {
  const [first, second] = [await newShop(), await newShop()];
  const ids = await Promise.all([first, second].map(async (shop) => (await create(shop, { code: "SHARED" })).body.id));
  expect((await send(first.project, "GET", "/v1/vouchers/SHARED")).body.id).toBe(ids[0]);
  expect((await send(second.project, "GET", "/v1/vouchers/SHARED")).body.id).toBe(ids[1]);
});

const invalidVouchers: [string, object, string][] = [
  ["a generic voucher without a code", { kind: "generic" }, "/code"],
  ["a code with blanks inside", { code: "TWO WORDS" }, "/code"],
  ["a code beyond 64 characters", { code: "A".repeat(65) }, "/code"],
  ["a gift card in another campaign", { kind: "gift_card", balance_amount: 100 }, "/kind"],
  ["a balance without a gift card", { balance_amount: 100 }, "/balance_amount"],
  ["no use at all", { redemptions_max: 0 }, "/redemptions_max"],
  ["an end before the start", { starts_at: "2026-02-01T00:00:00Z", expires_at: "2026-02-01T00:00:00Z" }, "/expires_at"],
  ["a rule that makes no sense", { rules: { on: "order.amount", op: "equals", value: "x" } }, "/rules/value"],
  ["an empty customer", { customer: { identifier: "" } }, "/customer/identifier"],
];

it.each(invalidVouchers)("refuses %s, naming the field", async (_what, given, pointer) => {
  const shop = await newShop();
  const { status, body } = await create(shop, given);
  expect(status, JSON.stringify(body)).toBe(400);
  expect(body.errors.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer);
});

it("puts vouchers in sub-campaigns that are not archived only", async () => {
  const shop = await newShop();
  const inMain = await send(shop.project, "POST", `/v1/campaigns/${shop.mainId}/vouchers`, { code: "X" });
  expect(inMain).toMatchObject({ status: 409, body: { code: "conflict" } });
  await shop.project.request("POST", `/v1/campaigns/${shop.campaignId}/pause`);
  expect((await create(shop, { code: "PAUSED" })).status).toBe(201);
  await shop.project.request("POST", `/v1/campaigns/${shop.campaignId}/archive`);
  expect((await create(shop, { code: "LATE" })).body.code).toBe("campaign_status_conflict");
  expect((await shop.project.request("GET", "/v1/vouchers/LATE")).status).toBe(404);
});

it("answers alike for an unknown code, a text that cannot be one, and another project's", async () => {
  const shop = await newShop();
  const stranger = await context.newProject();
  await create(shop, { code: "MINE", kind: "generic" });
  for (const path of ["NOPE", "two%20words", "%F0%9F%92%A9", "MINE"]) {
    const { status, body } = await send(stranger, "GET", `/v1/vouchers/${path}`);
    expect({ status, detail: body.detail }).toEqual({ status: 404, detail: "There is no such voucher." });
  }
  for (const verb of ["disable", "enable"]) {
    expect((await stranger.request("POST", `/v1/vouchers/MINE/${verb}`)).status).toBe(404);
  }
  for (const verb of ["assign", "publish"]) {
    const body = { customer: { identifier: "eve" } };
    expect((await stranger.request("POST", `/v1/vouchers/MINE/${verb}`, body)).status).toBe(404);
  }
  expect((await stranger.request("GET", "/v1/customers/eve")).status).toBe(404);
});

it("lists a campaign's vouchers page by page, each once", async () => {
  const shop = await newShop();
  for (let n = 0; n < 4; n += 1) await create(shop, { code: `LIST${n}` });
  const seen: string[] = [];
  let cursor = "";
  do {
    const { body } = await send(shop.project, "GET", `/v1/campaigns/${shop.campaignId}/vouchers?limit=2${cursor}`);
    seen.push(...body.data.map((voucher: { code: string }) => voucher.code));
    cursor = body.next_cursor === null ? "" : `&cursor=${body.next_cursor}`;
  } while (cursor !== "");
  expect(seen.slice(0, 4)).toEqual(["LIST3", "LIST2", "LIST1", "LIST0"]);
  expect(seen).toHaveLength(5);
});

it("shows a voucher as expired from its end on, unless it is used up or disabled", async () => {
  const shop = await newShop();
  const expires_at = "2026-01-01T00:00:00Z";
  expect((await create(shop, { code: "OLD", expires_at })).body.status).toBe("expired");
  expect((await create(shop, { code: "NEXT", expires_at: "2190-01-01T00:00:00Z" })).body.status).toBe("created");
  expect((await send(shop.project, "POST", "/v1/vouchers/OLD/disable")).body.status).toBe("disabled");
});

it("takes a disabled voucher out of use and puts it back as it was", async () => {
  const shop = await newShop();
  await create(shop, { code: "SWITCH", redemptions_max: 2 });
  const disabled = await send(shop.project, "POST", "/v1/vouchers/switch/disable");
  expect(disabled).toMatchObject({ status: 200, body: { status: "disabled", version: 2 } });
  const refused = await redeem(shop, "SWITCH", "o-1");
  expect(refused).toMatchObject({ status: 422, body: { reasons: [{ key: "voucher_not_active" }] } });
  expect((await send(shop.project, "POST", "/v1/vouchers/SWITCH/disable")).body.version).toBe(2);
  const enabled = await send(shop.project, "POST", "/v1/vouchers/SWITCH/enable");
  expect(enabled).toMatchObject({ status: 200, body: { status: "created", version: 3 } });
  expect((await send(shop.project, "POST", "/v1/vouchers/SWITCH/enable")).body.version).toBe(3);
  expect((await redeem(shop, "SWITCH", "o-2")).status).toBe(201);
  const types = (await eventsOf(shop.project, "SWITCH")).map((event) => event.type);
  expect(types).toEqual(["voucher.created", "voucher.disabled", "voucher.enabled"]);
});

it("enables a voucher that was used up as used up, and one that was handed out as handed out", async () => {
  const shop = await newShop();
  await create(shop, { code: "USED" });
  expect((await redeem(shop, "USED", "o-1")).status).toBe(201);
  await create(shop, { code: "GIVEN" });
  await send(shop.project, "POST", "/v1/vouchers/GIVEN/publish", { customer: { identifier: "ann" } });
  for (const [code, status] of [
    ["USED", "redeemed"],
    ["GIVEN", "distributed"],
  ]) {
    await send(shop.project, "POST", `/v1/vouchers/${code}/disable`);
    expect((await send(shop.project, "POST", `/v1/vouchers/${code}/enable`)).body.status).toBe(status);
  }
});

it("keeps an assigned voucher for its customer, who is created when new, and does not count it as handed out", async () => {
  const shop = await newShop();
  await create(shop, { code: "HERS" });
  const assign = (identifier: string) =>
    send(shop.project, "POST", "/v1/vouchers/HERS/assign", { customer: { identifier } });
  expect((await assign("ann")).body).toMatchObject({ customer: { identifier: "ann" }, status: "created", version: 2 });
  expect((await shop.project.request("GET", "/v1/customers/ann")).status).toBe(200);
  expect((await assign("ann")).body.version).toBe(2);
  expect((await assign("bea")).body).toMatchObject({ customer: { identifier: "bea" }, version: 3 });
  const wrong = await redeem(shop, "HERS", "o-1", "ann");
  expect(wrong.body.reasons).toMatchObject([{ key: "voucher_assigned_to_other_customer", code: 1003 }]);
  expect((await redeem(shop, "HERS", "o-2", "bea")).status).toBe(201);
  expect(await assign("ann")).toMatchObject({ status: 409, body: { code: "conflict" } });
});

it("assigns at creation, creating the customer in the same breath", async () => {
  const shop = await newShop();
  const { body } = await create(shop, { code: "BORN", customer: { identifier: "cleo" } });
  expect(body).toMatchObject({ customer: { identifier: "cleo" }, status: "created" });
  expect(await eventsOf(shop.project, "BORN")).toMatchObject([{ type: "voucher.created", customer: "cleo" }]);
  const taken = await create(shop, { code: "BORN", customer: { identifier: "never-seen" } });
  expect(taken.status).toBe(409);
  expect((await shop.project.request("GET", "/v1/customers/never-seen")).status).toBe(404);
});

it("hands a unique voucher to one customer and refuses it to the next", async () => {
  const shop = await newShop();
  const voucher = (await create(shop, { code: "GIFT" })).body;
  const publish = (identifier: string, more: object = {}) =>
    send(shop.project, "POST", "/v1/vouchers/gift/publish", { customer: { identifier }, ...more });
  const { status, body } = await publish("ann", { channel: "email" });
  expect(status, JSON.stringify(body)).toBe(201);
  expect(body).toMatchObject({
    voucher_id: voucher.id,
    code: "GIFT",
    campaign_id: shop.campaignId,
    customer: { identifier: "ann" },
    channel: "email",
    source_id: null,
  });
  expect((await send(shop.project, "GET", "/v1/vouchers/GIFT")).body).toMatchObject({
    status: "distributed",
    customer: { identifier: "ann" },
    version: 2,
  });
  expect(await publish("bea")).toMatchObject({ status: 409, body: { code: "conflict" } });
  expect((await eventsOf(shop.project, "GIFT")).slice(1)).toMatchObject([
    { type: "voucher.published", customer: "ann", publication_id: body.id, channel: "email", kind: "unique" },
  ]);
});

it("hands a generic voucher to many and leaves it for everybody", async () => {
  const shop = await newShop();
  const { version } = (await create(shop, { code: "ALL", kind: "generic" })).body;
  for (const identifier of ["ann", "bea", "cleo"]) {
    const answer = await send(shop.project, "POST", "/v1/vouchers/ALL/publish", { customer: { identifier } });
    expect(answer.status).toBe(201);
  }
  expect((await send(shop.project, "GET", "/v1/vouchers/ALL")).body).toMatchObject({ customer: null, version });
  expect((await eventsOf(shop.project, "ALL")).filter((event) => event.type === "voucher.published")).toHaveLength(3);
});

it("publishes a source_id once, however many ask at the same time, and refuses it for anything else", async () => {
  const shop = await newShop();
  await create(shop, { code: "ONCE" });
  await create(shop, { code: "OTHER" });
  const publish = (code: string, identifier: string) =>
    send(shop.project, "POST", `/v1/vouchers/${code}/publish`, { customer: { identifier }, source_id: "mail-1" });
  const answers = await Promise.all(Array.from({ length: 8 }, () => publish("ONCE", "ann")));
  expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 201));
  expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
  expect((await eventsOf(shop.project, "ONCE")).filter((event) => event.type === "voucher.published")).toHaveLength(1);
  expect((await redeem(shop, "ONCE", "o-1", "ann")).status).toBe(201);
  expect(await publish("ONCE", "ann")).toMatchObject({ status: 201, body: { id: answers[0]?.body.id } });
  for (const [code, identifier] of [
    ["OTHER", "ann"],
    ["ONCE", "bea"],
  ]) {
    const { status, body } = await publish(code as string, identifier as string);
    expect({ status, pointer: body.errors?.[0].pointer }).toEqual({ status: 409, pointer: "/source_id" });
  }
});

it("gives a unique voucher to one of many customers who are to get it at the same time", async () => {
  const shop = await newShop();
  await create(shop, { code: "RACE" });
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      send(shop.project, "POST", "/v1/vouchers/RACE/publish", { customer: { identifier: `customer-${n}` } }),
    ),
  );
  expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
});

it("refuses to publish what is disabled, used up or expired", async () => {
  const shop = await newShop();
  await create(shop, { code: "OFF" });
  await send(shop.project, "POST", "/v1/vouchers/OFF/disable");
  await create(shop, { code: "SPENT" });
  await redeem(shop, "SPENT", "o-1");
  await create(shop, { code: "PAST", expires_at: "2026-01-01T00:00:00Z" });
  for (const code of ["OFF", "SPENT", "PAST"]) {
    const { status } = await send(shop.project, "POST", `/v1/vouchers/${code}/publish`, {
      customer: { identifier: "ann" },
    });
    expect(status, code).toBe(409);
  }
  expect((await shop.project.request("GET", "/v1/customers/ann")).status).toBe(404);
});

it("publishes in the past with the scope import only", async () => {
  const shop = await newShop();
  await create(shop, { code: "PAST", expires_at: "2026-01-01T00:00:00Z" });
  const body = { customer: { identifier: "ann" }, occurred_at: "2025-12-01T10:00:00Z" };
  const manager = await withKey(context, shop.project, { kind: "secret", scopes: ["manage"] });
  expect((await manager.request("POST", "/v1/vouchers/PAST/publish", body)).status).toBe(403);
  const answer = await send(shop.project, "POST", "/v1/vouchers/PAST/publish", body);
  expect(answer).toMatchObject({ status: 201, body: { published_at: "2025-12-01T10:00:00.000Z" } });
  const published = (await eventsOf(shop.project, "PAST")).at(-1);
  expect(published?.occurred_at.toISOString()).toBe("2025-12-01T10:00:00.000Z");
});

it("keeps the voucher's own rule and limits through storage", async () => {
  const shop = await newShop();
  const rules = { any: [{ on: "order.quantity", op: "greater_or_equal", value: 3 }] };
  const limits = { per_customer: 1 };
  const { body } = await create(shop, { code: "RULED", kind: "generic", rules, limits });
  expect(body).toMatchObject({ rules, limits });
  const refused = await redeem(shop, "RULED", "o-1", "ann");
  expect(refused).toMatchObject({
    status: 422,
    body: { reasons: [{ key: "rule_not_met", expected: 3, actual: 2, gap: 1 }] },
  });
});
