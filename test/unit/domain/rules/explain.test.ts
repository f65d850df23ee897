import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Reason } from "../../../../api/domain/reason.ts";
import { evaluate } from "../../../../api/domain/rules/evaluate.ts";
import { explain } from "../../../../api/domain/rules/explain.ts";
import type { RuleContext } from "../../../../api/domain/rules/paths.ts";
import type { Leaf, Rule, SumRule } from "../../../../api/domain/rules/rule.ts";
import { customer, item, order } from "../builders.ts";
import { context } from "./context.ts";

function reasonsOf(rule: Rule, change: Partial<RuleContext> = {}): Reason[] {
  const seen = context(change);
  const about = { currency: "EUR", hasCustomer: seen.customer !== null, languages: seen.languages };
  return explain(rule, evaluate(rule, seen), "campaign.rules", about);
}

const minimum: Leaf = { on: "order.amount", op: "greater_or_equal", value: 10_420 };
const channel: Leaf = { on: "order.channel", op: "any_of", value: ["app", "pos"] };
const met: Leaf = { on: "order.lines_count", op: "equals", value: 1 };

describe("reasons", () => {
  it("are none for a rule that is met", () => {
    expect(reasonsOf({ all: [met, { any: [minimum, met] }] })).toEqual([]);
  });

  it("tell how much is missing to the minimum", () => {
    expect(reasonsOf({ all: [minimum] })).toEqual([
      {
        key: "order_below_minimum",
        code: 2001,
        message: "Add 4.20 EUR more to use this code",
        rule_id: "campaign.rules/all/0",
        expected: 10_420,
        actual: 10_000,
        gap: 420,
      },
    ]);
  });

  it("name every failed leaf of all, at once", () => {
    expect(reasonsOf({ all: [minimum, met, { all: [channel] }] }).map((reason) => reason.rule_id)).toEqual([
      "campaign.rules/all/0",
      "campaign.rules/all/2/all/0",
    ]);
  });

  it("name every way that any leaves open", () => {
    expect(reasonsOf({ any: [minimum, channel] }).map((reason) => reason.key)).toEqual([
      "order_below_minimum",
      "rule_not_met",
    ]);
  });

  it("name only what is met where none may be", () => {
    expect(reasonsOf({ none: [met, minimum] })).toEqual([
      {
        key: "rule_not_met",
        message: "The number of lines in the order rules this code out",
        rule_id: "campaign.rules/none/0",
        expected: 1,
        actual: 1,
      },
    ]);
  });

  it("see through double negation", () => {
    const [reason] = reasonsOf({ none: [{ none: [minimum] }] });
    expect(reason).toMatchObject({ key: "order_below_minimum", rule_id: "campaign.rules/none/0/none/0", gap: 420 });
  });

  it("carry the manager's own words", () => {
    expect(reasonsOf({ ...minimum, message: "Almost there!" })[0]?.message).toBe("Almost there!");
  });

  it("ask for the customer when the leaf looks at one and there is none", () => {
    const leaves: Leaf[] = [
      { on: "customer.tags.vip", op: "any_of", value: ["gold"] },
      { on: "events.count", op: "greater_than", value: 1, name: "visit" },
    ];
    expect(reasonsOf({ all: leaves }, { customer: null })).toMatchObject([
      { key: "customer_required", code: 1006, rule_id: "campaign.rules/all/0", actual: null },
      { key: "customer_required", code: 1006, rule_id: "campaign.rules/all/1", actual: null },
    ]);
    expect(reasonsOf({ all: leaves }).map((reason) => reason.key)).toEqual(["rule_not_met", "rule_not_met"]);
  });

  it("ask for the customer when an item's condition looks at one", () => {
    const rule: Rule = {
      on: "items",
      which: "any",
      where: { all: [{ on: "customer.is_new", op: "equals", value: true }] },
    };
    expect(reasonsOf(rule, { customer: null })[0]?.key).toBe("customer_required");
  });

  it("do not tell whom a code is for", () => {
    const rule: Leaf = { on: "customer.identifier", op: "any_of", value: ["grace@example.com"] };
    const [reason] = reasonsOf(rule);
    expect(JSON.stringify(reason)).not.toContain("grace");
    expect(reason).toMatchObject({ key: "rule_not_met", message: "This code is not for this customer" });
  });

  it("say which items were asked for and how many matched", () => {
    const rule: Rule = { on: "items", which: "any", where: { on: "item.sku", op: "equals", value: "hat" } };
    expect(reasonsOf(rule)).toEqual([
      {
        key: "rule_not_met",
        message: "No item in the order qualifies for this code",
        rule_id: "campaign.rules",
        expected: "any",
        actual: 0,
      },
    ]);
  });

  it("choose the shopper's language, else the rule's own words, else plain English", () => {
    const worded: Leaf = {
      ...minimum,
      message: "Almost there!",
      messages: { de: "Fast geschafft!", "pt-BR": "Quase!" },
    };
    const told = (...languages: string[]) => reasonsOf(worded, { languages })[0]?.message;
    expect(told("de-AT", "en")).toBe("Fast geschafft!");
    expect(told("fr", "pt-br")).toBe("Quase!");
    expect(told("pt", "en")).toBe("Almost there!");
    expect(told()).toBe("Almost there!");
    expect(reasonsOf({ ...minimum, messages: { de: "Fast!" } }, { languages: ["fr"] })[0]?.message).toBe(
      "Add 4.20 EUR more to use this code",
    );
  });

  it("ask where the shopper is, then tell how far away the code is valid", () => {
    const near: Leaf = { on: "order.location", op: "within", value: { center: [13.405, 52.52], radius_m: 10_000 } };
    expect(reasonsOf(near)).toMatchObject([
      { key: "location_required", message: "This code needs to know where you are", actual: null },
    ]);
    const [reason] = reasonsOf(near, { order: order({ location: { lat: 52.52, lon: 13.605 } }) });
    expect(reason).toMatchObject({
      key: "outside_area",
      message: "This code is not valid where you are: it begins 3.5 km away",
      expected: near.value,
      actual: [13.605, 52.52],
    });
    expect(reason?.gap).toBeGreaterThan(3_500);
    expect(reason?.gap).toBeLessThan(3_600);
  });

  it("do not repeat the corners of a polygon", () => {
    const inside: Leaf = {
      on: "order.location",
      op: "within",
      value: {
        polygon: [
          [0, 0],
          [1, 0],
          [1, 1],
        ],
      },
    };
    const [reason] = reasonsOf(inside, { order: order({ location: { lat: 50, lon: 5 } }) });
    expect(reason).toMatchObject({ key: "outside_area", message: "This code is not valid where you are" });
    expect(reason).not.toHaveProperty("expected");
    expect(reason).not.toHaveProperty("gap");
  });

  it("count what is missing of qualifying items", () => {
    const shoes = item({ sku: "shoe", categories: ["shoes"], unitAmount: 2_000, weight: 700 });
    const inOrder = order({ items: [shoes, item({ categories: ["hats"] })] });
    const where: Leaf = { on: "item.categories", op: "any_of", value: ["shoes"] };
    const first = (rule: Partial<SumRule>) =>
      reasonsOf({ on: "items.quantity", where, op: "greater_or_equal", value: 3, ...rule }, { order: inOrder })[0];
    expect(first({})).toEqual({
      key: "rule_not_met",
      message: "Add 2 more items of category shoes to use this code",
      rule_id: "campaign.rules",
      expected: 3,
      actual: 1,
      gap: 2,
    });
    expect(first({ where: { on: "item.sku", op: "equals", value: "hat" }, value: 1 })?.message).toBe(
      "Add 1 more qualifying item to use this code",
    );
    expect(first({ on: "items.amount", value: 2_420 })?.message).toBe(
      "Add 4.20 EUR more of items of category shoes to use this code",
    );
    expect(first({ on: "items.weight", op: "between", value: [1_000, 2_000] })?.message).toBe(
      "Add 300 g more of items of category shoes to use this code",
    );
    expect(first({ op: "less_than", value: 1 })).toMatchObject({
      message: "The number of items of category shoes must be less than 1",
      gap: 1,
    });
    expect(first({ message: "More shoes!" })?.message).toBe("More shoes!");
  });

  it("say so when a weight is not known", () => {
    const rule: Rule = {
      on: "items.weight",
      where: { on: "item.sku", op: "exists", value: true },
      op: "less_than",
      value: 5_000,
    };
    expect(reasonsOf(rule)).toMatchObject([{ message: "The weight of qualifying items is not known", actual: null }]);
  });

  it("ask for the customer when a summed item's condition looks at one", () => {
    const where: Leaf = { on: "customer.is_new", op: "equals", value: true };
    const rule: Rule = { on: "items.quantity", where, op: "greater_than", value: 0 };
    expect(reasonsOf(rule, { customer: null })).toMatchObject([
      { key: "customer_required", message: "This code needs a known customer" },
    ]);
  });

  it("exist even for a group that has nothing to blame", () => {
    expect(reasonsOf({ any: [] })).toMatchObject([{ key: "rule_not_met", rule_id: "campaign.rules" }]);
  });

  it("are there exactly when the rule is not met", () => {
    const leaf = fc.constantFrom<Rule>(minimum, channel, met);
    const { tree } = fc.letrec<{ tree: Rule }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.record({ all: fc.array(tie("tree"), { maxLength: 3 }) }),
        fc.record({ any: fc.array(tie("tree"), { maxLength: 3 }) }),
        fc.record({ none: fc.array(tie("tree"), { maxLength: 3 }) }),
      ),
    }));
    fc.assert(
      fc.property(tree, (rule) => {
        expect(reasonsOf(rule).length > 0).toBe(!evaluate(rule, context()).met);
      }),
    );
  });
});

describe("the plain English of", () => {
  it.each<[Leaf, string]>([
    [{ on: "order.amount", op: "less_or_equal", value: 5_000 }, "The order amount must be at most 50.00 EUR"],
    [
      { on: "order.amount", op: "between", value: [1_000, 2_000] },
      "The order amount must be between 10.00 EUR and 20.00 EUR",
    ],
    [{ on: "order.quantity", op: "greater_or_equal", value: 3 }, "The number of units in the order must be at least 3"],
    [{ on: "order.quantity", op: "multiple_of", value: 4 }, "The number of units in the order must be a multiple of 4"],
    [channel, "The sales channel must be one of app, pos"],
    [{ on: "time.weekday", op: "any_of", value: [0, 6] }, "The day of the week must be one of Sunday, Saturday"],
    [{ on: "time.local", op: "between", value: ["09:00", "12:00"] }, "The time of day must be between 09:00 and 12:00"],
    [{ on: "customer.tags.vip", op: "any_of", value: ["gold"] }, 'The customer\'s tag "vip" must include one of gold'],
    [{ on: "order.metadata.gift", op: "exists", value: true }, 'The order\'s metadata "gift" must be given'],
    [
      { on: "events.count", op: "greater_than", value: 2, name: "visit", window_days: 30 },
      'The number of the customer\'s events "visit" in the last 30 days must be more than 2',
    ],
    [{ on: "customer.is_new", op: "equals", value: true }, "This code is for new customers"],
    [
      { on: "order.channel", op: "matches", value: "^app" },
      "The sales channel does not have the form that this code asks for",
    ],
    [{ on: "customer.points", op: "greater_or_equal", value: 1 }, "1 more point is needed to use this code"],
    [
      { on: "customer.birthday", op: "within", value: { days_before: 7, days_after: 1 } },
      "The customer's birthday must be at most 7 days ahead or at most 1 day ago",
    ],
    [
      {
        on: "time.recurring",
        op: "within",
        value: { start: "2026-01-05T18:00", duration_minutes: 120, every: "week", interval: 2 },
      },
      "The time must be in a window of 120 minutes every 2 weeks from 2026-01-05 18:00",
    ],
    [{ on: "weather.rain", op: "equals", value: true }, 'This version does not know the condition "weather.rain"'],
  ])("%j", (leaf, message) => {
    expect(reasonsOf(leaf)[0]?.message).toBe(message);
  });

  it("codes for returning customers", () => {
    const asNew = { customer: customer({ isNew: true }) };
    expect(reasonsOf({ on: "customer.is_new", op: "equals", value: false }, asNew)[0]?.message).toBe(
      "This code is for returning customers",
    );
    expect(reasonsOf({ none: [{ on: "customer.is_new", op: "equals", value: true }] }, asNew)[0]?.message).toBe(
      "This code is for returning customers",
    );
  });
});
