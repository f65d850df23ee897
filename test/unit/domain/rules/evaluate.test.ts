import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../../../api/domain/rules/evaluate.ts";
import type { ItemQuantifier, Leaf, Rule, SumRule } from "../../../../api/domain/rules/rule.ts";
import { item, order, orderOf } from "../builders.ts";
import { context, isMet, leafTrace } from "./context.ts";

const yes: Leaf = { on: "order.amount", op: "greater_or_equal", value: 0 };
const no: Leaf = { on: "order.amount", op: "less_than", value: 0 };

describe("groups", () => {
  it.each<[Rule, boolean]>([
    [{ all: [yes, yes] }, true],
    [{ all: [yes, no] }, false],
    [{ any: [no, yes] }, true],
    [{ any: [no, no] }, false],
    [{ none: [no, no] }, true],
    [{ none: [no, yes] }, false],
    [{ all: [] }, true],
    [{ any: [] }, false],
    [{ none: [] }, true],
    [{ none: [{ none: [yes] }] }, true],
  ])("%j is %j", (rule, met) => {
    expect(isMet(rule)).toBe(met);
  });

  it("are evaluated to the end, so that every leaf is in the trace", () => {
    const trace = evaluate({ all: [no, { any: [yes, no] }, no] }, context());
    expect(trace).toMatchObject({
      met: false,
      children: [{ met: false }, { met: true, children: [{ met: true }, { met: false }] }, { met: false }],
    });
  });
});

const leaf: fc.Arbitrary<Rule> = fc.oneof(
  fc.constantFrom(yes, no),
  fc.record({
    on: fc.constant("order.amount"),
    op: fc.constantFrom("equals", "greater_than", "less_or_equal", "multiple_of"),
    value: fc.integer({ min: 1, max: 30_000 }),
  }),
);

const { tree } = fc.letrec<{ tree: Rule }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.record({ all: fc.array(tie("tree"), { maxLength: 4 }) }),
    fc.record({ any: fc.array(tie("tree"), { maxLength: 4 }) }),
    fc.record({ none: fc.array(tie("tree"), { maxLength: 4 }) }),
  ),
}));

function reversed(rule: Rule): Rule {
  if ("all" in rule) return { all: rule.all.map(reversed).reverse() };
  if ("any" in rule) return { any: rule.any.map(reversed).reverse() };
  return "none" in rule ? { none: rule.none.map(reversed).reverse() } : rule;
}

describe("any rule", () => {
  it("is met or not whatever the order of its parts", () => {
    fc.assert(
      fc.property(tree, (rule) => {
        expect(isMet(reversed(rule))).toBe(isMet(rule));
      }),
    );
  });

  it("is the opposite of none of it, and doubly negated itself", () => {
    fc.assert(
      fc.property(tree, (rule) => {
        expect(isMet({ none: [rule] })).toBe(!isMet(rule));
        expect(isMet({ none: [{ none: [rule] }] })).toBe(isMet(rule));
      }),
    );
  });
});

describe("items", () => {
  const basket = order({
    items: [
      item({ sku: "hat", unitAmount: 2_000 }),
      item({ sku: "sock", unitAmount: 500, quantity: 10 }),
      item({ sku: "scarf", unitAmount: 500 }),
      item({ sku: "coat", unitAmount: 9_000 }),
      item({ sku: "suit", unitAmount: 9_000 }),
    ],
  });
  const asks = (which: ItemQuantifier, sku: string): Rule => ({
    on: "items",
    which,
    where: { on: "item.sku", op: "equals", value: sku },
  });

  it.each<[ItemQuantifier, string, boolean]>([
    ["any", "hat", true],
    ["any", "shoe", false],
    ["all", "hat", false],
    ["none", "shoe", true],
    ["none", "hat", false],
    ["cheapest", "sock", true],
    ["cheapest", "scarf", false],
    ["most_expensive", "coat", true],
    ["most_expensive", "suit", false],
  ])("%s item being a %s is %j", (which, sku, met) => {
    expect(isMet(asks(which, sku), { order: basket })).toBe(met);
  });

  it("all of one kind meets all", () => {
    const rule: Rule = { on: "items", which: "all", where: { on: "item.unit_amount", op: "less_than", value: 9_001 } };
    expect(isMet(rule, { order: basket })).toBe(true);
  });

  it.each<[ItemQuantifier, boolean]>([
    ["any", false],
    ["all", false],
    ["none", true],
    ["cheapest", false],
    ["most_expensive", false],
  ])("in an order without lines, %s is %j", (which, met) => {
    expect(isMet(asks(which, "hat"), { order: order({ items: [] }) })).toBe(met);
  });

  it("counts every match but shows the first twenty lines", () => {
    const trace = evaluate(
      { on: "items", which: "any", where: { on: "item.unit_amount", op: "equals", value: 7 } },
      context({ order: orderOf(...new Array<number>(50).fill(7)) }),
    );
    expect(trace).toMatchObject({ op: "items", met: true, matched: 50 });
    expect("children" in trace && trace.children.length).toBe(20);
  });
});

describe("a sum over items", () => {
  const basket = order({
    items: [
      item({ sku: "hat", unitAmount: 2_000, quantity: 2, weight: 100 }),
      item({ sku: "sock", unitAmount: 500, quantity: 10, weight: 30 }),
      item({ sku: "gift", unitAmount: 0, weight: null }),
    ],
  });
  const sumOf = (on: SumRule["on"], skus: string[], value: number): Rule => ({
    on,
    where: { on: "item.sku", op: "any_of", value: skus },
    op: "equals",
    value,
  });

  it.each<[SumRule["on"], string[], number]>([
    ["items.quantity", ["hat"], 2],
    ["items.quantity", ["hat", "sock", "gift"], 13],
    ["items.quantity", ["coat"], 0],
    ["items.amount", ["hat", "sock"], 9_000],
    ["items.weight", ["hat", "sock"], 500],
  ])("%s of %j is %j", (on, skus, value) => {
    expect(evaluate(sumOf(on, skus, value), context({ order: basket }))).toMatchObject({ met: true, actual: value });
    expect(isMet(sumOf(on, skus, value + 1), { order: basket })).toBe(false);
  });

  it("of weights is unknown when one is, and then not met", () => {
    const rule: Rule = { ...sumOf("items.weight", ["hat", "gift"], 0), op: "less_than", value: 1e6 } as SumRule;
    expect(evaluate(rule, context({ order: basket }))).toMatchObject({ met: false, actual: null, matched: 2 });
  });
});

describe("the gap", () => {
  it.each<[Leaf["op"], Leaf["value"], number | undefined]>([
    ["greater_or_equal", 10_420, 420],
    ["greater_than", 10_420, 421],
    ["greater_than", 10_000, 1],
    ["less_or_equal", 9_000, 1_000],
    ["less_than", 10_000, 1],
    ["between", [10_100, 20_000], 100],
    ["between", [5_000, 9_000], 1_000],
    ["multiple_of", 3_000, 2_000],
    ["equals", 9_000, undefined],
    ["any_of", [1, 2], undefined],
  ])("of 100.00 EUR to %s %j is %j", (op, value, gap) => {
    const trace = leafTrace({ on: "order.amount", op, value });
    expect(trace.met).toBe(false);
    expect(trace.gap).toBe(gap);
  });

  it("is not told for a leaf that is met, for a time or for what is absent", () => {
    expect(leafTrace(yes)).not.toHaveProperty("gap");
    expect(leafTrace({ on: "time.weekday", op: "greater_than", value: 5 })).not.toHaveProperty("gap");
    expect(leafTrace({ on: "order.metadata.x", op: "greater_than", value: 5 })).not.toHaveProperty("gap");
  });

  it("is always the smallest change that meets the leaf", () => {
    const op = fc.constantFrom("greater_than", "greater_or_equal", "less_than", "less_or_equal", "multiple_of");
    fc.assert(
      fc.property(op, fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 500 }), (operator, value, amount) => {
        const asked: Leaf = { on: "order.amount", op: operator, value };
        const { met, gap } = leafTrace(asked, { amount });
        const sign = operator.startsWith("less") ? -1 : 1;
        if (met) return;
        expect(leafTrace(asked, { amount: amount + sign * (gap ?? 0) }).met).toBe(true);
        expect(leafTrace(asked, { amount: amount + sign * ((gap ?? 0) - 1) }).met).toBe(false);
      }),
    );
  });
});
