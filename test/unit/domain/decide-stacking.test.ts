import { describe, expect, it } from "vitest";
import { decide } from "../../../api/domain/decide.ts";
import type { AppliedBefore, Facts, Redeemable } from "../../../api/domain/facts.ts";
import { facts, mainCampaign, now, order, orderOf, otherCode, redeemable } from "./builders.ts";

function of(...redeemables: Redeemable[]): Facts {
  return facts({ redeemables });
}

/** Per code, in the order given: its discount, or the keys of its reasons. */
function outcome(given: Facts): (number | string[])[] {
  return decide(given).codes.map((code) =>
    code.applicable ? code.discountAmount : code.reasons.map((reason) => reason.key),
  );
}

function earlier(change: Partial<AppliedBefore> = {}): AppliedBefore {
  return {
    redemptionId: "red_1",
    voucherId: "vou_before",
    held: false,
    isGiftCard: false,
    campaignId: "cam_before",
    parentId: "cam_main",
    stacking: {},
    discountAmount: 1_000,
    itemsDiscount: [1_000],
    shippingDiscount: 0,
    ...change,
  };
}

const tenPercent = { type: "order_discount", percent_bp: 1_000 } as const;
const fiveOff = { type: "order_discount", amount: 500 } as const;

describe("several codes", () => {
  it("apply as given, percents on what is left", () => {
    const amount = otherCode("FIVE", { campaign: { rewards: [fiveOff] } });
    const percent = otherCode("TEN", { campaign: { rewards: [tenPercent] } });
    expect(outcome(of(amount, percent))).toEqual([500, 950]);
    expect(outcome(of(percent, amount))).toEqual([1_000, 500]);
  });

  it("apply in stacking order before the order given, and are reported as given", () => {
    const amount = otherCode("FIVE", { campaign: { rewards: [fiveOff], stacking: { order: 2 } } });
    const percent = otherCode("TEN", { campaign: { rewards: [tenPercent], stacking: { order: -1 } } });
    const decision = decide(of(amount, percent));
    expect(decision.codes.map((code) => [code.code, code.discountAmount])).toEqual([
      ["FIVE", 500],
      ["TEN", 1_000],
    ]);
    expect(decision).toMatchObject({ valid: true, discountAmount: 1_500, totalAmount: 8_500 });
  });

  it("see in order.amount_after_discounts what the ones before have left", () => {
    const rules = { on: "order.amount_after_discounts", op: "greater_or_equal", value: 9_600 } as const;
    const amount = otherCode("FIVE", { campaign: { rewards: [fiveOff] } });
    const picky = otherCode("PICKY", { campaign: { rules } });
    expect(outcome(of(picky, amount))).toEqual([1_000, 500]);
    expect(outcome(of(amount, picky))).toEqual([500, ["order_below_minimum"]]);
  });

  it("are computed past one that does not apply, but are not valid together with it", () => {
    const expired = otherCode("OLD", { voucher: { expiresAt: now } });
    const decision = decide(of(expired, redeemable(), { code: "NOPE", voucher: null, campaign: null }));
    expect(decision).toMatchObject({ valid: false, discountAmount: 1_000, totalAmount: 9_000, takes: [] });
    expect(decision.codes.map((code) => code.applicable)).toEqual([false, true, false]);
  });

  it("never take more than the order together", () => {
    const all = otherCode("ALL", { campaign: { rewards: [{ type: "order_discount", amount: 9_900 }] } });
    const amount = otherCode("FIVE", { campaign: { rewards: [fiveOff] } });
    const late = otherCode("LATE", { campaign: { rewards: [fiveOff] } });
    expect(outcome(of(all, amount, late))).toEqual([9_900, 100, ["no_effect"]]);
  });

  it("of one campaign share its counters", () => {
    const campaign = { id: "cam_shared", redemptionsMax: 10, usage: { redemptionsCount: 8, discountAmount: 0 } };
    const codes = ["A1", "A2", "A3"].map((name) => otherCode(name, { campaign }));
    expect(outcome(of(...codes))).toEqual([1_000, 900, ["campaign_redemptions_reached"]]);
    const decision = decide(of(...codes.slice(0, 2)));
    expect(decision.takes).toMatchObject([
      { campaignId: "cam_main", uses: 2, amount: 1_900 },
      { campaignId: "cam_shared", uses: 2, amount: 1_900, usesMax: 10 },
      { code: "A1", uses: 1, amount: 1_000 },
      { code: "A2", uses: 1, amount: 900 },
      { scopeId: "cam_main", uses: 2 },
      { scopeId: "cam_shared", uses: 2 },
      { scopeId: "vou_a1", uses: 1 },
      { scopeId: "vou_a2", uses: 1 },
    ]);
  });

  it("of one main campaign share its budget", () => {
    const parent = mainCampaign({ budgetAmount: 1_500 });
    const codes = ["A1", "A2"].map((name) => otherCode(name, { campaign: { parent } }));
    expect(outcome(of(...codes))).toEqual([1_000, ["campaign_budget_reached"]]);
    const trimmed = codes.map((_, index) =>
      otherCode(`T${index}`, { campaign: { parent: { ...parent, budgetPolicy: "trim" } } }),
    );
    expect(outcome(of(...trimmed))).toEqual([1_000, 500]);
  });

  it("of one campaign count against what one customer may use", () => {
    const campaign = { id: "cam_shared", limits: { perCustomer: 1 } };
    const codes = ["A1", "A2"].map((name) => otherCode(name, { campaign }));
    expect(outcome(of(...codes))).toEqual([1_000, ["customer_limit_reached"]]);
  });

  it("of one main campaign share its cap for each order", () => {
    const parent = mainCampaign({ limits: { discountAmountMaxPerOrder: 1_200 } });
    const codes = ["A1", "A2", "A3"].map((name) => otherCode(name, { campaign: { parent } }));
    expect(outcome(of(...codes))).toEqual([1_000, 200, ["no_effect"]]);
  });

  it("take their counters in lock order whatever the order given", () => {
    const b = otherCode("B", { campaign: { id: "cam_1", parent: mainCampaign({ id: "cam_9" }) } });
    const a = otherCode("A", { campaign: { id: "cam_2", parent: mainCampaign({ id: "cam_8" }) } });
    const names = (given: Facts) =>
      decide(given).takes.map((take) => {
        if (take.kind === "campaign") return take.campaignId;
        if (take.kind === "points") return "points";
        return take.kind === "voucher" ? take.code : `${take.scope}/${take.scopeId}`;
      });
    expect(names(of(b, a))).toEqual([
      ...["cam_8", "cam_9", "cam_1", "cam_2", "A", "B"],
      ...["campaign/cam_1", "campaign/cam_2", "campaign/cam_8", "campaign/cam_9", "voucher/vou_a", "voucher/vou_b"],
    ]);
    expect(names(of(a, b))).toEqual(names(of(b, a)));
  });
});

describe("an exclusive campaign", () => {
  const exclusive = otherCode("ALONE", { campaign: { stacking: { exclusive: true } } });

  it("applies alone", () => {
    expect(outcome(of(exclusive))).toEqual([1_000]);
  });

  it("combines with no other code, whichever comes first", () => {
    expect(outcome(of(exclusive, redeemable()))).toEqual([["not_combinable"], ["not_combinable"]]);
    expect(outcome(of(redeemable(), exclusive))).toEqual([["not_combinable"], ["not_combinable"]]);
  });

  it("does not stand in the way while it could not apply anyway", () => {
    const expired = otherCode("ALONE", { voucher: { expiresAt: now }, campaign: { stacking: { exclusive: true } } });
    expect(outcome(of(expired, redeemable()))).toEqual([["voucher_expired", "not_combinable"], 1_000]);
  });

  it("is not added to an order that has a code, and lets none be added", () => {
    expect(outcome({ ...of(exclusive), appliedBefore: [earlier()] })).toEqual([["not_combinable"]]);
    expect(outcome({ ...of(redeemable()), appliedBefore: [earlier({ stacking: { exclusive: true } })] })).toEqual([
      ["not_combinable"],
    ]);
  });
});

describe("a group", () => {
  const grouped = (name: string, group: string) => otherCode(name, { campaign: { stacking: { group } } });

  it("combines within itself", () => {
    expect(outcome(of(grouped("A", "spring"), grouped("B", "spring")))).toEqual([1_000, 900]);
  });

  it("combines with no other group and with no code without one", () => {
    expect(outcome(of(grouped("A", "spring"), grouped("B", "autumn")))).toEqual([
      ["not_combinable"],
      ["not_combinable"],
    ]);
    expect(outcome(of(grouped("A", "spring"), redeemable()))).toEqual([["not_combinable"], ["not_combinable"]]);
    expect(
      outcome({ ...of(grouped("A", "spring")), appliedBefore: [earlier({ stacking: { group: "autumn" } })] }),
    ).toEqual([["not_combinable"]]);
  });
});

describe("at most so many codes of a campaign per order", () => {
  const code = (name: string) => otherCode(name, { campaign: { id: "cam_two", stacking: { maxPerOrder: 2 } } });

  it("refuses those beyond", () => {
    expect(outcome(of(code("A"), code("B"), code("C")))).toEqual([1_000, 900, ["stack_limit_reached"]]);
  });

  it("counts those that the order used before", () => {
    const appliedBefore = [earlier({ campaignId: "cam_two" })];
    expect(outcome({ ...of(code("A"), code("B")), appliedBefore })).toEqual([900, ["stack_limit_reached"]]);
  });

  it("does not count those that do not apply", () => {
    const disabled = otherCode("OFF", {
      voucher: { status: "disabled" },
      campaign: { id: "cam_two", stacking: { maxPerOrder: 2 } },
    });
    expect(outcome(of(disabled, code("A"), code("B")))).toEqual([["voucher_not_active"], 1_000, 900]);
  });
});

describe("the same code", () => {
  it("is used once in a request", () => {
    expect(outcome(of(redeemable(), redeemable()))).toEqual([1_000, ["not_combinable"]]);
  });

  it("is refused by its second mention even when an exclusive one", () => {
    const exclusive = otherCode("ALONE", { campaign: { stacking: { exclusive: true } } });
    expect(outcome(of(exclusive, exclusive))).toEqual([1_000, ["not_combinable"]]);
  });

  it("is used once on an order", () => {
    expect(outcome({ ...of(redeemable()), appliedBefore: [earlier({ voucherId: "vou_sale10" })] })).toEqual([
      ["not_combinable"],
    ]);
  });
});

describe("an earlier redemption of the order", () => {
  it("is taken off before percents are", () => {
    const decision = decide({ ...facts(), appliedBefore: [earlier()] });
    expect(decision).toMatchObject({ amount: 10_000, discountAmount: 900, totalAmount: 8_100 });
  });

  it("comes off its own lines, and off shipping", () => {
    const decision = decide({
      ...facts({ order: { ...orderOf(6_000, 4_000), shippingAmount: 500 } }),
      appliedBefore: [earlier({ itemsDiscount: [0, 4_000], discountAmount: 4_500, shippingDiscount: 500 })],
    });
    expect(decision).toMatchObject({ itemsDiscount: [600, 0], totalAmount: 5_400 });
  });

  it("still counts in full when the order's lines have changed since", () => {
    const decision = decide({
      ...facts({ order: orderOf(600, 9_400) }),
      appliedBefore: [earlier({ itemsDiscount: [900, 0, 100] })],
    });
    expect(decision).toMatchObject({ amount: 10_000, itemsDiscount: [0, 900], totalAmount: 8_100 });
  });

  it("can leave nothing", () => {
    const decision = decide({
      ...facts({ order: orderOf(100) }),
      appliedBefore: [earlier({ itemsDiscount: [5_000], discountAmount: 5_000 })],
    });
    expect(decision).toMatchObject({ valid: false, totalAmount: 0 });
    expect(decision.codes[0]?.reasons.map((reason) => reason.key)).toEqual(["no_effect"]);
  });

  it("shares the cap for each order", () => {
    const capped = redeemable({ campaign: { limits: { discountAmountMaxPerOrder: 1_200 } } });
    const appliedBefore = [earlier({ campaignId: "cam_sub" })];
    expect(outcome({ ...of(capped), appliedBefore })).toEqual([200]);
    const main = redeemable({ campaign: { parent: mainCampaign({ limits: { discountAmountMaxPerOrder: 1_100 } }) } });
    expect(outcome({ ...of(main), appliedBefore: [earlier()] })).toEqual([100]);
  });
});

it("gives an order without lines nothing to pay but shipping", () => {
  expect(decide(facts({ order: order({ items: [], shippingAmount: 490 }) }))).toMatchObject({
    amount: 0,
    totalAmount: 490,
  });
});
