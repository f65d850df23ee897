/** What once went wrong around a redemption, a reservation or a rollback, and must not again. */
import type pg from "pg";
import { afterAll, describe, expect, it, vi } from "vitest";
import { audit } from "../../api/audit/audit.ts";
import { ensureCustomer } from "../../api/customers/ensure.ts";
import { newId } from "../../api/ids.ts";
import { kyselyOn } from "../../api/vouchers/kysely-on.ts";
import { type Body, send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { expectExactPoints } from "../support/points.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const app = useApp();

afterAll(async () => {
  const results = await audit(app.pool, null);
  expect(results.filter(({ differing }) => differing > 0)).toEqual([]);
});

let keys = 0;
function key() {
  keys += 1;
  return { "idempotency-key": `key-${keys}` };
}

function redeem(project: TestProject, body: object) {
  return send(project, "POST", "/v1/redemptions", body, key());
}

function rollBack(project: TestProject, id: string, body: object = {}) {
  return send(project, "POST", `/v1/redemptions/${id}/rollback`, body);
}

function report(project: TestProject, id: string, status: string) {
  const items = [{ sku: "coffee", quantity: 2, unit_amount: 2500 }];
  return send(project, "POST", "/v1/orders", { id, customer: { identifier: "kim" }, status, currency: "EUR", items });
}

function movePoints(project: TestProject, identifier: string, points: number) {
  return send(project, "POST", `/v1/customers/${identifier}/points`, { points, reason: "by hand" });
}

async function balanceOf(project: TestProject, identifier: string): Promise<number> {
  return (await send(project, "GET", `/v1/customers/${identifier}/points`)).body.balance;
}

async function cardCampaign(project: TestProject): Promise<string> {
  const { campaignId } = await setUpPromotion(project, {
    main: { template: "gift_card" },
    sub: { rewards: [] },
    voucher: { kind: "gift_card", balance_amount: 1 },
  });
  return campaignId;
}

async function cardsOf(project: TestProject, identifier: string) {
  const { rows } = await app.pool.query<{ id: string; code: string; balance_amount: number }>(
    `select v.id, v.code, v.balance_amount from voucher v
     join customer c on c.project_id = v.project_id and c.id = v.customer_id
     where v.project_id = $1 and c.identifier = $2 and v.kind = 'gift_card' order by v.id`,
    [project.projectId, identifier],
  );
  return rows;
}

/** Until a lock that this connection holds keeps another one waiting. */
async function untilSomebodyWaits(holder: pg.PoolClient): Promise<void> {
  const { rows: own } = await holder.query("select pg_backend_pid() as pid");
  await vi.waitFor(
    async () => {
      // Asked by another connection: a transaction sees one state of activity only.
      const { rows } = await app.pool.query("select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))", [
        own[0].pid,
      ]);
      expect(rows.length).toBeGreaterThan(0);
    },
    { timeout: 5_000, interval: 10 },
  );
}

const creditOf = (body: Body): Body => body.rewards.find((reward: Body) => reward.type === "gift_credit");

describe("a whole rollback", () => {
  it("takes earned points out of those it returns, when the rest was spent", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {
      sub: { points_price: 100, rewards: [{ type: "points", points: 80 }] },
    });
    await send(project, "PUT", "/v1/customers/kim", {});
    await movePoints(project, "kim", 100);
    const { body } = await redeem(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }));
    await movePoints(project, "kim", -80);
    const { body: undone } = await rollBack(project, body.id);
    expect(undone).toMatchObject({ points_returned: 100, revoked: [{ type: "points", recovered: true }] });
    expect(await balanceOf(project, "kim")).toBe(20);
    await expectExactPoints(app.pool, project.projectId);
  });

  it("says of several points rewards which the account had", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {
      sub: {
        rewards: [
          { type: "points", points: 100 },
          { type: "points", points: 100 },
        ],
      },
    });
    const { body } = await redeem(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }));
    await movePoints(project, "kim", -50);
    const { body: undone } = await rollBack(project, body.id);
    expect(undone.revoked.map((one: Body) => one.recovered)).toEqual([true, false]);
    expect(await balanceOf(project, "kim")).toBe(0);
  });

  it("takes credit out of what it pays back to the same card", async () => {
    const project = await app.newProject();
    const campaignId = await cardCampaign(project);
    await send(project, "PUT", "/v1/customers/kim", {});
    const card = await send(project, "POST", `/v1/campaigns/${campaignId}/vouchers`, {
      kind: "gift_card",
      balance_amount: 1000,
      customer: { identifier: "kim" },
    });
    expect(card.status, JSON.stringify(card.body)).toBe(201);
    const { code } = await setUpPromotion(project, {
      sub: { rewards: [{ type: "gift_credit", amount: 300, campaign_id: campaignId }] },
    });
    const first = await redeem(project, redeemBody({ codes: [code, card.body.code], orderId: "o-1", customer: "kim" }));
    expect(first.status, JSON.stringify(first.body)).toBe(201);
    expect(first.body.discount_amount).toBe(1000);
    // Spends the credit.
    const second = await redeem(project, redeemBody({ codes: [card.body.code], orderId: "o-2", customer: "kim" }));
    expect(second.body.discount_amount).toBe(300);
    const { body: undone } = await rollBack(project, first.body.id);
    expect(undone.revoked).toMatchObject([{ type: "gift_credit", recovered: true }]);
    expect((await cardsOf(project, "kim")).map((one) => one.balance_amount)).toEqual([700]);
  });
});

describe("gift credit", () => {
  it("names the card it is on, also when another redemption makes that card meanwhile, and comes back", async () => {
    const project = await app.newProject();
    const campaignId = await cardCampaign(project);
    await send(project, "PUT", "/v1/customers/kim", {});
    const { code } = await setUpPromotion(project, {
      sub: { rewards: [{ type: "gift_credit", amount: 300, campaign_id: campaignId }] },
    });
    const other = await app.pool.connect();
    try {
      await other.query("begin");
      await other.query(
        `select credit_gift_card($1, $2, c.id, 500, $3, 'MEANWHILE', 'rew_1', 'red_1', now(), now())
         from customer c where c.project_id = $1 and c.identifier = 'kim'`,
        [project.projectId, campaignId, newId("vou")],
      );
      const redeeming = redeem(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }));
      await untilSomebodyWaits(other);
      await other.query("commit");
      const { status, body } = await redeeming;
      expect(status).toBe(201);
      expect(creditOf(body).issued_code).toBe("MEANWHILE");
      expect(await cardsOf(project, "kim")).toMatchObject([{ code: "MEANWHILE", balance_amount: 800 }]);
      expect((await rollBack(project, body.id)).body.revoked).toMatchObject([{ recovered: true }]);
      expect(await cardsOf(project, "kim")).toMatchObject([{ balance_amount: 500 }]);
    } finally {
      other.release();
    }
  });

  it("given twice by one redemption makes one card, in one step or by a reservation", async () => {
    const project = await app.newProject();
    const campaignId = await cardCampaign(project);
    const reward = { type: "gift_credit", amount: 300, campaign_id: campaignId };
    const { code } = await setUpPromotion(project, { sub: { rewards: [reward, reward] } });
    const { body } = await redeem(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }));
    const held = await send(
      project,
      "POST",
      "/v1/reservations",
      { ...redeemBody({ codes: [code], orderId: "o-2", customer: "lee" }), ttl_seconds: 60 },
      key(),
    );
    const confirmed = await send(project, "POST", `/v1/reservations/${held.body.id}/confirm`, undefined, key());
    expect(confirmed.status, JSON.stringify(confirmed.body)).toBe(201);
    for (const [who, answer] of [
      ["kim", body],
      ["lee", confirmed.body],
    ] as const) {
      const cards = await cardsOf(project, who);
      expect(cards).toMatchObject([{ balance_amount: 600 }]);
      expect(answer.rewards.map((one: Body) => one.issued_code)).toEqual([cards[0]?.code, cards[0]?.code]);
      expect((await rollBack(project, answer.id)).body.revoked).toMatchObject([
        { recovered: true },
        { recovered: true },
      ]);
      expect((await cardsOf(project, who)).map((one) => one.balance_amount)).toEqual([0]);
    }
  });

  it("of a redemption in the past goes on the card that was good then", async () => {
    const project = await app.newProject();
    const campaignId = await cardCampaign(project);
    await send(project, "PUT", "/v1/customers/kim", {});
    const card = await send(project, "POST", `/v1/campaigns/${campaignId}/vouchers`, {
      kind: "gift_card",
      balance_amount: 1000,
      customer: { identifier: "kim" },
    });
    await app.pool.query(
      "update voucher set expires_at = now() - interval '1 day' where project_id = $1 and code = $2",
      [project.projectId, card.body.code],
    );
    const { code } = await setUpPromotion(project, {
      sub: { rewards: [{ type: "gift_credit", amount: 300, campaign_id: campaignId }] },
    });
    const at = new Date(Date.now() - 3 * 86_400_000).toISOString();
    const then = await redeem(project, { ...redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }), at });
    expect(then.status, JSON.stringify(then.body)).toBe(201);
    expect(creditOf(then.body).issued_code).toBe(card.body.code);
  });
});

describe("limits", () => {
  it("of money that were lowered below what is spent do not stop what takes no money off", async () => {
    const project = await app.newProject();
    const { code, campaignId, mainId } = await setUpPromotion(project, {
      sub: {
        budget_amount: 5000,
        limits: { discount_amount_max_per_customer: 5000, per_period: [{ period: "year", discount_amount_max: 5000 }] },
        rewards: [
          { type: "order_discount", amount: 500, when: { on: "order.channel", op: "equals", value: "web" } },
          { type: "points", points: 10 },
        ],
      },
    });
    const web = { channel: "web" };
    const first = await redeem(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim", order: web }));
    expect(first.body.discount_amount).toBe(500);
    for (const id of [campaignId, mainId]) {
      const patched = await send(project, "PATCH", `/v1/campaigns/${id}`, { budget_amount: 100 });
      expect(patched.status, JSON.stringify(patched.body)).toBe(200);
    }
    const limits = {
      discount_amount_max_per_customer: 100,
      per_period: [{ period: "year", discount_amount_max: 100 }],
    };
    expect((await send(project, "PATCH", `/v1/campaigns/${campaignId}`, { limits })).status).toBe(200);
    const points = await redeem(project, redeemBody({ codes: [code], orderId: "o-2", customer: "kim" }));
    expect([points.status, points.body.discount_amount]).toEqual([201, 0]);
    const money = await redeem(project, redeemBody({ codes: [code], orderId: "o-3", customer: "kim", order: web }));
    expect(money.status).toBe(422);
  });
});

describe("a referral", () => {
  it("stands when the pool of the referrer's reward is empty: the friend is not to blame", async () => {
    const project = await app.newProject();
    const pool = await send(project, "POST", "/v1/pools", { name: "thanks" });
    const { campaignId } = await setUpPromotion(project, {
      main: { template: "referral" },
      sub: {
        referrer_rewards: [
          { type: "pool_voucher", pool_id: pool.body.id },
          { type: "points", points: 5 },
        ],
      },
    });
    const asked = await send(project, "POST", `/v1/campaigns/${campaignId}/referral-codes`, {
      customer: { identifier: "ada" },
    });
    const friend = await redeem(project, redeemBody({ codes: [asked.body.code], orderId: "o-1", customer: "bob" }));
    expect([friend.status, friend.body.discount_amount]).toEqual([201, 500]);
    expect(await balanceOf(project, "ada")).toBe(5);
  });
});

describe("a rollback by items", () => {
  it("leaves what another code gave on the lines that stay, when all money off is back", async () => {
    const project = await app.newProject();
    const where = { on: "item.sku", op: "equals", value: "shoes" };
    const { code } = await setUpPromotion(project, {
      sub: { rewards: [{ type: "item_discount", which: "all", percent_bp: 5000, where }] },
    });
    const { code: earning } = await setUpPromotion(project, { sub: { rewards: [{ type: "points", points: 100 }] } });
    const items = [
      { sku: "shoes", quantity: 1, unit_amount: 1000 },
      { sku: "tv", quantity: 1, unit_amount: 90_000 },
    ];
    const asked = redeemBody({ codes: [code, earning], orderId: "o-1", customer: "kim", order: { items } });
    const { body } = await redeem(project, asked);
    const first = await rollBack(project, body.id, { items: [{ index: 0, quantity: 1 }] });
    expect(first.body).toMatchObject({ discount_amount: 500, whole: false, revoked: [] });
    expect(await balanceOf(project, "kim")).toBe(100);
    expect((await rollBack(project, body.id, { amount: 1 })).status).toBe(409);
    const second = await rollBack(project, body.id);
    expect(second.body).toMatchObject({ discount_amount: 0, whole: true, revoked: [{ type: "points" }] });
    expect(await balanceOf(project, "kim")).toBe(0);
  });

  it("that decides the rest again leaves the referrer what the rest still earns them", async () => {
    const project = await app.newProject();
    const { campaignId } = await setUpPromotion(project, {
      main: { template: "referral" },
      sub: {
        on_rollback: "recalculate",
        rewards: [
          { type: "order_discount", percent_bp: 1000 },
          { type: "points", per_amount: 100 },
        ],
        referrer_rewards: [{ type: "points", points: 50 }],
      },
    });
    const asked = await send(project, "POST", `/v1/campaigns/${campaignId}/referral-codes`, {
      customer: { identifier: "ada" },
    });
    const friend = await redeem(project, redeemBody({ codes: [asked.body.code], orderId: "o-1", customer: "bob" }));
    expect(friend.status, JSON.stringify(friend.body)).toBe(201);
    expect([await balanceOf(project, "bob"), await balanceOf(project, "ada")]).toEqual([45, 50]);
    const { body } = await rollBack(project, friend.body.id, { items: [{ index: 0, quantity: 1 }] });
    expect(body).toMatchObject({ discount_amount: 250, whole: false });
    expect([await balanceOf(project, "bob"), await balanceOf(project, "ada")]).toEqual([22, 50]);
    await rollBack(project, friend.body.id);
    expect([await balanceOf(project, "bob"), await balanceOf(project, "ada")]).toEqual([0, 0]);
  });
});

describe("an order", () => {
  it("takes 25 codes that come at once, each by itself", async () => {
    const project = await app.newProject();
    const codes: string[] = [];
    for (let n = 0; n < 25; n++) codes.push((await setUpPromotion(project, {})).code);
    const answers = await Promise.all(
      codes.map((code) =>
        redeem(
          project,
          redeemBody({
            codes: [code],
            orderId: "o-1",
            order: { items: [{ sku: "tv", quantity: 1, unit_amount: 99_900 }] },
          }),
        ),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(codes.map(() => 201));
  });

  it("announces the discount that partial rollbacks have left, and none that is only held", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const { code: other } = await setUpPromotion(project, {});
    const body = redeemBody({ codes: [code], orderId: "o-1", customer: "kim" });
    const redeemed = await redeem(project, body);
    await rollBack(project, redeemed.body.id, { amount: 200 });
    await send(
      project,
      "POST",
      "/v1/reservations",
      { ...redeemBody({ codes: [other], orderId: "o-1", customer: "kim" }), ttl_seconds: 60 },
      key(),
    );
    const paid = await report(project, "o-1", "paid");
    expect(paid.status).toBe(201);
    const { rows } = await app.pool.query("select payload from outbox where project_id = $1 and type = 'order.paid'", [
      project.projectId,
    ]);
    expect(rows).toMatchObject([
      { payload: { order: { discount_amount: 300, total_amount: 4700, items: [{ discount_amount: 300 }] } } },
    ]);
  });

  it("that is cancelled locks all it gives back in the one order, holds and redemptions together", async () => {
    const project = await app.newProject();
    // The main campaign that is locked first is the redemption's; holds are given back before redemptions.
    const [first, second] = [await setUpPromotion(project, {}), await setUpPromotion(project, {})];
    await redeem(project, redeemBody({ codes: [first.code], orderId: "o-1", customer: "kim" }));
    const body = redeemBody({ codes: [second.code], orderId: "o-1", customer: "kim" });
    await send(project, "POST", "/v1/reservations", { ...body, ttl_seconds: 60 }, key());
    const other = await app.pool.connect();
    const lock = (campaignId: string) =>
      other.query("select from campaign_usage where project_id = $1 and campaign_id = $2 for update nowait", [
        project.projectId,
        campaignId,
      ]);
    try {
      await other.query("begin");
      await lock(first.mainId);
      const cancelling = report(project, "o-1", "cancelled");
      await untilSomebodyWaits(other);
      await lock(second.mainId);
      await other.query("commit");
      expect((await cancelling).status).toBe(201);
    } finally {
      other.release();
    }
    for (const { campaignId } of [first, second]) {
      const { body: campaign } = await send(project, "GET", `/v1/campaigns/${campaignId}`);
      expect(campaign.usage).toMatchObject({ redemptions_count: 0, discount_amount: 0 });
    }
  });
});

describe("a batch", () => {
  it("waits for a customer who is being made before it locks a voucher", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const { rows } = await app.pool.query("select id from voucher where project_id = $1 and code = $2", [
      project.projectId,
      code,
    ]);
    const row = {
      project_id: project.projectId,
      order_id: "o-1",
      customer: { identifier: "kim", known: false },
      lines: [{ kind: "voucher", id: rows[0].id, code }],
      points: [],
    };
    const [other, batch] = [await app.pool.connect(), await app.pool.connect()];
    try {
      await other.query("begin");
      await ensureCustomer(kyselyOn(other), project.projectId, "kim", new Date());
      await batch.query("begin");
      const locking = batch.query("select lock_rows(array[$1::jsonb])", [JSON.stringify(row)]);
      await untilSomebodyWaits(other);
      await other.query("select from voucher where project_id = $1 and id = $2 for update nowait", [
        project.projectId,
        rows[0].id,
      ]);
      await other.query("commit");
      await locking;
    } finally {
      await batch.query("rollback");
      for (const client of [other, batch]) client.release();
    }
  });
});

describe("a refusal under a key", () => {
  it("of a rollback or a confirmation is replayed to the byte, and its key is not for another request", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const { body: redeemed } = await redeem(project, redeemBody({ codes: [code], orderId: "o-1" }));
    const held = await send(
      project,
      "POST",
      "/v1/reservations",
      { ...redeemBody({ codes: [code], orderId: "o-2" }), ttl_seconds: 60 },
      key(),
    );
    await project.request("DELETE", `/v1/reservations/${held.body.id}`);
    for (const [path, body] of [
      [`/v1/redemptions/${redeemed.id}/rollback`, { amount: 501 }],
      [`/v1/reservations/${held.body.id}/confirm`, undefined],
    ] as const) {
      const headers = key();
      const first = await project.request("POST", path, body, headers);
      const twin = await project.request("POST", path, body, headers);
      expect([first.status, twin.status, twin.headers.get("idempotency-replayed")]).toEqual([409, 409, "true"]);
      expect(first.headers.get("content-type")).toBe("application/problem+json");
      expect(await twin.text()).toBe(await first.text());
      const other = await send(project, "POST", `/v1/redemptions/${redeemed.id}/rollback`, { amount: 1 }, headers);
      expect([other.status, other.body.code]).toEqual([422, "idempotency_key_reused"]);
    }
    expect((await rollBack(project, redeemed.id, { amount: 501 })).body.code).toBe("rollback_exceeds_rest");
  });
});
