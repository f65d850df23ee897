import { describe, expect, it } from "vitest";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const app = useApp();

let keys = 0;
function redeem(project: TestProject, body: object) {
  keys += 1;
  return send(project, "POST", "/v1/redemptions", body, { "idempotency-key": `key-${keys}` });
}

function rollBack(project: TestProject, id: string, body: object = {}) {
  return send(project, "POST", `/v1/redemptions/${id}/rollback`, body);
}

async function usage(project: TestProject, campaignId: string) {
  return (await send(project, "GET", `/v1/campaigns/${campaignId}`)).body.usage;
}

const basket = {
  items: [
    { sku: "shirt", quantity: 3, unit_amount: 2000, categories: ["shirts"] },
    { sku: "shoes", quantity: 1, unit_amount: 4000, categories: ["shoes"] },
  ],
  shipping_amount: 500,
};

describe("a rollback", () => {
  it("by items gives back their share, and the use with the last unit", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, {
      sub: { rewards: [{ type: "order_discount", percent_bp: 1000 }] },
    });
    const { body } = await redeem(
      project,
      redeemBody({ codes: [code], orderId: "o-1", customer: "kim", order: basket }),
    );
    expect(body.discount_amount).toBe(1000);

    const first = await rollBack(project, body.id, { items: [{ index: 0, quantity: 1 }], reason: "too small" });
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      discount_amount: 200,
      remaining_discount_amount: 800,
      whole: false,
      items: [{ index: 0, quantity: 1, discount_amount: 200 }],
    });
    expect(await usage(project, campaignId)).toMatchObject({ redemptions_count: 1, discount_amount: 800 });
    expect((await send(project, "GET", `/v1/redemptions/${body.id}`)).body).toMatchObject({
      status: "redeemed",
      rolled_back_amount: 200,
      rollback: null,
      rollbacks: [{ id: first.body.id, discount_amount: 200, whole: false }],
    });

    const rest = [
      { index: 0, quantity: 2 },
      { index: 1, quantity: 1 },
    ];
    const second = await rollBack(project, body.id, { items: rest });
    expect(second.body).toMatchObject({ discount_amount: 800, remaining_discount_amount: 0, whole: true });
    expect(await usage(project, campaignId)).toMatchObject({ redemptions_count: 0, discount_amount: 0 });
    const third = await rollBack(project, body.id, { items: [{ index: 0, quantity: 1 }] });
    expect([third.status, third.body.code]).toEqual([409, "already_rolled_back"]);
  });

  it("by amount may come several times and never exceeds what is left", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, {});
    const { body } = await redeem(project, redeemBody({ codes: [code], orderId: "o-1" }));
    expect((await rollBack(project, body.id, { amount: 120 })).body.remaining_discount_amount).toBe(380);
    const tooMuch = await rollBack(project, body.id, { amount: 381 });
    expect([tooMuch.status, tooMuch.body.code]).toEqual([409, "rollback_exceeds_rest"]);
    expect(tooMuch.body.errors[0]).toMatchObject({ pointer: "/amount" });
    expect((await rollBack(project, body.id, { amount: 380 })).body.whole).toBe(true);
    expect(await usage(project, campaignId)).toMatchObject({ redemptions_count: 0, discount_amount: 0 });
  });

  it("names the field that cannot be", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const { body } = await redeem(project, redeemBody({ codes: [code], orderId: "o-1" }));
    const cases: [object, number, string][] = [
      [{ items: [{ index: 1, quantity: 1 }] }, 400, "/items/0/index"],
      [{ items: [{ index: 0, quantity: 3 }] }, 409, "/items/0/quantity"],
      [{ amount: 1, items: [{ index: 0, quantity: 1 }] }, 400, "/items"],
      [
        {
          items: [
            { index: 0, quantity: 1 },
            { index: 0, quantity: 1 },
          ],
        },
        400,
        "/items/1/index",
      ],
      [{ amount: 0 }, 400, "/amount"],
    ];
    for (const [given, status, pointer] of cases) {
      const answer = await rollBack(project, body.id, given);
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([status, pointer]);
    }
  });

  it("under revoke takes all back once the rest no longer meets the rules", async () => {
    const project = await app.newProject();
    const sub = {
      on_rollback: "revoke",
      rules: { on: "order.amount", op: "greater_or_equal", value: 8000 },
      rewards: [{ type: "order_discount", percent_bp: 1000 }],
    };
    const { code, campaignId } = await setUpPromotion(project, { sub });
    const { body } = await redeem(project, redeemBody({ codes: [code], orderId: "o-1", order: basket }));
    expect((await rollBack(project, body.id, { items: [{ index: 0, quantity: 1 }] })).body).toMatchObject({
      discount_amount: 200,
      whole: false,
    });
    expect((await rollBack(project, body.id, { items: [{ index: 0, quantity: 1 }] })).body).toMatchObject({
      discount_amount: 800,
      whole: true,
    });
    expect(await usage(project, campaignId)).toMatchObject({ redemptions_count: 0, discount_amount: 0 });
  });

  it("under recalculate takes back what the rest would not have got, by the definition of then", async () => {
    const project = await app.newProject();
    const tiers = [
      { from_amount: 0, percent_bp: 500 },
      { from_amount: 10_000, percent_bp: 2000 },
    ];
    const sub = { on_rollback: "recalculate", rewards: [{ type: "order_discount", tiers }] };
    const { code, campaignId } = await setUpPromotion(project, { sub });
    const { body } = await redeem(project, redeemBody({ codes: [code], orderId: "o-1", order: basket }));
    expect(body.discount_amount).toBe(2000);
    const changed = await send(project, "PATCH", `/v1/campaigns/${campaignId}`, {
      rewards: [{ type: "order_discount", percent_bp: 9000 }],
    });
    expect(changed.status).toBe(200);
    // What is left, 80.00, is below the second tier: 5 % of it, 4.00, may stay.
    expect((await rollBack(project, body.id, { items: [{ index: 0, quantity: 1 }] })).body).toMatchObject({
      discount_amount: 1600,
      remaining_discount_amount: 400,
      whole: false,
    });
    expect(await usage(project, campaignId)).toMatchObject({ redemptions_count: 1, discount_amount: 400 });
  });

  it("revokes what was issued and not used, and says what it could not get back", async () => {
    const project = await app.newProject();
    const gift = await setUpPromotion(project, {});
    const { code } = await setUpPromotion(project, {
      sub: {
        rewards: [
          { type: "points", points: 100 },
          { type: "voucher", campaign_id: gift.campaignId },
        ],
      },
    });
    const { body } = await redeem(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }));
    // Points are told last: they may depend on what the other rewards leave to pay.
    const issued = body.codes[0].rewards[0].issued_code;
    expect((await send(project, "GET", `/v1/vouchers/${issued}`)).body).toMatchObject({
      campaign_id: gift.campaignId,
      customer: { identifier: "kim" },
      status: "distributed",
    });
    expect((await send(project, "GET", "/v1/customers/kim/points")).body.balance).toBe(100);
    const spent = await send(project, "POST", "/v1/customers/kim/points", { points: -40, reason: "mug" });
    expect(spent.status).toBeLessThan(300);

    const { body: undone } = await rollBack(project, body.id);
    expect(undone).toMatchObject({ whole: true, discount_amount: 0 });
    expect(undone.revoked.map((one: { type: string; recovered: boolean }) => [one.type, one.recovered])).toEqual([
      ["voucher", true],
      ["points", false],
    ]);
    expect((await send(project, "GET", "/v1/customers/kim/points")).body.balance).toBe(0);
    expect((await send(project, "GET", `/v1/vouchers/${issued}`)).body.status).toBe("disabled");
  });

  it("returns what a gift card has paid and the points that were spent", async () => {
    const project = await app.newProject();
    const { code: card } = await setUpPromotion(project, {
      main: { template: "gift_card" },
      sub: { rewards: [] },
      voucher: { kind: "gift_card", code: "CARD", balance_amount: 3000 },
    });
    const { code } = await setUpPromotion(project, { sub: { points_price: 60 } });
    await send(project, "PUT", "/v1/customers/kim", {});
    await send(project, "POST", "/v1/customers/kim/points", { points: 100, reason: "welcome" });
    const { status, body } = await redeem(
      project,
      redeemBody({ codes: [card, code], orderId: "o-1", customer: "kim", order: basket }),
    );
    expect(status, JSON.stringify(body)).toBe(201);
    // 105.00 to pay, 5.00 off, and the card pays what it has.
    expect(body.codes.map((one: { discount_amount: number }) => one.discount_amount)).toEqual([3000, 500]);
    expect(body.order.total_amount).toBe(7000);
    expect((await send(project, "GET", "/v1/customers/kim/points")).body.balance).toBe(40);
    expect((await send(project, "GET", `/v1/vouchers/${card}`)).body).toMatchObject({
      balance_amount: 0,
      status: "redeemed",
    });

    const { body: undone } = await rollBack(project, body.id);
    expect(undone).toMatchObject({ discount_amount: 3500, points_returned: 60, whole: true });
    expect((await send(project, "GET", "/v1/customers/kim/points")).body.balance).toBe(100);
    expect((await send(project, "GET", `/v1/vouchers/${card}`)).body.balance_amount).toBe(3000);
  });

  it("answers its key again with the same bytes, also when nothing is left", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const { body } = await redeem(project, redeemBody({ codes: [code], orderId: "o-1" }));
    const path = `/v1/redemptions/${body.id}/rollback`;
    const first = await send(project, "POST", path, {}, { "idempotency-key": "undo" });
    const again = await send(project, "POST", path, {}, { "idempotency-key": "undo" });
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
  });
});
