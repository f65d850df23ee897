import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { createRelay } from "../../ingest/relay.ts";
import { NotComparable, reconcile } from "../../warehouse/reconcile.ts";
import type { TestProject } from "../support/app.ts";
import { useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const log = pino({ level: "silent" });

async function ask(project: TestProject, method: string, path: string, body: unknown, status: number) {
  const response = await project.request(method, path, body, { "idempotency-key": `key-${Math.random()}` });
  const text = await response.text();
  expect(response.status, `${method} ${path}: ${text}`).toBe(status);
  return JSON.parse(text);
}

/** Something of everything that both stores keep. */
async function aDayAtTheShop(project: TestProject): Promise<void> {
  const promotion = await setUpPromotion(project, { sub: { limits: { per_customer: 2 } } });
  const other = await setUpPromotion(project, {});
  const redeem = (orderId: string, customer: string, status: number, codes: readonly string[]) =>
    ask(project, "POST", "/v1/redemptions", redeemBody({ codes, orderId, customer }), status);
  const order = (id: string, customer: string, status: string) => ({
    id,
    customer: { identifier: customer },
    status,
    currency: "EUR",
    items: [{ sku: "coffee", quantity: 2, unit_amount: 2500 }],
  });
  await redeem("o-1", "anna", 201, [promotion.code]);
  await redeem("o-2", "anna", 201, [promotion.code, other.code]);
  await redeem("o-3", "anna", 422, [promotion.code, "NOSUCHCODE"]);
  await redeem("o-4", "bela", 201, [other.code]);
  const rolledBack = await redeem("o-5", "bela", 201, [promotion.code]);
  await ask(project, "POST", `/v1/redemptions/${rolledBack.id}/rollback`, {}, 201);
  await ask(project, "POST", "/v1/validations", redeemBody({ codes: [other.code], orderId: "o-6" }), 200);
  await ask(project, "POST", "/v1/orders", order("o-1", "anna", "paid"), 201);
  await ask(project, "POST", "/v1/orders", order("o-4", "bela", "paid"), 201);
  await ask(project, "POST", "/v1/orders", order("o-4", "bela", "refunded"), 200);
  await ask(project, "POST", "/v1/events", { name: "visited", customer: { identifier: "cleo" } }, 201);
  const give = { customer: { identifier: "cleo" } };
  await ask(project, "POST", `/v1/vouchers/${other.code}/publish`, give, 201);
  await aDayOfLoyalty(project);
}

/** Automatic campaigns, gift cards, points, reservations, segments, and rollbacks in parts. */
async function aDayOfLoyalty(project: TestProject): Promise<void> {
  const card = await setUpPromotion(project, {
    main: { template: "gift_card" },
    sub: { rewards: [] },
    voucher: { kind: "gift_card", balance_amount: 30_000 },
  });
  const promotion = await setUpPromotion(project, {
    sub: {
      rewards: [
        { type: "order_discount", percent_bp: 1000 },
        { type: "points", points: 40 },
        { type: "gift_credit", campaign_id: card.campaignId, amount: 700 },
      ],
    },
  });
  const automatic = [{ type: "item_discount", which: "cheapest", amount: 100 }];
  await setUpPromotion(project, { sub: { automatic: true, rewards: automatic } });
  const priced = await setUpPromotion(project, { sub: { points_price: 30 } });
  const { code } = promotion;
  const redeem = (orderId: string, codes: readonly string[]) =>
    ask(project, "POST", "/v1/redemptions", redeemBody({ codes, orderId, customer: "dora" }), 201);
  const reserve = (orderId: string, codes: readonly string[]) =>
    ask(
      project,
      "POST",
      "/v1/reservations",
      { ...redeemBody({ codes, orderId, customer: "dora" }), ttl_seconds: 600 },
      201,
    );
  const rollBack = (id: string, body: object) => ask(project, "POST", `/v1/redemptions/${id}/rollback`, body, 201);

  // An automatic campaign is there, and applies to nothing that is refused.
  await ask(project, "POST", "/v1/redemptions", redeemBody({ codes: ["NOSUCHCODE", code], orderId: "l-0" }), 422);
  // The first credit makes dora's card; later ones go to it.
  const first = await redeem("l-1", [code]);
  const second = await redeem("l-2", [code, card.code]);
  await rollBack(second.id, { items: [{ index: 0, quantity: 1 }] });
  await rollBack(second.id, { amount: 3 });
  const third = await redeem("l-3", [priced.code, card.code]);
  await rollBack(third.id, { amount: 100 });
  await rollBack(third.id, {});
  await rollBack(first.id, {});
  await reserve("l-4", [code, card.code]);
  const cancelled = await reserve("l-5", [priced.code]);
  const response = await project.request("DELETE", `/v1/reservations/${cancelled.id}`);
  expect(response.status).toBe(204);
  const confirmed = await reserve("l-6", [code]);
  const key = { "idempotency-key": `key-${Math.random()}` };
  const made = await project.request("POST", `/v1/reservations/${confirmed.id}/confirm`, undefined, key);
  expect(made.status, await made.clone().text()).toBe(201);
  await ask(project, "POST", "/v1/customers/dora/points", { points: -5, reason: "a mistake" }, 201);
  await ask(project, "POST", `/v1/vouchers/${card.code}/top-up`, { amount: 250 }, 200);
  const segment = await ask(project, "POST", "/v1/segments", { name: "regulars" }, 201);
  const members = `/v1/segments/${segment.id}/members`;
  await ask(project, "POST", members, { customers: ["anna", "bela", "dora"] }, 200);
  await ask(project, "POST", `${members}/remove`, { customers: ["bela"] }, 200);
}

describe("reconcile", () => {
  const app = useApp();
  let project: TestProject;
  const compare = async () => {
    await createRelay({ ...app, log }).drain();
    return reconcile({ ...app });
  };

  beforeAll(async () => {
    project = await app.newProject();
    await aDayAtTheShop(project);
  });

  it("finds that both stores agree on everything the API did", async () => {
    const result = await compare();
    expect(result.drifts).toEqual([]);
    const counts = Object.fromEntries(result.checks.map((check) => [check.check, check.count]));
    expect(counts).toMatchObject({
      "redemptions by currency": 8n,
      "redeemed codes by campaign": 15n,
      "rollbacks by extent": 7n,
      "standing redemptions by currency": 4n,
      "reservations by status": 3n,
      // Earned 3 times, spent and returned twice, revoked and adjusted once.
      "points by kind": 9n,
      "points by project": 1n,
      // Points and credit of three redemptions, and both of one taken back.
      "rewards by type": 8n,
      "members by segment": 2n,
      "rejections by currency": 2n,
      "rejections by campaign": 2n,
      "publications by campaign": 2n,
      "orders by status": 3n,
      "custom events by name": 1n,
      "customers by project": 4n,
      "campaigns by status": 12n,
    });
  });

  it("agrees at any moment while orders, redemptions and the relay go on", async () => {
    const stop = new AbortController();
    const relaying = createRelay({ ...app, log }).run(stop.signal);
    const busy = (async () => {
      for (let day = 0; day < 3; day++) await aDayAtTheShop(await app.newProject());
    })();
    for (let times = 0; times < 5; times++) expect((await reconcile({ ...app })).drifts).toEqual([]);
    await busy;
    expect((await reconcile({ ...app })).drifts).toEqual([]);
    stop.abort();
    await relaying;
  });

  it("says that it cannot compare when nobody relays", async () => {
    await ask(project, "POST", "/v1/events", { name: "visited", customer: { identifier: "anna" } }, 201);
    await expect(reconcile({ ...app, waitMs: 100 })).rejects.toThrow(NotComparable);
  });

  it("shows an event that never reached the warehouse", async () => {
    const promotion = await setUpPromotion(project, {});
    await ask(project, "POST", "/v1/redemptions", redeemBody({ codes: [promotion.code], orderId: "lost" }), 201);
    await app.pool.query(
      "delete from outbox where type = 'redemption.succeeded' and payload -> 'order' ->> 'id' = 'lost'",
    );
    const { drifts } = await compare();
    expect(drifts).toContainEqual({
      check: "redeemed codes by campaign",
      projectId: project.projectId,
      key: promotion.campaignId,
      day: new Date().toISOString().slice(0, 10),
      postgres: { count: "1", amount: "500" },
      warehouse: { count: "0", amount: "0" },
    });
    expect(new Set(drifts.map((drift) => drift.check))).toEqual(
      new Set(["redemptions by currency", "redeemed codes by campaign", "standing redemptions by currency"]),
    );
  });

  it("shows an event that the warehouse should not have", async () => {
    const before = (await compare()).drifts;
    await app.warehouse.command({
      query: `INSERT INTO events_raw SELECT * REPLACE ('evt_extra' AS event_id) FROM events
              WHERE type = 'voucher.published' AND project_id = {project: String} LIMIT 1`,
      query_params: { project: project.projectId },
    });
    const after = (await compare()).drifts.filter((drift) => !before.some((known) => known.check === drift.check));
    expect(after.map((drift) => [drift.check, drift.postgres.count, drift.warehouse.count])).toEqual([
      ["publications by campaign", "1", "2"],
      ["all events by type", "2", "3"],
    ]);
  });

  it("shows an event whose content changed on the way", async () => {
    const before = (await compare()).drifts;
    await app.pool.query(
      `update outbox set payload = jsonb_set(payload, '{properties}', '{"forged": true}')
       where type = 'custom.recorded' and project_id = $1`,
      [project.projectId],
    );
    const after = (await compare()).drifts.filter((drift) => !before.some((known) => known.key === drift.key));
    expect(after.map((drift) => [drift.check, drift.key])).toEqual([["all events by type", "custom.recorded"]]);
    expect(after[0]?.postgres.count).toBe(after[0]?.warehouse.count);
  });
});
