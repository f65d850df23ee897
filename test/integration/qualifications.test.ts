import { describe, expect, it } from "vitest";
import { holdoutBucket } from "../../api/domain/holdout.ts";
import { type Body, send, withKey } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { setUpPromotion } from "../support/promotions.ts";

const context = useApp();

const order = {
  currency: "EUR",
  items: [{ sku: "coffee", quantity: 2, unit_amount: 2500, categories: ["coffee"] }],
};

function ask(project: Pick<TestProject, "request">, body: object = {}, headers?: Record<string, string>) {
  return send(project, "POST", "/v1/qualifications", { order, ...body }, headers);
}

const off = (amount: number) => ({ rewards: [{ type: "order_discount", amount }] });
const from = (amount: number) => ({ rules: { on: "order.amount", op: "greater_or_equal", value: amount } });
const told = ({ body }: { body: Body }) =>
  body.data.map((each: Body) => [each.campaign_id, each.code, each.applicable, each.discount_amount]);

describe("POST /v1/qualifications", () => {
  it("lists codes and automatic campaigns, most money off first, then what nearly fits", async () => {
    const project = await context.newProject();
    const far = await setUpPromotion(project, { sub: from(9_000) });
    const near = await setUpPromotion(project, { sub: { automatic: true, ...from(5_420) } });
    const small = await setUpPromotion(project, { sub: off(300) });
    const large = await setUpPromotion(project, { sub: { automatic: true, ...off(700) } });
    const answer = await ask(project);
    expect(answer.status).toBe(200);
    expect(told(answer)).toEqual([
      [large.campaignId, null, true, 700],
      [small.campaignId, small.code, true, 300],
      [near.campaignId, null, false, 0],
      [far.campaignId, far.code, false, 0],
    ]);
    expect(answer.body.data[2]).toMatchObject({
      automatic: true,
      reasons: [{ key: "order_below_minimum", code: 2001, gap: 420 }],
    });
    expect(answer.body.combination).toBeNull();
  });

  it("leaves out what no basket would change, takes nothing and creates nobody", async () => {
    const project = await context.newProject();
    await setUpPromotion(project, { sub: { rules: { on: "customer.is_new", op: "equals", value: false } } });
    await setUpPromotion(project, { sub: { budget_amount: 499 } });
    await setUpPromotion(project, { main: { currency: "USD" }, sub: { currency: "USD" } });
    await setUpPromotion(project, { voucher: { kind: "unique", customer: { identifier: "bob" } } });
    const { campaignId, code } = await setUpPromotion(project, { voucher: { redemptions_max: 1 } });
    for (let times = 0; times < 2; times += 1) {
      expect(told(await ask(project, { customer: { identifier: "ann" } }))).toEqual([[campaignId, code, true, 500]]);
    }
    const customers = context.db
      .selectFrom("customer")
      .select("identifier")
      .where("project_id", "=", project.projectId);
    expect(await customers.execute()).toEqual([{ identifier: "bob" }]);
  });

  it("knows the customer's wallet, and withholds a campaign from its holdout", async () => {
    const project = await context.newProject();
    const customer = { identifier: "ann" };
    const own = await setUpPromotion(project, { voucher: { kind: "unique", customer } });
    const withheld = await setUpPromotion(project, { sub: { holdout_percent: 50 } });
    const isHeld = holdoutBucket(withheld.campaignId, "ann") < 50;
    const campaigns = told(await ask(project, { customer })).map(([id]: string[]) => id);
    expect(campaigns).toContain(own.campaignId);
    expect(campaigns.includes(withheld.campaignId)).toBe(!isHeld);
    expect(told(await ask(project)).map(([id]: string[]) => id)).not.toContain(own.campaignId);
  });

  it("lists a gift card after promotions, and nobody's referral code", async () => {
    const project = await context.newProject();
    const customer = { identifier: "ann" };
    const small = await setUpPromotion(project, { sub: off(100) });
    const card = await setUpPromotion(project, {
      main: { template: "gift_card" },
      sub: { rewards: [] },
      voucher: { kind: "gift_card", balance_amount: 2_000, customer },
    });
    const referral = await setUpPromotion(project, {});
    await context.db.updateTable("voucher").set({ referrer_id: "cus_bob" }).where("code", "=", referral.code).execute();
    expect(told(await ask(project, { customer }))).toEqual([
      [small.campaignId, small.code, true, 100],
      [card.campaignId, card.code, true, 2_000],
    ]);
  });

  it("finds the best codes to use together", async () => {
    const project = await context.newProject();
    const a = await setUpPromotion(project, { sub: off(400) });
    const b = await setUpPromotion(project, { sub: off(500) });
    await setUpPromotion(project, { sub: { ...off(800), stacking: { exclusive: true } } });
    const { body } = await ask(project, { combine: true });
    expect(body.combination).toEqual({
      codes: expect.arrayContaining([a.code, b.code]),
      automatic: [],
      discount_amount: 900,
      exhaustive: true,
    });
    expect(body.combination.codes).toHaveLength(2);
  });

  it("tells browsers nothing of a wallet, and of other rules than amounts nothing at all", async () => {
    const project = await context.newProject();
    const customer = { identifier: "ann" };
    const own = await setUpPromotion(project, { voucher: { kind: "unique", customer } });
    const secret = await setUpPromotion(project, {
      sub: { rules: { on: "order.channel", op: "equals", value: "vip" } },
    });
    const near = await setUpPromotion(project, { sub: from(5_420) });
    const everybody = await setUpPromotion(project, {});
    const browser = await withKey(context, project, {
      kind: "publishable",
      allowed_origins: ["https://shop.example"],
    });
    const headers = { origin: "https://shop.example" };
    const answer = await ask(browser, { customer, combine: true }, headers);
    expect(told(answer)).toEqual([
      [everybody.campaignId, everybody.code, true, 500],
      [near.campaignId, near.code, false, 0],
    ]);
    expect(answer.body.combination.codes).toEqual([everybody.code]);
    expect(JSON.stringify(answer.body)).not.toContain(own.code);
    const full = told(await ask(project, { customer })).map(([id]: string[]) => id);
    expect(full).toEqual(expect.arrayContaining([own.campaignId, secret.campaignId]));
  });

  it("gives as many as asked for, and the same again under one key", async () => {
    const project = await context.newProject();
    const best = await setUpPromotion(project, { sub: off(900) });
    await setUpPromotion(project, {});
    const headers = { "idempotency-key": "q-1" };
    expect(told(await ask(project, { limit: 1 }, headers))).toEqual([[best.campaignId, best.code, true, 900]]);
    await setUpPromotion(project, { sub: off(999) });
    const again = await ask(project, { limit: 1 }, headers);
    expect(told(again)).toEqual([[best.campaignId, best.code, true, 900]]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
  });

  it.each<[string, object, string]>([
    ["a limit beyond 100", { limit: 101 }, "/limit"],
    ["an order of nothing", { order: { currency: "EUR", items: [] } }, "/order/items"],
    ["a field nobody knows", { codes: ["A"] }, ""],
  ])("refuses %s", async (_what, body, pointer) => {
    const project = await context.newProject();
    const answer = await ask(project, body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].pointer).toContain(pointer);
  });
});
