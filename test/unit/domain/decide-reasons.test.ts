import { describe, expect, it } from "vitest";
import { decide } from "../../../api/domain/decide.ts";
import type { CodeDecision } from "../../../api/domain/decision.ts";
import type { CampaignFacts, Facts, VoucherFacts } from "../../../api/domain/facts.ts";
import { holdoutBucket } from "../../../api/domain/holdout.ts";
import { reasonCodes } from "../../../api/domain/reason.ts";
import type { Leaf } from "../../../api/domain/rules/rule.ts";
import { customer, facts, mainCampaign, now, order, orderOf, redeemable } from "./builders.ts";

function only(given: Facts): CodeDecision {
  const [code] = decide(given).codes;
  if (code === undefined) throw new Error("no code was decided");
  return code;
}

const keysOf = (given: Facts): string[] => only(given).reasons.map((reason) => reason.key);
const withVoucher = (change: Partial<VoucherFacts>, more: Partial<Facts> = {}): Facts =>
  facts({ redeemables: [redeemable({ voucher: change })], ...more });
const withCampaign = (change: Partial<CampaignFacts>, more: Partial<Facts> = {}): Facts =>
  facts({ redeemables: [redeemable({ campaign: change })], ...more });

const used = (redemptionsCount: number, discountAmount = 0) => ({ redemptionsCount, discountAmount });

describe("a code that applies", () => {
  it("says what it takes off and takes one use of every counter, in lock order", () => {
    expect(decide(facts())).toMatchObject({
      valid: true,
      amount: 10_000,
      discountAmount: 1_000,
      totalAmount: 9_000,
      itemsDiscount: [1_000],
      codes: [{ code: "SALE10", applicable: true, discountAmount: 1_000, reasons: [], shippingDiscount: 0 }],
      takes: [
        { kind: "campaign", campaignId: "cam_main", uses: 1, amount: 1_000, usesMax: null, amountMax: null },
        { kind: "campaign", campaignId: "cam_sub" },
        { kind: "voucher", voucherId: "vou_sale10", code: "SALE10" },
        { kind: "customer", scope: "campaign", scopeId: "cam_main" },
        { kind: "customer", scope: "campaign", scopeId: "cam_sub" },
        { kind: "customer", scope: "voucher", scopeId: "vou_sale10" },
      ],
    });
  });

  it("leaves shipping to be paid", () => {
    const decision = decide(facts({ order: order({ shippingAmount: 490 }) }));
    expect(decision).toMatchObject({ amount: 10_000, discountAmount: 1_000, totalAmount: 9_490 });
  });

  it("needs no customer where nothing asks for one, and then counts nobody's usage", () => {
    const decision = decide(facts({ customer: null }));
    expect(decision.valid).toBe(true);
    expect(decision.takes.map((take) => take.kind)).toEqual(["campaign", "campaign", "voucher"]);
  });

  it("takes under the smaller of two spellings of a limit", () => {
    const { takes } = decide(
      facts({
        redeemables: [
          redeemable({
            voucher: { redemptionsMax: 9, limits: { redemptionsMax: 7, discountAmountMax: 90_000, perCustomer: 3 } },
            campaign: {
              redemptionsMax: 50,
              budgetAmount: 40_000,
              limits: { redemptionsMax: 60, discountAmountMax: 30_000, perCustomer: 2, perVoucher: 5 },
              parent: mainCampaign({ redemptionsMax: 500, limits: { redemptionsMax: 400, perCustomer: 4 } }),
            },
          }),
        ],
      }),
    );
    expect(takes.map((take) => [take.usesMax, take.amountMax])).toEqual([
      [400, null],
      [50, 30_000],
      [5, 90_000],
      [4, null],
      [2, null],
      [3, null],
    ]);
  });
});

describe("no codes at all", () => {
  it("is not valid and takes nothing", () => {
    expect(decide(facts({ redeemables: [] }))).toMatchObject({ valid: false, takes: [], totalAmount: 10_000 });
  });
});

describe("a refusal", () => {
  const minimum: Leaf = { on: "order.amount", op: "greater_or_equal", value: 10_420 };

  it.each<[string, Facts, string[]]>([
    ["an unknown code", facts({ redeemables: [{ code: "NOPE", voucher: null, campaign: null }] }), ["voucher_unknown"]],
    ["a disabled voucher", withVoucher({ status: "disabled" }), ["voucher_not_active"]],
    ["a voucher before its time", withVoucher({ startsAt: now + 1 }), ["voucher_not_yet_active"]],
    ["an expired voucher", withVoucher({ expiresAt: now }), ["voucher_expired"]],
    ["a used voucher", withVoucher({ redemptionsMax: 3, usage: used(3) }), ["voucher_no_uses_left"]],
    ["a unique voucher, once used", withVoucher({ kind: "unique", usage: used(1) }), ["voucher_no_uses_left"]],
    ["somebody else's voucher", withVoucher({ assignedTo: "cus_grace" }), ["voucher_assigned_to_other_customer"]],
    [
      "an assigned voucher and a stranger",
      withVoucher({ assignedTo: "cus_grace" }, { customer: customer({ id: null }) }),
      ["voucher_assigned_to_other_customer"],
    ],
    [
      "an assigned voucher and nobody",
      withVoucher({ assignedTo: "cus_ada" }, { customer: null }),
      ["customer_required"],
    ],
    [
      "a voucher whose money is spent",
      withVoucher({ limits: { discountAmountMax: 500 }, usage: used(1, 500) }),
      ["voucher_budget_reached"],
    ],
    ["a draft", withCampaign({ status: "draft" }), ["campaign_not_active"]],
    ["a paused campaign", withCampaign({ status: "paused" }), ["campaign_not_active"]],
    [
      "an archived main campaign",
      withCampaign({ parent: mainCampaign({ status: "archived" }) }),
      ["campaign_not_active"],
    ],
    ["a campaign before its start", withCampaign({ startsAt: now + 1 }), ["campaign_not_started"]],
    ["a campaign after its end", withCampaign({ endsAt: now }), ["campaign_ended"]],
    ["a main campaign after its end", withCampaign({ parent: mainCampaign({ endsAt: now - 1 }) }), ["campaign_ended"]],
    [
      "a campaign that is used up",
      withCampaign({ limits: { redemptionsMax: 5 }, usage: used(5) }),
      ["campaign_redemptions_reached"],
    ],
    [
      "a main campaign that is used up",
      withCampaign({ parent: mainCampaign({ redemptionsMax: 5, usage: used(6) }) }),
      ["campaign_redemptions_reached"],
    ],
    [
      "a budget that the discount does not fit in",
      withCampaign({ budgetAmount: 10_000, usage: used(9, 9_001) }),
      ["campaign_budget_reached"],
    ],
    [
      "a main budget that is spent",
      withCampaign({ parent: mainCampaign({ limits: { discountAmountMax: 10 }, usage: used(1, 10) }) }),
      ["campaign_budget_reached"],
    ],
    [
      "a customer who had their share",
      withCampaign({ limits: { perCustomer: 2 }, customerUsage: used(2) }),
      ["customer_limit_reached"],
    ],
    [
      "a customer who had their share of the main campaign",
      withCampaign({ parent: mainCampaign({ limits: { perCustomer: 1 }, customerUsage: used(1) }) }),
      ["customer_limit_reached"],
    ],
    [
      "a customer who had their share of the voucher",
      withVoucher({ limits: { perCustomer: 1 }, customerUsage: used(1) }),
      ["customer_limit_reached"],
    ],
    [
      "a limit per customer and nobody",
      withCampaign({ limits: { perCustomer: 2 } }, { customer: null }),
      ["customer_required"],
    ],
    ["another currency", withCampaign({ currency: "USD" }), ["currency_mismatch"]],
    ["a sum that is not the lines'", facts({ order: order({ statedAmount: 9_999 }) }), ["order_total_mismatch"]],
    ["a blocked customer", facts({ customer: customer({ blocked: true }) }), ["customer_blocked"]],
    ["an order below the minimum", withCampaign({ rules: minimum }), ["order_below_minimum"]],
    [
      "the main campaign's rule",
      withCampaign({ parent: mainCampaign({ rules: { on: "order.channel", op: "equals", value: "app" } }) }),
      ["rule_not_met"],
    ],
    [
      "the voucher's rule",
      withVoucher({ rules: { on: "customer.is_new", op: "equals", value: true } }),
      ["rule_not_met"],
    ],
    ["an order of nothing", facts({ order: order({ items: [] }) }), ["no_effect"]],
    ["a campaign that gives nothing", withCampaign({ rewards: [] }), ["no_effect"]],
  ])("for %s", (_what, given, keys) => {
    expect(keysOf(given)).toEqual(keys);
    const decision = decide(given);
    expect(decision.valid).toBe(keys.length === 0);
    if (keys.length > 0) expect(decision).toMatchObject({ discountAmount: 0, takes: [] });
  });

  it("for the use that a campaign allows each voucher", () => {
    const code = redeemable({ voucher: { usage: used(2) }, campaign: { limits: { perVoucher: 2 } } });
    expect(only(facts({ redeemables: [code] })).reasons).toMatchObject([
      { key: "voucher_no_uses_left", code: 1002, expected: 2, actual: 2 },
    ]);
    const ofMain = { parent: mainCampaign({ limits: { perVoucher: 1 } }), limits: { perVoucher: 5 } };
    expect(keysOf(facts({ redeemables: [redeemable({ voucher: { usage: used(1) }, campaign: ofMain })] }))).toEqual([
      "voucher_no_uses_left",
    ]);
  });

  it("gives all its reasons at once", () => {
    const given = facts({
      customer: null,
      order: order({ currency: "USD", statedAmount: 1 }),
      redeemables: [
        redeemable({
          voucher: {
            status: "disabled",
            expiresAt: now - 1,
            redemptionsMax: 1,
            usage: used(1),
            limits: { perCustomer: 1 },
          },
          campaign: {
            status: "paused",
            startsAt: now + 1,
            rules: { all: [minimum, { on: "order.channel", op: "equals", value: "app" }] },
            parent: mainCampaign({ endsAt: now - 1, rules: { on: "customer.is_new", op: "equals", value: true } }),
          },
        }),
      ],
    });
    expect(only(given).reasons.map(({ key, rule_id }) => (rule_id === undefined ? key : `${key} ${rule_id}`))).toEqual([
      "voucher_not_active",
      "voucher_expired",
      "campaign_not_active",
      "campaign_not_started",
      "campaign_ended",
      "customer_required",
      "currency_mismatch",
      "order_total_mismatch",
      "voucher_no_uses_left",
      "order_below_minimum campaign.rules/all/0",
      "rule_not_met campaign.rules/all/1",
      "customer_required parent.rules",
    ]);
  });

  it("carries the numeric codes of the original product", () => {
    for (const reason of only(withVoucher({ expiresAt: now, redemptionsMax: 0 })).reasons) {
      expect(reason.code).toBe(reasonCodes[reason.key]);
    }
  });

  it("says what was expected, what was seen and what is missing", () => {
    expect(only(withCampaign({ budgetAmount: 10_000, usage: used(9, 9_400) })).reasons).toEqual([
      {
        key: "campaign_budget_reached",
        message: "Only 6.00 EUR of this promotion is left",
        expected: 10_000,
        actual: 9_400,
        gap: 400,
      },
    ]);
    expect(only(facts({ order: order({ statedAmount: 9_999 }) })).reasons).toMatchObject([
      {
        code: 2002,
        expected: 10_000,
        actual: 9_999,
        message: "The order says 99.99 EUR, but its lines sum to 100.00 EUR",
      },
    ]);
  });

  it("never tells whose voucher it is", () => {
    expect(JSON.stringify(decide(withVoucher({ assignedTo: "cus_grace" })))).not.toContain("cus_grace");
  });

  it("asks a reward's condition only when no reward gives anything", () => {
    const tiers = withCampaign({
      rewards: [
        { type: "order_discount", amount: 100, when: minimum },
        { type: "order_discount", amount: 200, when: { ...minimum, value: 20_000 } },
      ],
    });
    expect(only(tiers).reasons).toMatchObject([
      { key: "no_effect" },
      { key: "order_below_minimum", rule_id: "reward/0.when", gap: 420 },
      { key: "order_below_minimum", rule_id: "reward/1.when", gap: 10_000 },
    ]);
    const reached = only({ ...tiers, order: orderOf(10_420) });
    expect(reached).toMatchObject({ applicable: true, discountAmount: 100, reasons: [] });
    expect(Object.keys(reached.trace)).toEqual(["reward/0", "reward/1"]);
  });
});

describe("windows", () => {
  it("include their start and exclude their end", () => {
    expect(keysOf(withVoucher({ startsAt: now, expiresAt: now + 1 }))).toEqual([]);
    expect(keysOf(withCampaign({ startsAt: now, endsAt: now + 1 }))).toEqual([]);
  });
});

describe("the holdout", () => {
  const bucket = holdoutBucket("cam_sub", "ada@example.com");

  it("refuses a code only where the campaign says that codes count", () => {
    expect(keysOf(withCampaign({ holdoutPercent: 100, holdoutCodes: true }))).toEqual(["in_holdout"]);
    expect(keysOf(withCampaign({ holdoutPercent: 100, holdoutCodes: false }))).toEqual([]);
  });

  it("is for the customers below its share", () => {
    const holdoutCodes = true;
    expect(keysOf(withCampaign({ holdoutPercent: Math.ceil(bucket + 0.01), holdoutCodes }))).toEqual(["in_holdout"]);
    expect(keysOf(withCampaign({ holdoutPercent: Math.floor(bucket), holdoutCodes }))).toEqual([]);
  });

  it("knows nobody without a customer", () => {
    expect(keysOf(withCampaign({ holdoutPercent: 100, holdoutCodes: true }, { customer: null }))).toEqual([]);
  });
});

describe("a budget that trims", () => {
  const left = (amount: number) => ({
    budgetAmount: 10_000,
    budgetPolicy: "trim" as const,
    usage: used(1, 10_000 - amount),
  });

  it("gives what is left of it", () => {
    const decision = decide(withCampaign(left(300), { order: orderOf(5_000, 5_000) }));
    expect(decision).toMatchObject({ valid: true, discountAmount: 300, itemsDiscount: [150, 150] });
    expect(decision.codes[0]?.rewards).toEqual([{ type: "order_discount", discountAmount: 300 }]);
    expect(decision.takes[1]).toMatchObject({ campaignId: "cam_sub", amount: 300, amountMax: 10_000 });
  });

  it("refuses when nothing is left", () => {
    expect(only(withCampaign(left(0))).reasons).toMatchObject([{ key: "campaign_budget_reached", gap: 1_000 }]);
  });

  it("makes the discount fit a voucher's own money too", () => {
    const code = redeemable({ voucher: { limits: { discountAmountMax: 250 } }, campaign: { budgetPolicy: "trim" } });
    expect(decide(facts({ redeemables: [code] }))).toMatchObject({ valid: true, discountAmount: 250 });
  });

  it("of the main campaign trims before the campaign's own is asked to fit", () => {
    const parent = mainCampaign(left(300));
    expect(decide(withCampaign({ budgetAmount: 300, parent }))).toMatchObject({ valid: true, discountAmount: 300 });
    expect(keysOf(withCampaign({ budgetAmount: 299, parent }))).toEqual(["campaign_budget_reached"]);
  });
});

describe("a cap for each order", () => {
  it("reduces the discount to the smallest of voucher, campaign and main campaign", () => {
    const code = redeemable({
      voucher: { limits: { discountAmountMaxPerOrder: 700 } },
      campaign: {
        limits: { discountAmountMaxPerOrder: 400 },
        parent: mainCampaign({ limits: { discountAmountMaxPerOrder: 600 } }),
        rewards: [
          { type: "order_discount", percent_bp: 1_000 },
          { type: "order_discount", amount: 1_000 },
        ],
      },
    });
    const decision = decide(facts({ redeemables: [code], order: orderOf(7_500, 2_500) }));
    expect(decision).toMatchObject({ valid: true, discountAmount: 400, itemsDiscount: [300, 100] });
    expect(decision.codes[0]?.rewards.map((reward) => reward.discountAmount)).toEqual([200, 200]);
  });
});
