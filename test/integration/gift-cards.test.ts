import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { newId } from "../../api/ids.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";

const context = useApp();

interface Shop {
  readonly project: TestProject;
  readonly campaignId: string;
}

/** A sub-campaign of gift cards. */
async function newShop(sub: object = {}): Promise<Shop> {
  const project = await context.newProject();
  const main = await send(project, "POST", "/v1/campaigns", {
    type: "main",
    name: "Cards",
    currency: "EUR",
    template: "gift_card",
  });
  const child = await send(project, "POST", "/v1/campaigns", {
    type: "sub",
    parent_id: main.body.id,
    name: "Cards",
    triggers_on: "redemption",
    currency: "EUR",
    rewards: [],
    ...sub,
  });
  expect(child.status, JSON.stringify(child.body)).toBe(201);
  return { project, campaignId: child.body.id };
}

function create({ project, campaignId }: Shop, body: object) {
  return send(project, "POST", `/v1/campaigns/${campaignId}/vouchers`, body);
}

async function ledgerOf({ project }: Shop, voucherId: string) {
  const { rows } = await context.pool.query(
    `select movement, reference_id, balance from ledger_line
     where project_id = $1 and kind = 'voucher' and account_id = $2 order by id`,
    [project.projectId, voucherId],
  );
  return rows;
}

function eventsOf({ project }: Shop, type: string) {
  return context.db
    .selectFrom("outbox")
    .select("payload")
    .where("project_id", "=", project.projectId)
    .where("type", "=", type)
    .orderBy("seq")
    .execute();
}

async function newCustomer({ project }: Shop, identifier: string): Promise<string> {
  await send(project, "PUT", `/v1/customers/${identifier}`, {});
  const { id } = await context.db
    .selectFrom("customer")
    .select("id")
    .where("project_id", "=", project.projectId)
    .where("identifier", "=", identifier)
    .executeTakeFirstOrThrow();
  return id;
}

it("makes gift cards with a balance in gift card campaigns, and no other voucher there", async () => {
  const shop = await newShop();
  const { status, body } = await create(shop, { balance_amount: 5000 });
  expect(status, JSON.stringify(body)).toBe(201);
  expect(body).toMatchObject({ kind: "gift_card", balance_amount: 5000, redemptions_max: null, status: "created" });
  const wrong: [object, string][] = [
    [{ kind: "gift_card" }, "/balance_amount"],
    [{ kind: "gift_card", balance_amount: 0 }, "/balance_amount"],
    [{ kind: "unique" }, "/kind"],
    [{ kind: "generic", code: "ALL" }, "/kind"],
  ];
  for (const [given, pointer] of wrong) {
    const refused = await create(shop, given);
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, pointer]);
  }
  expect(await eventsOf(shop, "voucher.created")).toMatchObject([
    { payload: { kind: "gift_card", balance_amount: 5000 } },
  ]);
});

it("tops a card up exactly, however many do so at once, with a row in the ledger and an event for each", async () => {
  const shop = await newShop();
  const { id, code } = (await create(shop, { balance_amount: 100 })).body;
  const path = `/v1/vouchers/${code}/top-up`;
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => send(shop.project, "POST", path, { amount: 7, reason: "goodwill" })),
  );
  expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
  expect((await send(shop.project, "GET", `/v1/vouchers/${code}`)).body).toMatchObject({
    balance_amount: 240,
    version: 1,
  });
  const lines = await ledgerOf(shop, id);
  expect(lines).toEqual(Array.from({ length: 20 }, () => ({ movement: "top_up", reference_id: id, balance: 7 })));
  const events = await eventsOf(shop, "gift_card.credited");
  expect(events).toHaveLength(20);
  const balances = events.map(({ payload }) => (payload as unknown as { balance_amount: number }).balance_amount);
  expect([...balances].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => 107 + 7 * n));
  expect(events[0]?.payload).toMatchObject({ voucher_id: id, code, customer: null, amount: 7, reason: "goodwill" });
});

it("tops up once for one idempotency key", async () => {
  const shop = await newShop();
  const { code } = (await create(shop, { balance_amount: 100 })).body;
  const headers = { "idempotency-key": "k" };
  for (const replayed of [null, "true"]) {
    const answer = await send(shop.project, "POST", `/v1/vouchers/${code}/top-up`, { amount: 50 }, headers);
    expect([answer.status, answer.body.balance_amount]).toEqual([200, 150]);
    expect(answer.headers.get("idempotency-replayed")).toBe(replayed);
  }
});

it("refuses to top up what is disabled, beyond what a card holds, and by nothing", async () => {
  const shop = await newShop();
  const { code } = (await create(shop, { balance_amount: 1_000_000_000_000 })).body;
  const topUp = (amount: number) => send(shop.project, "POST", `/v1/vouchers/${code}/top-up`, { amount });
  expect(await topUp(1)).toMatchObject({ status: 400, body: { errors: [{ pointer: "/amount" }] } });
  expect(await topUp(0)).toMatchObject({ status: 400, body: { errors: [{ pointer: "/amount" }] } });
  await send(shop.project, "POST", `/v1/vouchers/${code}/disable`);
  expect(await topUp(5)).toMatchObject({ status: 409, body: { code: "conflict" } });
});

async function credit(shop: Shop, customerId: string, amount: number, code: string = randomUUID().toUpperCase()) {
  const { rows } = await context.pool.query("select credit_gift_card($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) as id", [
    shop.project.projectId,
    shop.campaignId,
    customerId,
    amount,
    newId("vou"),
    code,
    "rew_1",
    "red_1",
    new Date(),
  ]);
  return rows[0].id as string;
}

it("credits the customer's one card, which is made once by the first of many at the same time", async () => {
  const shop = await newShop({ voucher_lifetime_days: 30 });
  const ann = await newCustomer(shop, "ann");
  const ids = await Promise.all(Array.from({ length: 12 }, () => credit(shop, ann, 250)));
  expect(new Set(ids).size).toBe(1);
  const cards = await send(shop.project, "GET", `/v1/campaigns/${shop.campaignId}/vouchers`);
  expect(cards.body.data).toHaveLength(1);
  const [card] = cards.body.data;
  expect(card).toMatchObject({
    id: ids[0],
    balance_amount: 3000,
    status: "distributed",
    customer: { identifier: "ann" },
  });
  expect(Date.parse(card.expires_at) - Date.parse(card.created_at)).toBe(30 * 24 * 3600 * 1000);
  const lines = await ledgerOf(shop, card.id);
  expect(lines).toEqual(
    Array.from({ length: 12 }, () => ({ movement: "top_up", reference_id: "red_1", balance: 250 })),
  );
  expect(await eventsOf(shop, "voucher.published")).toMatchObject([
    { payload: { channel: "reward", customer: "ann" } },
  ]);
});

it("makes another card for a customer whose card is disabled or over, and says when the code is taken", async () => {
  const shop = await newShop();
  const ann = await newCustomer(shop, "ann");
  const first = await credit(shop, ann, 100, "CARD-1");
  await send(shop.project, "POST", "/v1/vouchers/CARD-1/disable");
  await expect(credit(shop, ann, 100, "CARD-1")).rejects.toMatchObject({ code: "TS001" });
  const second = await credit(shop, ann, 100, "CARD-2");
  expect(second).not.toBe(first);
  expect(await credit(shop, ann, 100, "CARD-3")).toBe(second);
});

it("issues a voucher once under a code, handed out, with the lifetime of its campaign", async () => {
  const shop = await newShop();
  const ann = await newCustomer(shop, "ann");
  const at = new Date("2026-03-01T00:00:00Z");
  const { project } = shop;
  const main = await send(project, "POST", "/v1/campaigns", { type: "main", name: "Main", currency: "EUR" });
  const sub = await send(project, "POST", "/v1/campaigns", {
    type: "sub",
    parent_id: main.body.id,
    name: "Sub",
    triggers_on: "redemption",
    currency: "EUR",
    rewards: [{ type: "order_discount", amount: 500 }],
    voucher_lifetime_days: 10,
  });
  const issue = (code: string) =>
    context.pool.query("select issue_voucher($1, $2, $3, $4, $5, $6)", [
      project.projectId,
      newId("vou"),
      code,
      sub.body.id,
      ann,
      at,
    ]);
  await issue("THANKS");
  await expect(issue("THANKS")).rejects.toMatchObject({ code: "TS001" });
  expect((await send(project, "GET", "/v1/vouchers/THANKS")).body).toMatchObject({
    kind: "unique",
    status: "expired",
    redemptions_max: 1,
    customer: { identifier: "ann" },
    expires_at: "2026-03-11T00:00:00.000Z",
  });
  const publications = await context.pool.query("select channel, published_at from publication where project_id = $1", [
    project.projectId,
  ]);
  expect(publications.rows).toEqual([{ channel: "reward", published_at: at }]);
});

it("lets a published card live as long as the campaign says, or until its own end", async () => {
  const shop = await newShop({ voucher_lifetime_days: 7 });
  const own = "2026-01-03T00:00:00.000Z";
  for (const [code, expires_at, end] of [
    ["LONG", "2190-01-01T00:00:00Z", "2026-01-08T00:00:00.000Z"],
    ["SHORT", own, own],
    ["OPEN", undefined, "2026-01-08T00:00:00.000Z"],
  ] as const) {
    await create(shop, { code, balance_amount: 1, expires_at });
    const publication = { customer: { identifier: "ann" }, occurred_at: "2026-01-01T00:00:00Z" };
    expect((await send(shop.project, "POST", `/v1/vouchers/${code}/publish`, publication)).status).toBe(201);
    const again = await send(shop.project, "POST", `/v1/vouchers/${code}/publish`, publication);
    expect([code, again.status]).toEqual([code, 201]);
    expect((await send(shop.project, "GET", `/v1/vouchers/${code}`)).body).toMatchObject({ expires_at: end });
  }
});

it("shows a voucher whose last use is held as reserved", async () => {
  const shop = await newShop();
  const { id } = (await create(shop, { code: "HELD", balance_amount: 5, redemptions_max: 1 })).body;
  const hold = (uses: number) =>
    context.pool.query("select move($1, $2)", [
      shop.project.projectId,
      JSON.stringify([{ kind: "voucher", id, uses, amount: 0, holds: uses }]),
    ]);
  await hold(1);
  expect((await send(shop.project, "GET", "/v1/vouchers/HELD")).body.status).toBe("reserved");
  await hold(-1);
  expect((await send(shop.project, "GET", "/v1/vouchers/HELD")).body.status).toBe("created");
});
