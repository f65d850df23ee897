import { describe, expect, it } from "vitest";
import { decideCampaign, decideCode, isNearMiss } from "../../../api/domain/alone.ts";
import type { AppliedBefore, CampaignFacts } from "../../../api/domain/facts.ts";
import type { Rule } from "../../../api/domain/rules/rule.ts";
import { campaign, facts, mainCampaign, redeemable } from "./builders.ts";

const minimum: Rule = { on: "order.amount", op: "greater_or_equal", value: 10_420 };
const newcomers: Rule = { on: "customer.is_new", op: "equals", value: true };

function nearMiss(change: Partial<CampaignFacts>): boolean {
  const code = redeemable({ campaign: change });
  return isNearMiss(decideCode(facts(), code), code);
}

describe("a near miss", () => {
  it.each<[string, Partial<CampaignFacts>]>([
    ["a minimum", { rules: minimum }],
    [
      "a minimum deep in a tree",
      { rules: { any: [{ all: [minimum] }, { on: "order.channel", op: "equals", value: "app" }] } },
    ],
    ["the main campaign's minimum", { parent: mainCampaign({ rules: minimum }) }],
    ["items", { rules: { on: "items", which: "any", where: { on: "item.sku", op: "equals", value: "hat" } } }],
    ["a reward's own condition", { rewards: [{ type: "order_discount", amount: 100, when: minimum }] }],
  ])("is what lacks %s only", (_what, change) => {
    expect(nearMiss(change)).toBe(true);
  });

  it.each<[string, Partial<CampaignFacts>]>([
    ["applies", {}],
    ["is paused as well", { rules: minimum, status: "paused" }],
    ["asks something of the customer too", { rules: { all: [minimum, newcomers] } }],
    ["is used up", { redemptionsMax: 0 }],
    ["gives nothing whatever the basket", { rewards: [] }],
  ])("is not what %s", (_what, change) => {
    expect(nearMiss(change)).toBe(false);
  });
});

describe("an automatic campaign by itself", () => {
  const automatic = campaign({ automatic: true, rules: minimum });
  const earlier = (change: Partial<AppliedBefore>): AppliedBefore => ({
    redemptionId: "red_1",
    voucherId: null,
    held: false,
    isGiftCard: false,
    campaignId: "cam_before",
    parentId: "cam_main",
    stacking: {},
    discountAmount: 0,
    itemsDiscount: [],
    shippingDiscount: 0,
    ...change,
  });

  it("says what it lacks", () => {
    const decision = decideCampaign(facts(), automatic);
    expect(decision).toMatchObject({ applicable: false, reasons: [{ key: "order_below_minimum", gap: 420 }] });
    expect(decision !== null && isNearMiss(decision, { voucher: null, campaign: automatic })).toBe(true);
  });

  it("does not go with an exclusive code that the order has, and is not asked twice", () => {
    const exclusive = { ...facts(), appliedBefore: [earlier({ stacking: { exclusive: true } })] };
    expect(decideCampaign(exclusive, campaign({ automatic: true }))).toMatchObject({
      applicable: false,
      reasons: [{ key: "not_combinable" }],
    });
    const again = { ...facts(), appliedBefore: [earlier({ campaignId: automatic.id })] };
    expect(decideCampaign(again, automatic)).toBeNull();
  });
});
