import { describe, expect, it } from "vitest";
import type { CampaignFacts } from "../../../api/domain/facts.ts";
import { categoriesIn, diversify, likeness } from "../../../api/offers/diversify.ts";
import { discountPrice } from "../../../api/offers/pace.ts";
import { basketMargin, marginRate, shrink } from "../../../api/offers/worth.ts";

const kind = (mainId: string, ...categories: string[]) => ({
  mainId,
  template: "discount",
  categories: new Set(categories),
});

describe("diversity", () => {
  const values = [100, 95, 90, 40];
  const kinds = [kind("coffee", "coffee"), kind("coffee", "coffee"), kind("tea", "tea"), kind("cups")];

  it("leaves the ranking alone at 0, and puts another kind before more of the same above it", () => {
    expect(diversify([0, 1, 2, 3], values, kinds, 0, 4)).toEqual([0, 1, 2, 3]);
    expect(diversify([0, 1, 2, 3], values, kinds, 0.3, 4)).toEqual([0, 2, 1, 3]);
    expect(diversify([0, 1, 2, 3], values, kinds, 1, 2)).toEqual([0, 2]);
  });

  it("always begins with the best, keeps ties in order, and shows nothing twice", () => {
    for (const diversity of [0, 0.5, 1]) {
      const order = diversify([0, 1, 2, 3], values, kinds, diversity, 4);
      expect(order[0]).toBe(0);
      expect([...order].sort()).toEqual([0, 1, 2, 3]);
    }
    const same = kinds.map(() => kind("one"));
    expect(diversify([2, 0, 1], [5, 5, 5], same, 0.5, 3)).toEqual([2, 0, 1]);
  });

  it("likens offers by main campaign, template and the categories they share", () => {
    expect(likeness(kind("a", "x"), kind("a", "x"))).toBeCloseTo(1, 12);
    expect(likeness(kind("a"), kind("b"))).toBeCloseTo(0.1, 12);
    expect(likeness(kind("a", "x", "y"), kind("b", "y", "z"))).toBeCloseTo(0.1 + 0.3 / 3, 12);
  });

  it("finds the categories of rules and rewards wherever they stand", () => {
    const found = categoriesIn({
      rules: {
        all: [{ on: "items", which: "any", where: { on: "item.categories", op: "any_of", value: ["coffee"] } }],
      } as never,
      rewards: [{ type: "item_discount", where: { on: "item.categories", op: "contains", value: "tea" } }],
    });
    expect([...found].sort()).toEqual(["coffee", "tea"]);
  });
});

describe("the price of a discount", () => {
  const year = 365 * 86_400_000;
  const open = {
    budgetAmount: null,
    budgetPolicy: "refuse",
    usage: { redemptionsCount: 0, discountAmount: 0 },
    startsAt: null,
    endsAt: null,
  };
  const campaign = (own: object, parent: object = {}) =>
    ({ ...open, ...own, parent: { ...open, ...parent } }) as unknown as CampaignFacts;
  const used = (discountAmount: number) => ({ redemptionsCount: 1, discountAmount });
  const budget = (spent: number) => ({ budgetAmount: 10_000, usage: used(spent), startsAt: 0, endsAt: year });

  it("is 1 on pace and without a budget, and rises as spending outruns the time", () => {
    expect(discountPrice(campaign({}), 500, year / 2)).toBe(1);
    expect(discountPrice(campaign(budget(5_000)), 500, year / 2)).toBe(1);
    const prices = [6_000, 7_000, 9_000].map((spent) => discountPrice(campaign(budget(spent)), 500, year / 2));
    expect(prices[0]).toBeCloseTo(1 + 0.1 / 0.4, 12);
    expect(prices[1]).toBeCloseTo(1 + 0.2 / 0.3, 12);
    expect(prices[2]).toBeCloseTo(1 + 0.4 / 0.1, 12);
  });

  it("is infinite for what is not left, also of the main campaign; a budget that trims gives its rest", () => {
    expect(discountPrice(campaign(budget(9_600)), 500, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(discountPrice(campaign({}, budget(9_600)), 500, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(discountPrice(campaign({ ...budget(9_600), budgetPolicy: "trim" }), 500, year)).toBeLessThan(2);
    expect(discountPrice(campaign({ ...budget(10_000), budgetPolicy: "trim" }), 500, year)).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it("holds together from four fifths on where nobody said an end, and never exceeds its bound", () => {
    const endless = (spent: number) => campaign({ budgetAmount: 10_000, usage: used(spent) });
    expect(discountPrice(endless(8_000), 500, year)).toBe(1);
    expect(discountPrice(endless(9_000), 500, year)).toBeCloseTo(2, 12);
    expect(discountPrice(campaign({ ...budget(9_990), budgetPolicy: "trim" }), 500, 0)).toBe(20);
  });
});

describe("what a basket earns", () => {
  const sums = (orders: number, rate: number) => ({
    orders,
    revenueAmount: orders * 1000,
    marginAmount: orders * 1000 * rate,
  });

  it("is known where every line says its cost, and only there", () => {
    const line = { quantity: 2, unitAmount: 1000 };
    expect(basketMargin([{ ...line, unitCostAmount: 600 }])).toBe(800);
    expect(basketMargin([{ ...line, unitCostAmount: 600 }, line])).toBeNull();
    expect(basketMargin([{ ...line, unitCostAmount: 1200 }])).toBe(0);
  });

  it("is drawn from what is assumed to the project's orders, and from those to the campaign's and the customer's", () => {
    const nothing = { project: undefined, campaign: undefined, customer: undefined };
    expect(marginRate(0.3, nothing)).toBe(0.3);
    expect(marginRate(0.3, { ...nothing, project: sums(20, 0.5) })).toBeCloseTo(0.4, 12);
    const project = sums(1_000_000, 0.5);
    expect(marginRate(0.3, { ...nothing, project, campaign: sums(10, 0.3) })).toBeCloseTo(0.4, 4);
    expect(marginRate(0.3, { project, campaign: sums(10, 0.3), customer: sums(10, 0.7) })).toBeCloseTo(0.5, 4);
    expect(marginRate(0.3, { ...nothing, customer: sums(1_000, -3) })).toBe(0);
  });
});

describe("incremental shares", () => {
  it("are 1 where nobody holds out, and a measured one counts the more the surer it is", () => {
    expect(shrink(new Map()).common).toBe(1);
    const { bySubject, common } = shrink(
      new Map([
        ["sure", { share: 0.2, error: 0.01 }],
        ["vague", { share: 0.2, error: 2 }],
      ]),
    );
    expect(bySubject.get("sure")).toBeCloseTo(0.2, 2);
    expect(bySubject.get("vague")).toBeCloseTo(common, 1);
    expect(common).toBeGreaterThan(0.4);
    expect(common).toBeLessThan(0.8);
  });

  it("stay between nothing and all", () => {
    const { bySubject } = shrink(
      new Map([
        ["harmful", { share: -0.5, error: 0.01 }],
        ["wonder", { share: 1.7, error: 0.01 }],
      ]),
    );
    expect([bySubject.get("harmful"), bySubject.get("wonder")]).toEqual([0, 1]);
  });
});
