import { describe, expect, it } from "vitest";
import type { Counter } from "../../../../api/domain/counters.ts";
import { capPerOrder, cutTo, fitBudgets } from "../../../../api/domain/cut.ts";
import type { Grant } from "../../../../api/domain/grant.ts";
import type { Reward } from "../../../../api/domain/rewards/reward.ts";
import { Tally } from "../../../../api/domain/tally.ts";
import { campaign, mainCampaign, voucher } from "../builders.ts";
import { give, one } from "./give.ts";

const half: Reward = { type: "order_discount", percent_bp: 5_000 };
const shipped: Reward = { type: "shipping_discount", percent_bp: 10_000 };
const perEuro: Reward = { type: "points", per_amount: 100 };
const gift: Reward = { type: "voucher", campaign_id: "cam_next" };
const mug: Reward = { type: "free_item", item: { sku: "mug" } };

/** 500 off the lines and 100 off shipping; 5 points for what is left. */
const granted = (): Grant => give([half, shipped, perEuro], { lines: one(700, 300), shipping: 100 });

describe("cutting a grant", () => {
  it("reduces lines, shipping and rewards in proportion, each adding up", () => {
    const cut = cutTo(granted(), 300);
    expect(cut).toMatchObject({ discountAmount: 300, itemsDiscount: [175, 75], shippingDiscount: 50 });
    expect(cut.rewards.slice(0, 2)).toEqual([
      { type: "order_discount", discountAmount: 250 },
      { type: "shipping_discount", discountAmount: 50 },
    ]);
  });

  it("leaves more to pay, and so more points", () => {
    expect(granted().rewards.at(-1)).toMatchObject({ points: 5 });
    expect(cutTo(granted(), 300).rewards.at(-1)).toMatchObject({ points: 7 });
    expect(cutTo(granted(), 0).rewards).toEqual([{ type: "points", discountAmount: 0, points: 10 }]);
    expect(cutTo(cutTo(granted(), 300), 0).earning?.payable).toBe(1_000);
  });

  it("gives points that were none while everything was free", () => {
    const free = give([{ type: "order_discount", percent_bp: 10_000 }, perEuro], { lines: one(1_000) });
    expect(free.rewards).toHaveLength(1);
    expect(cutTo(free, 400).rewards).toMatchObject([{ discountAmount: 400 }, { points: 6 }]);
  });

  it("keeps what is not money off, and forgets what is no more", () => {
    const cut = cutTo(give([half, gift, mug], { lines: one(1_000) }), 0);
    expect(cut.rewards).toMatchObject([
      { type: "voucher" },
      { type: "free_item", discountAmount: 0, missingQuantity: 1 },
    ]);
    expect(cut).toMatchObject({ discountAmount: 0, itemsDiscount: [0], shippingDiscount: 0 });
  });

  it("changes nothing that fits", () => {
    const grant = granted();
    expect(cutTo(grant, 600)).toBe(grant);
  });
});

describe("the cap per order", () => {
  const none = { voucher: 0, campaign: 0, parent: 0 };
  const capped = (max: number) => campaign({ limits: { discountAmountMaxPerOrder: max } });

  it("is the smallest that voucher, campaign and main campaign have left", () => {
    const limited = campaign({
      limits: { discountAmountMaxPerOrder: 400 },
      parent: mainCampaign({ limits: { discountAmountMaxPerOrder: 350 } }),
    });
    const code = voucher({ limits: { discountAmountMaxPerOrder: 300 } });
    expect(capPerOrder(granted(), code, limited, none).discountAmount).toBe(300);
    expect(capPerOrder(granted(), null, limited, none).discountAmount).toBe(350);
    expect(capPerOrder(granted(), code, limited, { ...none, campaign: 390 }).discountAmount).toBe(10);
  });

  it("reached, is a reason when nothing else is given", () => {
    const grant = give(half, { lines: one(1_000) });
    expect(capPerOrder(grant, null, capped(100), { ...none, campaign: 100 }).reasons).toMatchObject([
      { key: "no_effect" },
    ]);
  });

  it("reached, leaves points and gifts", () => {
    const cut = capPerOrder(granted(), null, capped(100), { ...none, campaign: 100 });
    expect(cut).toMatchObject({ discountAmount: 0, reasons: [], rewards: [{ type: "points", points: 10 }] });
  });
});

function budget(amountMax: number | null, spent: number, change: Partial<Counter> = {}): Counter {
  return {
    sortKey: "2:cam",
    name: "campaign",
    target: { kind: "campaign", campaignId: "cam" },
    used: { redemptionsCount: 0, discountAmount: spent },
    usesMax: null,
    amountMax,
    ordersUsed: 0,
    ordersMax: null,
    trims: false,
    usesReason: "campaign_redemptions_reached",
    amountReason: "campaign_budget_reached",
    ...change,
  };
}

const withBudgets = (grant: Grant, ...budgets: Counter[]) => fitBudgets(grant, budgets, new Tally(), "EUR");

describe("budgets", () => {
  it("without an end, or with room, change nothing", () => {
    const grant = granted();
    expect(withBudgets(grant, budget(null, 9_999), budget(600, 0))).toBe(grant);
  });

  it("refuse what does not fit, saying by how much", () => {
    expect(withBudgets(granted(), budget(1_000, 600)).reasons).toEqual([
      {
        key: "campaign_budget_reached",
        message: "Only 4.00 EUR of this promotion is left",
        expected: 1_000,
        actual: 600,
        gap: 200,
      },
    ]);
  });

  it("that trim reduce it before the others are asked", () => {
    const cut = withBudgets(granted(), budget(1_000, 700, { trims: true }), budget(300, 0));
    expect(cut).toMatchObject({ discountAmount: 300, shippingDiscount: 50, reasons: [] });
    expect(cut.rewards.at(-1)).toMatchObject({ points: 7 });
  });

  it("that trim refuse when nothing is left, also what is not money off", () => {
    const cut = withBudgets(granted(), budget(1_000, 1_000, { trims: true }));
    expect(cut.reasons).toMatchObject([{ key: "campaign_budget_reached", gap: 600 }]);
  });

  it("are nothing to points and gifts without a discount", () => {
    const grant = give([perEuro, gift], { lines: one(1_000) });
    expect(withBudgets(grant, budget(1_000, 1_000))).toBe(grant);
  });

  it.each([
    ["voucher_budget_reached", "The budget of this code is used up"],
    ["customer_limit_reached", "The budget of this promotion for one customer is used up"],
    ["period_limit_reached", "The budget of this promotion for this period is used up"],
  ] as const)("say whose they are: %s", (amountReason, message) => {
    expect(withBudgets(granted(), budget(10, 10, { amountReason })).reasons).toMatchObject([
      { key: amountReason, message },
    ]);
  });
});
