import { expect, it } from "vitest";
import { evaluate } from "../../../../api/domain/rules/evaluate.ts";
import { narrate, narrationLines } from "../../../../api/domain/rules/narrate.ts";
import type { RuleContext } from "../../../../api/domain/rules/paths.ts";
import type { Leaf, Rule } from "../../../../api/domain/rules/rule.ts";
import { ruleSentence } from "../../../../api/domain/rules/sentence.ts";
import { customer, item, order } from "../builders.ts";
import { context } from "./context.ts";

const seen: Partial<RuleContext> = {
  order: order({
    channel: "web",
    location: { lat: 52.52, lon: 13.605 },
    items: [
      item({ sku: "hat", unitAmount: 2_700, quantity: 1, weight: 300, categories: ["hats"] }),
      item({ sku: "sock", unitAmount: 900, quantity: 3, weight: 50, categories: ["socks", "sale"] }),
    ],
  }),
  customer: customer({ birthday: "1990-05-20" }),
};

const told = (rule: Rule): string[] => narrationLines(narrate(evaluate(rule, context(seen)), "EUR"));

const socks: Leaf = { on: "item.categories", op: "any_of", value: ["socks"] };

it("tells a whole tree, level by level", () => {
  const rule: Rule = {
    all: [
      { on: "order.amount", op: "greater_or_equal", value: 5_000 },
      { any: [{ on: "order.channel", op: "any_of", value: ["app", "pos"] }] },
      { none: [{ on: "order.metadata.gift", op: "exists", value: true }] },
      { on: "items", which: "any", where: socks },
      { on: "items", which: "cheapest", where: { on: "item.sku", op: "starts_with", value: "h" } },
      { on: "items.quantity", where: socks, op: "greater_or_equal", value: 5 },
    ],
  };
  expect(told(rule)).toEqual([
    "All of these: not met",
    "  The order amount is 54.00 EUR, at least 50.00 EUR was asked: met",
    "  At least one of these: not met",
    "    The sales channel is web, one of app, pos was asked: not met",
    "  None of these: met",
    '    The order\'s metadata "gift" is not given, a value was asked: not met',
    "  At least one line was asked to match, 1 did: met",
    "    Line 1: The item's categories are hats, one of socks was asked: not met",
    "    Line 2: The item's categories are socks, sale, one of socks was asked: met",
    "  The cheapest line was asked to match, none did: not met",
    "    The cheapest line: The item's SKU is sock, a text that starts with h was asked: not met",
    "  The number of matching items (1 line) is 3, at least 5 was asked (2 off): not met",
    "    Line 1: The item's categories are hats, one of socks was asked: not met",
    "    Line 2: The item's categories are socks, sale, one of socks was asked: met",
  ]);
});

const circle = { center: [13.405, 52.52], radius_m: 10_000 } as const;
const weekly = { start: "2026-01-05T18:00", duration_minutes: 60, every: "week" } as const;

it.each<[Leaf, string, string]>([
  [
    { on: "order.amount", op: "between", value: [1_000, 2_000] },
    "The order amount is 54.00 EUR, between 10.00 EUR and 20.00 EUR was asked (34.00 EUR off): not met",
    "The order amount is between 10.00 EUR and 20.00 EUR",
  ],
  [
    { on: "order.location", op: "within", value: circle },
    "The shopper's place is 52.52, 13.605, within 10.0 km of 52.52, 13.405 was asked (3.5 km off): not met",
    "The shopper's place is within 10.0 km of 52.52, 13.405",
  ],
  [
    { on: "customer.birthday", op: "within", value: { days_before: 7, days_after: 0 } },
    "The customer's birthday is 05-20, at most 7 days ahead or at most 0 days ago was asked: met",
    "The customer's birthday is at most 7 days ahead or at most 0 days ago",
  ],
  [
    { on: "time.recurring", op: "within", value: weekly },
    "The time is 2026-05-14 14:30, in a window of 60 minutes every week from 2026-01-05 18:00 was asked: not met",
    "The time is in a window of 60 minutes every week from 2026-01-05 18:00",
  ],
  [
    { on: "time.weekday", op: "none_of", value: [0, 6] },
    "The day of the week is Thursday, none of Sunday, Saturday was asked: met",
    "The day of the week is not one of Sunday, Saturday",
  ],
  [
    { on: "events.count", op: "multiple_of", value: 5, name: "visit", window_days: 30 },
    'The number of the customer\'s events "visit" in the last 30 days is 0, a multiple of 5 was asked (5 off): not met',
    'The number of the customer\'s events "visit" in the last 30 days is a multiple of 5',
  ],
  [
    { on: "customer.segments", op: "none_of", value: ["staff"] },
    "The customer's segments are empty, none of staff was asked: met",
    "The customer's segments include none of staff",
  ],
  [
    { on: "customer.is_new", op: "equals", value: true },
    "Being a new customer is no, yes was asked: not met",
    "The customer is new",
  ],
  [
    { on: "weather.rain", op: "equals", value: true },
    'This version does not know "weather.rain": not met',
    'The unknown "weather.rain" is yes',
  ],
])("tells %j", (leaf, narration, sentence) => {
  expect(told(leaf)).toEqual([narration]);
  expect(ruleSentence(leaf, "EUR")).toBe(sentence);
});

it("does not tell whom else a code is for", () => {
  expect(told({ on: "customer.identifier", op: "any_of", value: ["grace@example.com"] })).toEqual([
    "The customer is ada@example.com, certain customers were asked for: not met",
  ]);
});

it("reads a rule as one sentence", () => {
  const app: Leaf = { on: "order.channel", op: "equals", value: "app" };
  const large: Leaf = { on: "order.amount", op: "greater_than", value: 5_000 };
  expect(ruleSentence({ all: [large, { any: [app, { none: [app, large] }] }] }, "EUR")).toBe(
    "The order amount is more than 50.00 EUR and (the sales channel is app or " +
      "(neither the sales channel is app nor the order amount is more than 50.00 EUR))",
  );
  expect(ruleSentence({ none: [app] }, "EUR")).toBe("Not (the sales channel is app)");
  expect(ruleSentence({ on: "items", which: "all", where: socks }, "EUR")).toBe(
    "For every item the item's categories include one of socks",
  );
  expect(ruleSentence({ on: "items.weight", where: socks, op: "less_than", value: 2_000 }, "EUR")).toBe(
    "The weight of the items for which the item's categories include one of socks is less than 2000 g",
  );
});
