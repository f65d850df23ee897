import { describe, expect, it } from "vitest";
import { decide } from "../../../api/domain/decide.ts";
import type {
  CampaignFacts,
  Facts,
  PeriodFacts,
  PeriodLimit,
  Redeemable,
  VoucherFacts,
} from "../../../api/domain/facts.ts";
import { campaign, customer, facts, mainCampaign, orderOf, otherCode, redeemable } from "./builders.ts";

const used = (redemptionsCount: number, discountAmount = 0) => ({ redemptionsCount, discountAmount });
const of = (...redeemables: Redeemable[]): Facts => facts({ redeemables });
const withCampaign = (change: Partial<CampaignFacts>): Facts => of(redeemable({ campaign: change }));
const withVoucher = (change: Partial<VoucherFacts>): Facts => of(redeemable({ voucher: change }));
const outcome = (given: Facts) =>
  decide(given).codes.map((code) => (code.applicable ? code.discountAmount : code.reasons.map(({ key }) => key)));

/** The limits of one owner, with what was used of each. */
function periods(...of: [PeriodLimit, PeriodFacts["usage"]][]) {
  return {
    limits: { perPeriod: of.map(([limit]) => limit) },
    periods: of.map(([limit, usage]) => ({ limit, bucket: `${limit.period} 2026-05-14`, usage })),
  };
}
const daily = (max: Partial<PeriodLimit>): PeriodLimit => ({ period: "day", per: "all", ...max });

describe("a limit for a period", () => {
  it.each<[string, Facts]>([
    ["of a campaign's uses", withCampaign(periods([daily({ redemptionsMax: 3 }), used(3)]))],
    [
      "of a main campaign's uses",
      withCampaign({ parent: mainCampaign(periods([daily({ redemptionsMax: 3 }), used(4)])) }),
    ],
    ["of a voucher's uses", withVoucher(periods([daily({ redemptionsMax: 1 }), used(1)]))],
    ["of a campaign's money", withCampaign(periods([daily({ discountAmountMax: 1_999 }), used(1, 1_000)]))],
    ["of a customer's uses", withCampaign(periods([daily({ per: "customer", redemptionsMax: 1 }), used(1)]))],
  ])("%s refuses", (_what, given) => {
    expect(outcome(given)).toEqual([["period_limit_reached"]]);
  });

  it("says what is left of the money, and trims where budgets are trimmed", () => {
    const short = periods([daily({ discountAmountMax: 1_999 }), used(1, 1_000)]);
    expect(decide(withCampaign(short)).codes[0]?.reasons).toMatchObject([{ expected: 1_999, actual: 1_000, gap: 1 }]);
    expect(outcome(withCampaign({ ...short, budgetPolicy: "trim" }))).toEqual([999]);
  });

  it("is taken between campaigns and vouchers, everybody's before the customer's", () => {
    const ofCustomer = daily({ per: "customer", redemptionsMax: 2 });
    const given = of(
      redeemable({
        voucher: periods([daily({ redemptionsMax: 9 }), used(0)]),
        campaign: periods([ofCustomer, used(1)], [daily({ discountAmountMax: 5_000 }), used(4)]),
      }),
    );
    expect(decide(given).takes.slice(1, 6)).toMatchObject([
      { kind: "campaign", campaignId: "cam_sub" },
      {
        kind: "period",
        scope: "campaign",
        scopeId: "cam_sub",
        bucket: "day 2026-05-14",
        perCustomer: false,
        amountMax: 5_000,
      },
      { kind: "period", scope: "campaign", perCustomer: true, uses: 1, amount: 1_000, usesMax: 2 },
      { kind: "period", scope: "voucher", scopeId: "vou_sale10", usesMax: 9 },
      { kind: "voucher" },
    ]);
  });

  it("of uses and one of money for the same day are one counter", () => {
    const both = periods([daily({ redemptionsMax: 4 }), used(1)], [daily({ discountAmountMax: 9_000 }), used(1)]);
    const taken = decide(withCampaign(both)).takes.filter(({ kind }) => kind === "period");
    expect(taken).toMatchObject([{ uses: 1, amount: 1_000, usesMax: 4, amountMax: 9_000 }]);
  });

  it("counts the codes of one request together", () => {
    const shared = { id: "cam_shared", ...periods([daily({ redemptionsMax: 3 }), used(2)]) };
    expect(outcome(of(otherCode("A", { campaign: shared }), otherCode("B", { campaign: shared })))).toEqual([
      1_000,
      ["period_limit_reached"],
    ]);
  });

  it("of each customer asks for one", () => {
    const limit = daily({ per: "customer", redemptionsMax: 1 });
    const guest = { ...withCampaign({ limits: { perPeriod: [limit] } }), customer: null };
    expect(outcome(guest)).toEqual([["customer_required"]]);
  });
});

describe("money for each customer", () => {
  it("refuses what does not fit, or trims it", () => {
    const change = { limits: { discountAmountMaxPerCustomer: 1_500 }, customerUsage: used(1, 1_000) };
    expect(outcome(withCampaign(change))).toEqual([["customer_limit_reached"]]);
    expect(outcome(withVoucher(change))).toEqual([["customer_limit_reached"]]);
    expect(outcome(withCampaign({ ...change, budgetPolicy: "trim" }))).toEqual([500]);
    expect(outcome({ ...withCampaign(change), customer: null })).toEqual([["customer_required"]]);
  });

  it("is the most that the take allows", () => {
    const { takes } = decide(withCampaign({ limits: { discountAmountMaxPerCustomer: 1_500 } }));
    expect(takes.find((take) => take.kind === "customer" && take.scopeId === "cam_sub")).toMatchObject({
      amount: 1_000,
      amountMax: 1_500,
    });
  });
});

describe("the orders that a campaign is used on", () => {
  const shared = { id: "cam_shared", limits: { ordersAmountMax: 30_000 } };

  it("count once, however many codes of it an order uses", () => {
    const given = of(otherCode("A", { campaign: shared }), otherCode("B", { campaign: shared }));
    expect(decide(given).takes.slice(0, 2)).toMatchObject([
      { campaignId: "cam_main", orders: 10_000, ordersMax: null, uses: 2 },
      { campaignId: "cam_shared", orders: 10_000, ordersMax: 30_000, uses: 2 },
    ]);
  });

  it("may come to so much and no more", () => {
    expect(outcome(withCampaign({ ...shared, ordersAmount: 20_000 }))).toEqual([1_000]);
    expect(decide(withCampaign({ ...shared, ordersAmount: 20_001 })).codes[0]?.reasons).toMatchObject([
      { key: "campaign_budget_reached", expected: 30_000, actual: 20_001, gap: 1 },
    ]);
  });
});

describe("a price in points", () => {
  const priced = (name: string) => otherCode(name, { campaign: { pointsPrice: 300 } });
  const rich = (points: number, ...codes: Redeemable[]): Facts => ({ ...of(...codes), customer: customer({ points }) });

  it("is taken last, once for all codes", () => {
    const decision = decide(rich(600, priced("A"), priced("B")));
    expect(decision.takes.at(-1)).toEqual({ kind: "points", uses: 0, amount: 600, usesMax: null, amountMax: null });
  });

  it("is refused where points are missing, and says how many", () => {
    const { codes } = decide(rich(500, priced("A"), priced("B")));
    expect(codes[1]?.reasons).toMatchObject([{ key: "points_not_enough", expected: 300, actual: 200, gap: 100 }]);
  });

  it("is not asked of a voucher that was paid for", () => {
    const paid = otherCode("A", { voucher: { pointsPaid: true }, campaign: { pointsPrice: 300 } });
    const decision = decide(rich(0, paid));
    expect(decision.valid).toBe(true);
    expect(decision.takes.map(({ kind }) => kind)).not.toContain("points");
  });

  it("needs a customer", () => {
    expect(outcome({ ...of(priced("A")), customer: null })).toEqual([["customer_required"]]);
  });
});

describe("a gift card", () => {
  const card = (balanceAmount: number, change: Partial<CampaignFacts> = {}) =>
    otherCode("GIFT", {
      voucher: { kind: "gift_card", balanceAmount },
      campaign: { template: "gift_card", rewards: [], ...change },
    });

  it("pays after every discount, wherever it is given, shipping included", () => {
    const given = of(card(50_000), redeemable());
    const decision = decide({ ...given, order: { ...given.order, shippingAmount: 500 } });
    expect(decision.codes.map(({ code, discountAmount }) => [code, discountAmount])).toEqual([
      ["GIFT", 9_500],
      ["SALE10", 1_000],
    ]);
    expect(decision).toMatchObject({ valid: true, totalAmount: 0, shippingDiscount: 500, itemsDiscount: [10_000] });
    expect(decision.codes[0]?.rewards).toEqual([{ type: "gift_card", discountAmount: 9_500 }]);
  });

  it("pays what it has, and its balance falls by that", () => {
    const decision = decide(of(card(4_000)));
    expect(decision).toMatchObject({ discountAmount: 4_000, totalAmount: 6_000 });
    expect(decision.takes.find(({ kind }) => kind === "voucher")).toMatchObject({
      uses: 1,
      amount: 4_000,
      balance: 4_000,
    });
  });

  it("is used many times, until it is empty", () => {
    expect(outcome(of(otherCode("G", { voucher: { kind: "gift_card", balanceAmount: 100, usage: used(9) } })))).toEqual(
      [100],
    );
    expect(decide(of(card(0))).codes[0]?.reasons).toMatchObject([{ key: "gift_card_empty", code: 1005 }]);
  });

  it("goes with exclusive codes and with groups, unless its own campaign says otherwise", () => {
    const exclusive = redeemable({ campaign: { stacking: { exclusive: true } } });
    expect(outcome(of(exclusive, card(100)))).toEqual([1_000, 100]);
    expect(outcome(of(redeemable({ campaign: { stacking: { group: "spring" } } }), card(100)))).toEqual([1_000, 100]);
    expect(outcome(of(redeemable(), card(100, { stacking: { exclusive: true } })))).toEqual([
      ["not_combinable"],
      ["not_combinable"],
    ]);
  });

  it("pays no more in one order than its campaign allows, and its balance falls by no more", () => {
    const decision = decide(of(card(4_000, { limits: { discountAmountMaxPerOrder: 250 } })));
    expect(decision.takes.find(({ kind }) => kind === "voucher")).toMatchObject({ amount: 250, balance: 250 });
  });
});

describe("a referral code", () => {
  const referral = (referrerId: string) =>
    redeemable({
      voucher: { referrerId },
      campaign: { template: "referral", referrerRewards: [{ type: "points", points: 50 }] },
    });

  it("rewards the friend and the referrer", () => {
    expect(decide(of(referral("cus_grace"))).codes).toMatchObject([
      { applicable: true, discountAmount: 1_000, referrerRewards: [{ type: "points", points: 50, discountAmount: 0 }] },
    ]);
  });

  it("is not for oneself, nor for a guest", () => {
    const own = decide(of(referral("cus_ada")));
    expect(own.codes).toMatchObject([{ reasons: [{ key: "self_referral" }], referrerRewards: [] }]);
    expect(outcome({ ...of(referral("cus_grace")), customer: null })).toEqual([["customer_required"]]);
  });
});

describe("an order", () => {
  it("takes at most thirty codes and campaigns", () => {
    const many = Array.from({ length: 31 }, (_, index) =>
      otherCode(`C${index}`, { campaign: { rewards: [{ type: "order_discount", amount: 1 }] } }),
    );
    const decided = outcome(of(...many));
    expect(decided.slice(0, 30)).toEqual(new Array(30).fill(1));
    expect(decided[30]).toEqual(["stack_limit_reached"]);
  });

  it("takes a discount on shipping from shipping only", () => {
    const shipped = otherCode("SHIP", { campaign: { rewards: [{ type: "shipping_discount", percent_bp: 5_000 }] } });
    const decision = decide({ ...of(shipped), order: { ...orderOf(10_000), shippingAmount: 901 } });
    expect(decision).toMatchObject({
      discountAmount: 451,
      shippingDiscount: 451,
      itemsDiscount: [0],
      totalAmount: 10_450,
    });
  });

  it("draws codes of a pool as long as there are some", () => {
    const draw = (name: string) =>
      otherCode(name, { campaign: { rewards: [{ type: "pool_voucher", pool_id: "pol_1" }] } });
    const decision = decide({ ...of(draw("A"), draw("B")), pools: { pol_1: 1 } });
    expect(decision.codes.map(({ applicable }) => applicable)).toEqual([true, false]);
  });
});

describe("the trace", () => {
  it("names every limit that a code was held against, with what was seen", () => {
    const given = withCampaign({ redemptionsMax: 5, usage: used(5), budgetAmount: 7_000, pointsPrice: 10 });
    expect(decide({ ...given, customer: customer({ points: 4 }) }).codes[0]?.trace).toEqual({
      limits: {
        op: "all",
        met: false,
        children: [
          { op: "less_than", on: "campaign.redemptions_count", met: false, expected: 5, actual: 5, gap: 1 },
          { op: "less_or_equal", on: "campaign.discount_amount", met: true, expected: 7_000, actual: 1_000 },
          { op: "greater_or_equal", on: "customer.points", met: false, expected: 10, actual: 4, gap: 6 },
        ],
      },
    });
  });

  it("is silent about limits where there are none", () => {
    expect(decide(of(redeemable({ campaign: campaign() }))).codes[0]?.trace).toEqual({});
  });
});
