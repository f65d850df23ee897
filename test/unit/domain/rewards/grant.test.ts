import { describe, expect, it } from "vitest";
import { payByGiftCard, referrerRewards } from "../../../../api/domain/grant.ts";
import type { Reward } from "../../../../api/domain/rewards/reward.ts";
import { campaign, voucher } from "../builders.ts";
import { context } from "../rules/context.ts";
import { give, lines, one, sku } from "./give.ts";

const half: Reward = { type: "order_discount", percent_bp: 5_000 };
const never = { on: "order.channel", op: "equals", value: "moon" } as const;

describe("the rewards of a campaign", () => {
  it("apply one after the other, each on what is left", () => {
    const grant = give([half, half, { type: "shipping_discount", amount: 100 }], {
      lines: one(600, 200),
      shipping: 490,
    });
    expect(grant.rewards).toEqual([
      { type: "order_discount", discountAmount: 400 },
      { type: "order_discount", discountAmount: 200 },
      { type: "shipping_discount", discountAmount: 100 },
    ]);
    expect(grant).toMatchObject({ discountAmount: 700, itemsDiscount: [450, 150], shippingDiscount: 100, reasons: [] });
  });

  it("that gave nothing are not listed", () => {
    const nothing: Reward = { type: "item_discount", which: "all", where: sku("tie"), amount: 5 };
    expect(give([nothing, half], { lines: one(100) }).rewards).toEqual([
      { type: "order_discount", discountAmount: 50 },
    ]);
  });

  it("whose condition fails are left out, with a trace", () => {
    const grant = give([{ ...half, when: never }, half], { lines: one(100) });
    expect(grant.discountAmount).toBe(50);
    expect(grant.reasons).toEqual([]);
    expect(Object.keys(grant.trace)).toEqual(["reward/0"]);
    expect(grant.trace["reward/0"]).toMatchObject({ met: false, on: "order.channel" });
  });

  it("say why each failed when nothing is given", () => {
    const grant = give(
      [
        { ...half, when: never },
        { type: "points", points: 5, when: { on: "order.amount", op: "greater_or_equal", value: 500 } },
      ],
      { lines: one(100) },
    );
    expect(grant.reasons).toMatchObject([
      { key: "no_effect" },
      { key: "rule_not_met", rule_id: "reward/0.when" },
      { key: "order_below_minimum", code: 2001, rule_id: "reward/1.when", gap: 400 },
    ]);
  });

  it("speak the shopper's language", () => {
    const when = { ...never, message: "On the moon only", messages: { de: "Nur auf dem Mond" } };
    const grant = give({ ...half, when }, { lines: one(100), context: { languages: ["de-AT"] } });
    expect(grant.reasons[1]?.message).toBe("Nur auf dem Mond");
  });

  it("see no line that the campaign excludes, by SKU, product or category", () => {
    const basket = [
      { sku: "a", unitAmount: 100 },
      { sku: "b", unitAmount: 100, productId: "p1" },
      { sku: "c", unitAmount: 100, categories: ["books", "sale"] },
      { sku: "d", unitAmount: 100, productId: "p2", categories: ["books"] },
    ];
    const exclusions = { skus: ["a"], productIds: ["p1"], categories: ["sale"] };
    expect(give(half, { lines: basket, exclusions }).itemsDiscount).toEqual([0, 0, 0, 50]);
  });

  it.each<[string, Reward]>([
    ["an order discount", half],
    ["an item discount", { type: "item_discount", which: "all", amount: 1 }],
    ["buy x get y", { type: "buy_x_get_y", buy: { quantity: 1 }, get: { quantity: 1, percent_bp: 1 } }],
    ["a bundle", { type: "bundle", items: [{ where: sku("a"), quantity: 2 }], fixed_amount: 0 }],
  ])("%s of an order of excluded products only says so", (_what, reward) => {
    const grant = give(reward, { lines: lines("2 a 100"), exclusions: { skus: ["a"] } });
    expect(grant.reasons).toMatchObject([{ key: "excluded_products" }]);
  });

  it("excluded products are no reason when something else is given, or nothing would be taken off them", () => {
    const basket = { lines: lines("1 a 100"), exclusions: { skus: ["a"] } };
    expect(give([half, { type: "points", points: 5 }], basket).reasons).toEqual([]);
    expect(give({ type: "points", per_amount: 100 }, basket).reasons).toMatchObject([{ key: "no_effect" }]);
  });

  it("of none give nothing", () => {
    expect(give([], { lines: one(100) }).reasons).toMatchObject([{ key: "no_effect" }]);
  });
});

describe("a gift card", () => {
  it.each([
    ["all there is to pay", 5_000, [300, 100], 200, [300, 100], 200],
    ["what it holds, lines and shipping by what they cost", 300, [300, 100], 200, [150, 50], 100],
    ["shipping only", 50, [0, 0], 200, [0, 0], 50],
  ])("pays %s", (_what, balanceAmount, left, shipping, itemsDiscount, shippingDiscount) => {
    const grant = payByGiftCard(voucher({ kind: "gift_card", balanceAmount }), { lines: left, shipping });
    const discountAmount = Math.min(
      balanceAmount,
      600,
      left.reduce((a, b) => a + b, shipping),
    );
    expect(grant).toMatchObject({ itemsDiscount, shippingDiscount, discountAmount, reasons: [] });
    expect(grant.rewards).toEqual([{ type: "gift_card", discountAmount }]);
  });

  it.each([
    [0, [100], { key: "gift_card_empty", code: 1005 }],
    [0, [0], { key: "gift_card_empty", code: 1005 }],
    [null, [100], { key: "gift_card_empty", code: 1005 }],
    [500, [0], { key: "no_effect" }],
  ])("with %s left, for an order with %j to pay, says why it pays nothing", (balanceAmount, left, reason) => {
    const grant = payByGiftCard(voucher({ kind: "gift_card", balanceAmount }), { lines: left, shipping: 0 });
    expect(grant).toMatchObject({ discountAmount: 0, itemsDiscount: [0], rewards: [], reasons: [reason] });
  });
});

describe("a referrer", () => {
  it("gets what can be given without an order of their own, on the friend's order", () => {
    const rewards: Reward[] = [
      { type: "points", per_amount: 100 },
      { type: "points", points: 7, when: never },
      { type: "voucher", campaign_id: "cam_next" },
      { type: "pool_voucher", pool_id: "pol_books" },
      { type: "gift_credit", amount: 500 },
    ];
    const seen = context();
    expect(referrerRewards(campaign({ referrerRewards: rewards }), seen, 950, { pol_books: 1 }, [])).toEqual([
      { type: "points", discountAmount: 0, points: 9 },
      { type: "voucher", discountAmount: 0, campaignId: "cam_next" },
      { type: "pool_voucher", discountAmount: 0, poolId: "pol_books" },
      { type: "gift_credit", discountAmount: 0, amount: 500 },
    ]);
  });

  it("gets no code of a pool that is empty, or that the friend empties", () => {
    const giving = campaign({ referrerRewards: [{ type: "pool_voucher", pool_id: "pol_books" }] });
    const friends = [{ type: "pool_voucher" as const, discountAmount: 0, poolId: "pol_books" }];
    expect(referrerRewards(giving, context(), 0, { pol_books: 0 }, [])).toEqual([]);
    expect(referrerRewards(giving, context(), 0, { pol_books: 1 }, friends)).toEqual([]);
    expect(referrerRewards(giving, context(), 0, { pol_books: 2 }, friends)).toEqual(friends);
  });

  it("gets no money off an order", () => {
    expect(referrerRewards(campaign({ referrerRewards: [half] }), context(), 0, {}, [])).toEqual([]);
  });
});
