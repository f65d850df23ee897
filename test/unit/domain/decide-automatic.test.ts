import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bestOf } from "../../../api/domain/best-of.ts";
import { decide } from "../../../api/domain/decide.ts";
import type { AppliedBefore, CampaignFacts, Facts, MainCampaignFacts } from "../../../api/domain/facts.ts";
import { campaign, customer, facts, mainCampaign, now, order, otherCode, redeemable } from "./builders.ts";

const off = (amount: number): CampaignFacts["rewards"] => [{ type: "order_discount", amount }];

/** An automatic campaign that takes so much off. */
function automatic(id: string, amount: number, change: Partial<CampaignFacts> = {}): CampaignFacts {
  return campaign({ id: `cam_${id}`, automatic: true, rewards: off(amount), ...change });
}

function alone(...automatic: CampaignFacts[]): Facts {
  return facts({ redeemables: [], automatic });
}

const applied = (given: Facts) =>
  decide(given).automatic.map(({ campaignId, discountAmount }) => [campaignId?.slice(4), discountAmount]);

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

describe("an automatic campaign", () => {
  it("applies without a code and takes its counters", () => {
    const decision = decide(alone(automatic("a", 700)));
    expect(decision).toMatchObject({
      valid: true,
      discountAmount: 700,
      totalAmount: 9_300,
      itemsDiscount: [700],
      codes: [],
      automatic: [{ code: "", voucherId: null, campaignId: "cam_a", parentId: "cam_main", applicable: true }],
      exhaustive: true,
    });
    expect(decision.takes).toMatchObject([
      { kind: "campaign", campaignId: "cam_main", amount: 700 },
      { kind: "campaign", campaignId: "cam_a", uses: 1, orders: 10_000 },
      { kind: "customer", scopeId: "cam_a" },
      { kind: "customer", scopeId: "cam_main" },
    ]);
  });

  it("applies before codes of the same order, by id, and after those that come first", () => {
    const percent = otherCode("TEN");
    const first = otherCode("FIRST", { campaign: { stacking: { order: -1 }, rewards: off(1_000) } });
    const given = {
      ...facts({ redeemables: [percent, first] }),
      automatic: [automatic("b", 500), automatic("a", 500)],
    };
    expect(applied(given)).toEqual([
      ["a", 500],
      ["b", 500],
    ]);
    expect(decide(given).codes.map(({ discountAmount }) => discountAmount)).toEqual([800, 1_000]);
  });

  it.each<[string, Facts]>([
    ["that is paused", alone(automatic("a", 1, { status: "paused" }))],
    ["that is over", alone(automatic("a", 1, { endsAt: now }))],
    ["whose main campaign has not begun", alone(automatic("a", 1, { parent: mainCampaign({ startsAt: now + 1 }) }))],
    ["of another currency", alone(automatic("a", 1, { currency: "USD" }))],
    [
      "whose rules are not met",
      alone(automatic("a", 1, { rules: { on: "order.channel", op: "equals", value: "app" } })),
    ],
    ["that is used up", alone(automatic("a", 1, { redemptionsMax: 0 }))],
    ["whose budget is spent", alone(automatic("a", 10, { budgetAmount: 9 }))],
    ["that gives nothing", alone(automatic("a", 1, { rewards: [] }))],
    [
      "that counts customers, for a guest",
      { ...alone(automatic("a", 1, { limits: { perCustomer: 1 } })), customer: null },
    ],
    ["for a blocked customer", { ...alone(automatic("a", 1)), customer: customer({ blocked: true }) }],
    ["that withholds itself", alone(automatic("a", 1, { holdoutPercent: 100 }))],
    ["that the order has already", { ...alone(automatic("a", 1)), appliedBefore: [earlier({ campaignId: "cam_a" })] }],
    [
      "that an exclusive one came before",
      { ...alone(automatic("a", 1)), appliedBefore: [earlier({ stacking: { exclusive: true } })] },
    ],
  ])("%s does not apply", (_what, given) => {
    expect(decide(given)).toMatchObject({ valid: false, automatic: [], takes: [], discountAmount: 0 });
  });

  it("may wait for what other codes leave", () => {
    const rules = { on: "order.amount_after_discounts", op: "less_than", value: 9_500 } as const;
    const late = automatic("late", 100, { rules, stacking: { order: 1 } });
    expect(applied(alone(late))).toEqual([]);
    expect(applied({ ...facts(), automatic: [late] })).toEqual([["late", 100]]);
  });
});

describe("beside codes, an automatic campaign", () => {
  const withCode = (code: Partial<CampaignFacts>, ...automatic: CampaignFacts[]) =>
    facts({ redeemables: [redeemable({ campaign: code })], automatic });

  it("is left out where it does not go with one that applies", () => {
    const given = withCode({ stacking: { exclusive: true } }, automatic("a", 5_000));
    expect(decide(given)).toMatchObject({ valid: true, discountAmount: 1_000, automatic: [] });
    expect(
      applied(
        withCode({ stacking: { group: "x" } }, automatic("a", 1), automatic("b", 2, { stacking: { group: "x" } })),
      ),
    ).toEqual([["b", 2]]);
  });

  it("stays where the code does not apply anyway", () => {
    const given = withCode({ stacking: { exclusive: true }, status: "paused" }, automatic("a", 700));
    expect(decide(given)).toMatchObject({ valid: false, automatic: [{ discountAmount: 700 }], takes: [] });
  });

  it.each<[string, Partial<CampaignFacts>, Partial<CampaignFacts>]>([
    ["leave too little", { rules: { on: "order.amount_after_discounts", op: "greater_or_equal", value: 9_500 } }, {}],
    [
      "take the rest of a shared budget",
      { parent: mainCampaign({ budgetAmount: 1_200 }) },
      { parent: mainCampaign({ budgetAmount: 1_200 }) },
    ],
    ["take everything", {}, { rewards: off(10_000) }],
    [
      "be one too many of its campaign",
      { id: "cam_a", stacking: { maxPerOrder: 1 } },
      { stacking: { maxPerOrder: 1 } },
    ],
  ])("is left out where it would %s", (_what, code, change) => {
    const decision = decide(withCode(code, automatic("a", 700, change)));
    expect(decision).toMatchObject({ valid: true, discountAmount: 1_000, automatic: [], exhaustive: true });
  });

  it("comes before a gift card, even where it leaves nothing to pay", () => {
    const card = redeemable({ voucher: { kind: "gift_card", balanceAmount: 9_000 }, campaign: { rewards: [] } });
    const paid = decide(facts({ redeemables: [card], automatic: [automatic("a", 4_000)] }));
    expect(paid.codes[0]).toMatchObject({ applicable: true, discountAmount: 6_000 });
    const free = decide(facts({ redeemables: [card], automatic: [automatic("a", 10_000)] }));
    expect(free.automatic).toMatchObject([{ discountAmount: 10_000 }]);
    expect(free.codes[0]?.reasons).toMatchObject([{ key: "no_effect" }]);
  });
});

describe("among automatic campaigns", () => {
  const sharing = (parent: MainCampaignFacts, ...amounts: number[]) =>
    alone(...amounts.map((amount, index) => automatic("abcdefghij".charAt(index), amount, { parent })));

  it("an exclusive one applies when it gives more than all others together", () => {
    const exclusive = (amount: number) => automatic("x", amount, { stacking: { exclusive: true } });
    expect(applied(alone(automatic("a", 400), automatic("b", 500), exclusive(901)))).toEqual([["x", 901]]);
    expect(applied(alone(automatic("a", 400), automatic("b", 500), exclusive(900)))).toEqual([
      ["a", 400],
      ["b", 500],
    ]);
  });

  it("the group that gives most applies", () => {
    const grouped = (id: string, amount: number, group: string) => automatic(id, amount, { stacking: { group } });
    const given = alone(grouped("a", 500, "x"), grouped("b", 300, "y"), grouped("c", 300, "y"), automatic("d", 550));
    expect(applied(given)).toEqual([
      ["b", 300],
      ["c", 300],
    ]);
  });

  it("a shared budget goes to those that give most, not to the first", () => {
    const decision = decide(sharing(mainCampaign({ budgetAmount: 1_000 }), 600, 700, 400, 300));
    expect(decision).toMatchObject({ discountAmount: 1_000, exhaustive: true });
    expect(decision.automatic.map(({ campaignId }) => campaignId)).toEqual(["cam_a", "cam_c"]);
  });

  it("a shared number of uses goes to those that give most", () => {
    expect(applied(sharing(mainCampaign({ redemptionsMax: 2 }), 100, 300, 200))).toEqual([
      ["b", 300],
      ["c", 200],
    ]);
  });

  it("it says when there were more choices than it tried", () => {
    const parent = mainCampaign({ redemptionsMax: 10 });
    const many = Array.from({ length: 40 }, (_, index) => automatic(`${100 + index}`, 10 + index, { parent }));
    const decision = decide(alone(...many));
    expect(decision.exhaustive).toBe(false);
    expect(decision.automatic).toHaveLength(10);
  });

  it("at most thirty apply", () => {
    const many = Array.from({ length: 31 }, (_, index) => automatic(`${100 + index}`, 1));
    expect(decide(alone(...many)).automatic).toHaveLength(30);
    const beside = decide(facts({ automatic: many }));
    expect(beside.codes).toMatchObject([{ applicable: true }]);
    expect(beside.automatic).toHaveLength(29);
  });

  it("some apply even where it takes leaving out very many", () => {
    // Each takes 1.00 before the code, which wants to see 95.00 left.
    const rules = { on: "order.amount_after_discounts", op: "greater_or_equal", value: 9_500 } as const;
    const many = Array.from({ length: 25 }, (_, index) => automatic(`${100 + index}`, 100));
    const decision = decide(facts({ redeemables: [redeemable({ campaign: { rules } })], automatic: many }));
    expect(decision).toMatchObject({ valid: true, exhaustive: false });
    expect(decision.automatic).toHaveLength(5);
  });

  it("the choice is the best one of all, whatever order they come in", () => {
    const candidate = fc.record({
      amount: fc.integer({ min: 1, max: 900 }),
      exclusive: fc.constantFrom(false, false, false, true),
      group: fc.constantFrom(undefined, undefined, "x"),
      main: fc.constantFrom("m1", "m2"),
    });
    const mains = fc.record({
      budgetAmount: fc.option(fc.integer({ min: 0, max: 2_000 })),
      redemptionsMax: fc.option(fc.integer({ min: 0, max: 3 })),
    });
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 5 }), mains, (given, limits) => {
        const all = given.map(({ amount, exclusive, group, main }, index) =>
          automatic("abcde".charAt(index), amount, {
            stacking: { exclusive, ...(group === undefined ? {} : { group }) },
            parent: mainCampaign({ id: `cam_${main}`, ...limits }),
          }),
        );
        const decision = decide(alone(...all));
        const mixed = decide(alone(...[...all].reverse()));
        expect(mixed).toEqual(decision);
        if (!decision.exhaustive) return;
        for (let subset = 0; subset < 2 ** all.length; subset += 1) {
          const some = all.filter((_, index) => Math.floor(subset / 2 ** index) % 2 === 1);
          expect(decide(alone(...some)).discountAmount).toBeLessThanOrEqual(decision.discountAmount);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("the best of several codes", () => {
  const code = (name: string, amount: number, change: Partial<CampaignFacts> = {}) =>
    otherCode(name, { campaign: { rewards: off(amount), ...change } });
  const best = (...redeemables: Facts["redeemables"]) => bestOf(facts({ redeemables }));

  it("are all of them where nothing is in the way", () => {
    const { codes, decision, exhaustive } = best(code("A", 300), code("B", 200));
    expect(codes).toEqual(["A", "B"]);
    expect(decision).toMatchObject({ valid: true, discountAmount: 500 });
    expect(exhaustive).toBe(true);
  });

  it("are those that give most where they exclude each other", () => {
    expect(best(code("A", 300), code("B", 400), code("X", 600, { stacking: { exclusive: true } })).codes).toEqual([
      "A",
      "B",
    ]);
    expect(best(code("A", 300), code("B", 400), code("X", 800, { stacking: { exclusive: true } })).codes).toEqual([
      "X",
    ]);
  });

  it("leave out what is unknown, expired or named twice", () => {
    const old = otherCode("OLD", { voucher: { expiresAt: now } });
    const found = best(code("A", 300), code("A", 300), old, { code: "NOPE", voucher: null, campaign: null });
    expect(found.codes).toEqual(["A"]);
    expect(found.decision.valid).toBe(true);
  });

  it("share a budget as well as it can be shared", () => {
    const parent = mainCampaign({ budgetAmount: 1_000 });
    expect(best(code("A", 600, { parent }), code("B", 700, { parent }), code("C", 400, { parent })).codes).toEqual([
      "A",
      "C",
    ]);
  });

  it("are none where none applies", () => {
    expect(best(otherCode("OLD", { voucher: { expiresAt: now } }))).toMatchObject({
      codes: [],
      decision: { valid: false },
    });
    expect(bestOf(facts({ redeemables: [], order: order({ items: [] }) })).codes).toEqual([]);
  });
});
