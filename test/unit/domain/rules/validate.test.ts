import { describe, expect, it } from "vitest";
import { operatorsByType, paths } from "../../../../api/domain/rules/paths.ts";
import type { Leaf, Operand, Operator, Point, Rule } from "../../../../api/domain/rules/rule.ts";
import { checkRule } from "../../../../api/domain/rules/validate.ts";

const sound: Leaf = { on: "order.amount", op: "greater_or_equal", value: 5_000 };

const square: Point[] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];

function nested(depth: number): Rule {
  return depth === 1 ? sound : { all: [nested(depth - 1)] };
}

describe("a rule", () => {
  it("that is sound has no issues", () => {
    const rule: Rule = {
      all: [
        sound,
        { any: [{ on: "customer.tags.vip", op: "all_of", value: ["gold", "club"] }] },
        { none: [{ on: "items", which: "any", where: { on: "item.categories", op: "any_of", value: ["wine"] } }] },
        { on: "events.count", op: "multiple_of", value: 3, name: "visit", window_days: 30 },
        { on: "time.local", op: "between", value: ["22:00", "06:00"] },
        { on: "time.at", op: "between", value: ["2026-05-01T00:00:00Z", "2026-06-01T00:00:00+02:00"] },
        { on: "items.weight", where: { on: "item.sku", op: "matches", value: "^A" }, op: "less_than", value: 5_000 },
        { on: "order.location", op: "within", value: { polygon: square } },
        {
          on: "time.recurring",
          op: "within",
          value: {
            start: "2026-01-31T09:00",
            duration_minutes: 1,
            every: "month",
            interval: 2,
            until: "2027-01-01T00:00",
          },
        },
      ],
    };
    expect(checkRule(rule)).toEqual([]);
  });

  it("can be eight levels deep, not nine", () => {
    expect(checkRule(nested(8))).toEqual([]);
    expect(checkRule(nested(9))).toEqual([{ pointer: "/all/0".repeat(8), detail: "a rule is at most 8 levels deep" }]);
  });

  it("can have a hundred nodes, not one more", () => {
    expect(checkRule({ all: new Array<Rule>(99).fill(sound) })).toEqual([]);
    expect(checkRule({ all: new Array<Rule>(100).fill(sound) })).toMatchObject([{ pointer: "" }]);
  });

  it("of absurd depth is refused without exhausting the stack", () => {
    expect(checkRule(Array.from({ length: 5_000 }).reduce<Rule>((inner) => ({ all: [inner] }), sound))).toHaveLength(1);
  });

  it("names every issue with its place", () => {
    const rule: Rule = {
      all: [{ ...sound, on: "order.weight" }, { any: [] }, { none: [{ ...sound, value: "much" }] }],
    };
    expect(checkRule(rule)).toEqual([
      { pointer: "/all/0/on", detail: 'unknown path "order.weight"' },
      { pointer: "/all/1/any", detail: "needs at least one rule" },
      { pointer: "/all/2/none/0/value", detail: "must be a whole number" },
    ]);
  });
});

describe("item paths", () => {
  const onItem: Leaf = { on: "item.sku", op: "equals", value: "hat" };

  it("belong inside items, or into a reward's where", () => {
    expect(checkRule(onItem)).toMatchObject([{ pointer: "/on" }]);
    expect(checkRule({ on: "items", which: "any", where: onItem })).toEqual([]);
    expect(checkRule({ any: [onItem, sound] }, "item")).toEqual([]);
  });

  it("are asked of one item at a time: items do not nest", () => {
    const items: Rule = { on: "items", which: "any", where: onItem };
    expect(checkRule({ on: "items", which: "all", where: items })).toMatchObject([{ pointer: "/where/on" }]);
    expect(checkRule(items, "item")).toMatchObject([{ pointer: "/on" }]);
  });
});

it.each<[string, Leaf, string]>([
  ["no key", { on: "order.metadata.", op: "exists", value: true }, "/on"],
  ["too long a key", { on: `order.metadata.${"k".repeat(65)}`, op: "exists", value: true }, "/on"],
  ["an operator of another type", { on: "order.channel", op: "greater_than", value: 1 }, "/op"],
  ["equality of a list", { on: "item.categories", op: "equals", value: "wine" }, "/op"],
  ["a fraction of a cent", { ...sound, value: 0.5 }, "/value"],
  ["an absurd number", { ...sound, value: 1e300 }, "/value"],
  ["a single value to choose from", { on: "order.channel", op: "any_of", value: "web" }, "/value"],
  ["nothing to choose from", { on: "order.channel", op: "any_of", value: [] }, "/value"],
  ["numbers for texts", { on: "order.channel", op: "any_of", value: [1] }, "/value"],
  ["a range of one", { on: "order.amount", op: "between", value: [1] }, "/value"],
  ["a range backwards", { on: "order.amount", op: "between", value: [2, 1] }, "/value"],
  [
    "a window of time backwards",
    { on: "time.at", op: "between", value: ["2026-06-01T00:00:00Z", "2026-05-01T00:00:00Z"] },
    "/value",
  ],
  ["a date that is none", { on: "time.at", op: "less_than", value: "2026-02-30T00:00:00Z" }, "/value"],
  ["a time of day that is none", { on: "time.local", op: "less_than", value: "25:00" }, "/value"],
  ["an eighth day", { on: "time.weekday", op: "equals", value: 7 }, "/value"],
  ["multiples of nothing", { on: "order.quantity", op: "multiple_of", value: 0 }, "/value"],
  ["existence by degrees", { on: "order.channel", op: "exists", value: "yes" }, "/value"],
  ["an empty prefix", { on: "order.channel", op: "starts_with", value: "" }, "/value"],
  [
    "a list of different things",
    { on: "order.metadata.x", op: "any_of", value: ["a", 1] as unknown as Operand },
    "/value",
  ],
  ["an order of texts", { on: "order.metadata.x", op: "less_than", value: "a" }, "/value"],
  ["a key that reaches a prototype", { on: "order.metadata.__proto__", op: "exists", value: true }, "/on"],
  ["a pattern that cannot be read", { on: "order.channel", op: "matches", value: "a(" }, "/value"],
  ["a pattern that looks around", { on: "order.channel", op: "matches", value: "(?=a)" }, "/value"],
  ["a pattern too long", { on: "order.channel", op: "matches", value: "a".repeat(201) }, "/value"],
  ["a pattern that repeats too much", { on: "order.channel", op: "matches", value: "(a{30}){30}" }, "/value"],
  ["a pattern of a number", { on: "order.amount", op: "matches", value: "1" }, "/op"],
  ["a date that is none", { on: "time.date", op: "equals", value: "2026-02-29" }, "/value"],
  ["dates backwards", { on: "time.date", op: "between", value: ["2026-02-02", "2026-02-01"] }, "/value"],
  ["a place compared", { on: "order.location", op: "equals", value: [1, 2] }, "/op"],
  [
    "a window around no birthday",
    { on: "customer.birthday", op: "within", value: { center: [0, 0], radius_m: 5 } },
    "/value",
  ],
  ["a window where there is no history", { ...sound, window_days: 3 }, "/window_days"],
  ["a window of no days", { on: "customer.orders_count", op: "equals", value: 1, window_days: 0 }, "/window_days"],
  ["a name where none belongs", { ...sound, name: "visit" }, "/name"],
  ["events without their name", { on: "events.count", op: "equals", value: 1 }, "/name"],
])("refuses %s", (_what, leaf, pointer) => {
  const prefixed = leaf.on.startsWith("item.") ? ({ on: "items", which: "any", where: leaf } as const) : leaf;
  const place = prefixed === leaf ? pointer : `/where${pointer}`;
  expect(checkRule(prefixed)).toMatchObject([{ pointer: place }]);
});

describe("what is asked with within", () => {
  const tooMany = Array.from({ length: 201 }, (_, index): Point => [Math.cos(index) * 10, Math.sin(index) * 10]);
  it.each<[string, string, unknown, RegExp]>([
    ["order.location", "no radius", { center: [0, 0] }, /radius_m from 1/],
    ["order.location", "a radius of less than a metre", { center: [0, 0], radius_m: 0.5 }, /radius_m from 1/],
    ["order.location", "a radius around the world", { center: [0, 0], radius_m: 20_000_001 }, /radius_m from 1/],
    ["order.location", "a centre beyond the pole", { center: [0, 90.1], radius_m: 5 }, /\[lon, lat\]/],
    ["order.location", "latitude before longitude", { center: [52, 130], radius_m: 5 }, /\[lon, lat\]/],
    ["order.location", "no corners", { polygon: [] }, /at least 3/],
    [
      "order.location",
      "the same corner thrice",
      {
        polygon: [
          [0, 0],
          [0, 0],
          [1, 1],
          [0, 0],
        ],
      },
      /at least 3/,
    ],
    ["order.location", "201 corners", { polygon: tooMany }, /at most 200/],
    ["order.location", "a corner that is none", { polygon: [[0, 0], [1], [1, 1]] }, /\[lon, lat\]/],
    [
      "order.location",
      "a ring around the pole",
      {
        polygon: [
          [0, 80],
          [120, 80],
          [-120, 80],
        ],
      },
      /pole/,
    ],
    [
      "order.location",
      "an edge across half the world",
      {
        polygon: [
          [-90, 0],
          [90, 0],
          [0, 50],
        ],
      },
      /180 degrees/,
    ],
    ["customer.birthday", "half a day", { days_before: 0.5, days_after: 0 }, /0 to 180/],
    ["customer.birthday", "half a year", { days_before: 181, days_after: 0 }, /0 to 180/],
    ["customer.birthday", "one end", { days_before: 1 }, /0 to 180/],
    ["time.recurring", "no time", { start: "2026-01-01", duration_minutes: 5, every: "day" }, /start/],
    ["time.recurring", "no such day", { start: "2026-02-30T10:00", duration_minutes: 5, every: "day" }, /start/],
    ["time.recurring", "no length", { start: "2026-01-01T10:00", duration_minutes: 0, every: "day" }, /duration/],
    ["time.recurring", "an hourly one", { start: "2026-01-01T10:00", duration_minutes: 5, every: "hour" }, /every day/],
    [
      "time.recurring",
      "no step",
      { start: "2026-01-01T10:00", duration_minutes: 5, every: "day", interval: 0 },
      /interval/,
    ],
    [
      "time.recurring",
      "an end before the start",
      { start: "2026-01-01T10:00", duration_minutes: 5, every: "day", until: "2026-01-01T10:00" },
      /until/,
    ],
  ])("%s refuses %s", (on, _what, value, detail) => {
    const issues = checkRule({ on, op: "within", value: value as Operand });
    expect(issues).toEqual([{ pointer: "/value", detail: expect.stringMatching(detail) }]);
  });
});

describe("a sum", () => {
  const where: Leaf = { on: "item.sku", op: "equals", value: "hat" };

  it("takes the operators of numbers", () => {
    expect(checkRule({ on: "items.quantity", where, op: "matches", value: "1" })).toMatchObject([{ pointer: "/op" }]);
    expect(checkRule({ on: "items.amount", where, op: "between", value: [1, 2] })).toEqual([]);
  });

  it("names what is wrong with its operand and with its condition", () => {
    const rule: Rule = { on: "items.quantity", where: { ...where, value: 5 }, op: "equals", value: "two" };
    expect(checkRule(rule).map((issue) => issue.pointer)).toEqual(["/value", "/where/value"]);
  });

  it("does not nest", () => {
    const sum: Rule = { on: "items.quantity", where, op: "greater_than", value: 1 };
    expect(checkRule({ on: "items", which: "any", where: sum })).toMatchObject([{ pointer: "/where/on" }]);
    expect(checkRule(sum, "item")).toMatchObject([{ pointer: "/on" }]);
  });
});

it("accepts every path of the catalogue with every operator of its type", () => {
  const one: Readonly<Record<string, string | number | boolean>> = {
    text: "a",
    list: "a",
    boolean: true,
    instant: "2026-05-01T00:00:00Z",
    local_time: "09:00",
    date: "2026-05-01",
  };
  const windows: Readonly<Record<string, Operand>> = {
    location: { center: [13.4, 52.5], radius_m: 1_000 },
    birthday: { days_before: 7, days_after: 7 },
    recurring: { start: "2026-05-01T18:00", duration_minutes: 60, every: "week" },
  };
  const operand = (op: Operator, type: string): Operand => {
    const value = one[type] ?? 1;
    if (op === "exists") return true;
    if (op === "within") return windows[type] ?? 1;
    if (op === "matches") return "^a+$";
    if (op === "starts_with" || op === "ends_with") return "a";
    if (op === "between")
      return type === "instant" ? ["2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z"] : ([value, value] as string[]);
    return op === "any_of" || op === "none_of" || op === "all_of" ? ([value] as string[]) : value;
  };
  for (const { path, type, keyed, of } of paths) {
    for (const op of operatorsByType[type]) {
      const name = path === "events.count" ? { name: "visit" } : {};
      const leaf: Leaf = { on: keyed ? `${path}key` : path, op, value: operand(op, type), ...name };
      expect([leaf, checkRule(leaf, of === "item" ? "item" : "order")]).toEqual([leaf, []]);
    }
  }
});
