import { describe, expect, it, vi } from "vitest";
import { audit } from "../../api/audit/audit.ts";
import { type Body, send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const app = useApp();

let keys = 0;
function redeem(project: TestProject, body: object) {
  keys += 1;
  return send(project, "POST", "/v1/redemptions", body, { "idempotency-key": `key-${keys}` });
}

function reasonKeys(body: Body): string[] {
  return body.reasons.map((reason: { key: string }) => reason.key);
}

async function expectClean(project: TestProject): Promise<void> {
  const found = await audit(app.pool, project.projectId);
  expect(found.flatMap((account) => account.differences)).toEqual([]);
}

describe("an automatic campaign", () => {
  it("applies without a code, is counted, and counts once on an order", async () => {
    const project = await app.newProject();
    const { campaignId } = await setUpPromotion(project, { sub: { automatic: true } });
    const body = redeemBody({ codes: [], orderId: "o-1", customer: "kim" });
    const validation = await send(project, "POST", "/v1/validations", body);
    expect(validation.body).toMatchObject({
      valid: true,
      discount_amount: 500,
      codes: [],
      automatic: [{ campaign_id: campaignId, discount_amount: 500 }],
      exhaustive: true,
    });
    const redeemed = await redeem(project, body);
    expect(redeemed.body).toMatchObject({ discount_amount: 500, automatic: [{ campaign_id: campaignId }] });
    const again = await redeem(project, body);
    expect([again.status, reasonKeys(again.body)]).toEqual([422, ["no_effect"]]);
    expect((await send(project, "GET", `/v1/campaigns/${campaignId}`)).body.usage.redemptions_count).toBe(1);
    await expectClean(project);
  });

  it("joins a code of the order, and leaves when the code is exclusive", async () => {
    const project = await app.newProject();
    await setUpPromotion(project, { sub: { automatic: true } });
    const open = await setUpPromotion(project, {});
    const alone = await setUpPromotion(project, { sub: { stacking: { exclusive: true } } });
    const both = await redeem(project, redeemBody({ codes: [open.code], orderId: "o-1" }));
    expect(both.body).toMatchObject({ discount_amount: 1000, automatic: [{ discount_amount: 500 }] });
    const one = await redeem(project, redeemBody({ codes: [alone.code], orderId: "o-2" }));
    expect(one.body).toMatchObject({ discount_amount: 500, automatic: [] });
  });

  it("is known to every request from the moment it is activated, changed or paused", async () => {
    const project = await app.newProject();
    const { campaignId } = await setUpPromotion(project, { sub: { automatic: true } });
    const discount = async () =>
      (await send(project, "POST", "/v1/validations", redeemBody({ codes: [], orderId: "o-1" }))).body.discount_amount;
    expect(await discount()).toBe(500);
    await send(project, "PATCH", `/v1/campaigns/${campaignId}`, {
      rewards: [{ type: "order_discount", amount: 700 }],
    });
    expect(await discount()).toBe(700);
    await send(project, "POST", `/v1/campaigns/${campaignId}/pause`, {});
    expect(await discount()).toBe(0);
  });
});

describe("limits", () => {
  it("of a period hold for everybody and for each customer", async () => {
    const project = await app.newProject();
    const limits = {
      per_period: [
        { period: "day", per: "customer", redemptions_max: 1 },
        { period: "month", redemptions_max: 2 },
      ],
    };
    const { code } = await setUpPromotion(project, { sub: { time_zone: "Asia/Tokyo", limits } });
    const attempts = [
      ["o-1", "kim", 201],
      ["o-2", "kim", 422],
      ["o-3", "lee", 201],
      ["o-4", "max", 422],
    ] as const;
    for (const [orderId, customer, status] of attempts) {
      const answer = await redeem(project, redeemBody({ codes: [code], orderId, customer }));
      expect(answer.status, orderId).toBe(status);
      if (status === 422) expect(reasonKeys(answer.body)).toEqual(["period_limit_reached"]);
    }
    await expectClean(project);
  });

  it("of a customer's discount and of the orders' value are reached to the cent", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {
      sub: { limits: { discount_amount_max_per_customer: 999, orders_amount_max: 12_000 } },
    });
    expect((await redeem(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }))).status).toBe(201);
    const second = await redeem(project, redeemBody({ codes: [code], orderId: "o-2", customer: "kim" }));
    expect(reasonKeys(second.body)).toEqual(["customer_limit_reached"]);
    expect((await redeem(project, redeemBody({ codes: [code], orderId: "o-3", customer: "lee" }))).status).toBe(201);
    const third = await redeem(project, redeemBody({ codes: [code], orderId: "o-4", customer: "max" }));
    expect(reasonKeys(third.body)).toEqual(["campaign_budget_reached"]);
    await expectClean(project);
  });
});

describe("a budget below what is used", () => {
  it("holds nobody back who takes nothing from it", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, { sub: { budget_amount: 500 } });
    expect((await redeem(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }))).status).toBe(201);
    const change = { budget_amount: 100, rewards: [{ type: "points", points: 5 }] };
    expect((await send(project, "PATCH", `/v1/campaigns/${campaignId}`, change)).status).toBe(200);
    expect((await redeem(project, redeemBody({ codes: [code], orderId: "o-2", customer: "kim" }))).status).toBe(201);
    await expectClean(project);
  });
});

describe("rewards that are issued", () => {
  it("hand out a code of a pool, the same to a replay, and say when the pool is empty", async () => {
    const project = await app.newProject();
    const pool = (await send(project, "POST", "/v1/pools", { name: "Cinema" })).body;
    const filled = await app.app.request(`/v1/pools/${pool.id}/codes`, {
      method: "POST",
      headers: { authorization: `Bearer ${project.key}`, "content-type": "text/csv" },
      body: 'code\n"A ""quoted"" code"\n',
    });
    expect(filled.status, await filled.text()).toBeLessThan(300);
    const { code } = await setUpPromotion(project, { sub: { rewards: [{ type: "pool_voucher", pool_id: pool.id }] } });
    const body = redeemBody({ codes: [code], orderId: "o-1", customer: "kim" });
    const headers = { "idempotency-key": "pool" };
    const first = await send(project, "POST", "/v1/redemptions", body, headers);
    expect(first.body.codes[0].rewards[0].issued_code).toMatch(/quoted/);
    expect((await send(project, "POST", "/v1/redemptions", body, headers)).body).toEqual(first.body);
    const empty = await redeem(project, redeemBody({ codes: [code], orderId: "o-2", customer: "kim" }));
    expect(empty.status).toBe(422);
    expect(reasonKeys(empty.body)).toContain("no_effect");
    await expectClean(project);
  });

  it("hold a pool's code for a reservation, and put it back when it is cancelled", async () => {
    const project = await app.newProject();
    const pool = (await send(project, "POST", "/v1/pools", { name: "Cinema" })).body;
    await app.app.request(`/v1/pools/${pool.id}/codes`, {
      method: "POST",
      headers: { authorization: `Bearer ${project.key}`, "content-type": "text/csv" },
      body: "code\nONLY-ONE\n",
    });
    const { code } = await setUpPromotion(project, { sub: { rewards: [{ type: "pool_voucher", pool_id: pool.id }] } });
    const reserve = (orderId: string) =>
      send(
        project,
        "POST",
        "/v1/reservations",
        { ...redeemBody({ codes: [code], orderId, customer: "kim" }), ttl_seconds: 60 },
        { "idempotency-key": `hold ${orderId}` },
      );
    const held = await reserve("o-1");
    expect(held.status).toBe(201);
    expect(JSON.stringify(held.body)).not.toContain("ONLY-ONE");
    expect((await reserve("o-2")).status).toBe(422);
    expect((await project.request("DELETE", `/v1/reservations/${held.body.id}`)).status).toBe(204);
    const next = await reserve("o-3");
    const confirmed = await send(project, "POST", `/v1/reservations/${next.body.id}/confirm`, undefined, {
      "idempotency-key": "confirm",
    });
    expect(confirmed.body.codes[0].rewards[0].issued_code).toBe("ONLY-ONE");
    await expectClean(project);
  });

  it("put credit on the customer's own card, made at the first time", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, { sub: { rewards: [{ type: "gift_credit", amount: 700 }] } });
    const first = await redeem(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }));
    const card = first.body.codes[0].rewards[0].issued_code;
    const second = await redeem(project, redeemBody({ codes: [code], orderId: "o-2", customer: "kim" }));
    expect(second.body.codes[0].rewards[0].issued_code).toBe(card);
    expect((await send(project, "GET", `/v1/vouchers/${card}`)).body.balance_amount).toBe(1400);
    const paid = await redeem(project, redeemBody({ codes: [card], orderId: "o-3", customer: "kim" }));
    expect(paid.body).toMatchObject({ discount_amount: 1400, order: { total_amount: 3600 } });
    const empty = await redeem(project, redeemBody({ codes: [card], orderId: "o-4", customer: "kim" }));
    expect(reasonKeys(empty.body)).toEqual(["gift_card_empty"]);
    const undone = await send(project, "POST", `/v1/redemptions/${second.body.id}/rollback`, {});
    expect(undone.body.revoked).toMatchObject([{ type: "gift_credit", recovered: false }]);
    await expectClean(project);
  });

  it("reward the friend and the referrer, and nobody for referring themselves", async () => {
    const project = await app.newProject();
    const { campaignId } = await setUpPromotion(project, {
      main: { template: "referral" },
      sub: { referrer_rewards: [{ type: "points", points: 50 }] },
    });
    const { body: own } = await send(project, "POST", `/v1/campaigns/${campaignId}/referral-codes`, {
      customer: { identifier: "kim" },
    });
    const self = await redeem(project, redeemBody({ codes: [own.code], orderId: "o-1", customer: "kim" }));
    expect(reasonKeys(self.body)).toEqual(["self_referral"]);
    const friend = await redeem(project, redeemBody({ codes: [own.code], orderId: "o-2", customer: "lee" }));
    expect(friend.status).toBe(201);
    expect((await send(project, "GET", "/v1/customers/kim/points")).body.balance).toBe(50);
    await expectClean(project);
  });
});

describe("many at once", () => {
  it("are committed together without one hurting another", async () => {
    const project = await app.newProject();
    const few = await setUpPromotion(project, { sub: { redemptions_max: 5 } });
    const many = await setUpPromotion(project, {});
    const queries = vi.spyOn(app.pool, "query");
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        redeem(
          project,
          redeemBody({
            codes: [index % 3 === 0 ? few.code : index % 3 === 1 ? many.code : "UNKNOWN"],
            orderId: `o-${index}`,
            customer: `c-${index % 7}`,
          }),
        ),
      ),
    );
    const commits = queries.mock.calls.filter(([query]) => (query as { name?: string }).name === "commit_all");
    queries.mockRestore();
    expect(commits.length).toBeLessThan(45);
    const statuses = answers.map((answer) => answer.status);
    expect(statuses.filter((_, index) => index % 3 === 0).sort()).toEqual([
      ...new Array(5).fill(201),
      ...new Array(15).fill(422),
    ]);
    expect(statuses.filter((_, index) => index % 3 === 1)).toEqual(new Array(20).fill(201));
    expect(statuses.filter((_, index) => index % 3 === 2)).toEqual(new Array(20).fill(422));
    await expectClean(project);
  });
});

describe("a decision", () => {
  it("is explained in plain language for what was accepted and for what was refused", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {
      sub: { rules: { on: "order.amount", op: "greater_or_equal", value: 6000 } },
    });
    const refused = await redeem(project, redeemBody({ codes: [code], orderId: "o-1" }));
    const rejection = await send(project, "GET", `/v1/rejections/${refused.body.rejection_id}`);
    expect(rejection.body.explanation.join("\n")).toMatch(
      /order amount is 50\.00 EUR, at least 60\.00 EUR was asked .*: not met/,
    );
    const order = { items: [{ sku: "coffee", quantity: 3, unit_amount: 2500 }] };
    const made = await redeem(project, redeemBody({ codes: [code], orderId: "o-2", order }));
    const detail = await send(project, "GET", `/v1/redemptions/${made.body.id}`);
    expect(detail.body.explanation[0]).toBe(`Code ${code} applies and takes 5.00 EUR off.`);
    expect(detail.body.trace).toHaveLength(1);
  });

  it("speaks the shopper's language where the rule has it", async () => {
    const project = await app.newProject();
    const rules = {
      on: "order.amount",
      op: "greater_or_equal",
      value: 6000,
      message: "Spend more",
      messages: { de: "Noch etwas drauflegen" },
    };
    const { code } = await setUpPromotion(project, { sub: { rules } });
    const body = redeemBody({ codes: [code], orderId: "o-1" });
    const asked = async (language: string) =>
      (await send(project, "POST", "/v1/validations", body, { "accept-language": language })).body.codes[0].reasons[0]
        .message;
    expect(await asked("de-AT,de;q=0.9,en;q=0.8")).toBe("Noch etwas drauflegen");
    expect(await asked("fr")).toBe("Spend more");
  });
});
