/** Sound rules of every kind, contexts for them, and things that only look like rules. */
import fc from "fast-check";
import type { CustomerFacts, OrderItem } from "../../../../api/domain/facts.ts";
import { operatorsByType, type PathType, paths, type RuleContext } from "../../../../api/domain/rules/paths.ts";
import type { Operand, Operator, Rule, SumRule } from "../../../../api/domain/rules/rule.ts";
import { sumTypes } from "../../../../api/domain/rules/sums.ts";
import { customer, item, order } from "../builders.ts";
import { context } from "./context.ts";

const words = ["web", "hat", "shoes", "gold", "EUR", "a"];
const word = fc.constantFrom(...words);
const small = fc.integer({ min: 0, max: 12 }).map((n) => n * 500);
const day = fc.integer({ min: 1, max: 28 }).map((n) => `2026-05-${String(n).padStart(2, "0")}`);
const clock = fc.integer({ min: 0, max: 23 }).map((n) => `${String(n).padStart(2, "0")}:30`);
const lon = fc.integer({ min: -180, max: 180 });
const lat = fc.integer({ min: -90, max: 90 });

const one: Readonly<Record<PathType, fc.Arbitrary<string | number | boolean>>> = {
  money: small,
  number: fc.integer({ min: 0, max: 6 }),
  weight: small,
  text: word,
  list: word,
  boolean: fc.boolean(),
  scalar: fc.oneof(word, small, fc.boolean()),
  instant: day.map((text) => `${text}T12:00:00Z`),
  date: day,
  local_time: clock,
  weekday: fc.integer({ min: 0, max: 6 }),
  location: fc.constant(true),
  birthday: fc.constant(true),
  recurring: fc.constant(true),
};

const windows: Readonly<Partial<Record<PathType, fc.Arbitrary<Operand>>>> = {
  location: fc.oneof(
    fc.record({ center: fc.tuple(lon, lat), radius_m: fc.integer({ min: 1, max: 20_000_000 }) }),
    fc
      .tuple(fc.integer({ min: -180, max: 80 }), fc.integer({ min: -90, max: 0 }), fc.integer({ min: 1, max: 90 }))
      .map(([x, y, size]) => ({
        polygon: [[x, y] as const, [x + size, y] as const, [x + size, y + size] as const, [x, y + size] as const],
      })),
  ),
  birthday: fc.record({ days_before: fc.integer({ min: 0, max: 180 }), days_after: fc.integer({ min: 0, max: 180 }) }),
  recurring: fc.record(
    {
      start: fc.tuple(day, clock).map((parts) => parts.join("T")),
      duration_minutes: fc.integer({ min: 1, max: 525_600 }),
      every: fc.constantFrom("day" as const, "week" as const, "month" as const, "year" as const),
      interval: fc.integer({ min: 1, max: 1_000 }),
      until: fc.constant("2027-01-01T00:00"),
    },
    { requiredKeys: ["start", "duration_minutes", "every"] },
  ),
};

function operandOf(op: Operator, type: PathType): fc.Arbitrary<Operand> {
  const ordering = op.startsWith("greater") || op.startsWith("less") || op === "between";
  const value = type === "scalar" && ordering ? small : one[type];
  switch (op) {
    case "exists":
      return fc.boolean();
    case "within":
      return windows[type] ?? fc.constant(true);
    case "matches":
      return fc.constantFrom("^w", "(?i)GOLD", "[a-h]+t$", "\\d{2}");
    case "starts_with":
    case "ends_with":
      return word;
    case "multiple_of":
      return fc.integer({ min: 1, max: 1_000 });
    case "between":
      return fc.uniqueArray(value, { minLength: 2, maxLength: 2 }).map((pair) => [...pair].sort(byOrder) as string[]);
    case "any_of":
    case "none_of":
    case "all_of":
      return fc.array(type === "scalar" ? word : value, { minLength: 1, maxLength: 3 }) as fc.Arbitrary<string[]>;
    default:
      return value;
  }
}

function byOrder(a: string | number | boolean, b: string | number | boolean): number {
  return a < b ? -1 : 1;
}

const worded = fc.record(
  { message: fc.constant("Not yet"), messages: fc.constant({ de: "Noch nicht", "pt-BR": "Ainda não" }) },
  { requiredKeys: [] },
);

function leafOn(of: "item" | "elsewhere"): fc.Arbitrary<Rule> {
  const askable = paths.filter((entry) => (entry.of === "item") === (of === "item"));
  return fc.constantFrom(...askable).chain(({ path, type, keyed, history }) =>
    fc.constantFrom(...operatorsByType[type]).chain((op) =>
      fc
        .record({
          value: operandOf(op, type),
          key: word,
          days: fc.option(fc.integer({ min: 1, max: 90 }), { nil: undefined }),
          more: worded,
        })
        .map(({ value, key, days, more }) => ({
          on: keyed ? `${path}${key}` : path,
          op,
          value,
          ...(path === "events.count" ? { name: key } : {}),
          ...(history && days !== undefined ? { window_days: days } : {}),
          ...more,
        })),
    ),
  );
}

function treeOf(leaf: fc.Arbitrary<Rule>, maxDepth: number): fc.Arbitrary<Rule> {
  return fc.letrec<{ tree: Rule }>((tie) => ({
    tree: fc.oneof(
      { maxDepth, withCrossShrink: true },
      leaf,
      fc.record({ all: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }) }),
      fc.record({ any: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }) }),
      fc.record({ none: fc.array(tie("tree"), { minLength: 1, maxLength: 2 }) }),
    ),
  })).tree;
}

const where = treeOf(fc.oneof({ weight: 4, arbitrary: leafOn("item") }, leafOn("elsewhere")), 1);

const ofItems: fc.Arbitrary<Rule> = fc
  .tuple(fc.constantFrom("any", "all", "none", "cheapest", "most_expensive"), where, worded)
  .map(([which, asked, more]) => ({ on: "items", which, where: asked, ...more }));

const ofSums: fc.Arbitrary<Rule> = fc
  .constantFrom(...(Object.keys(sumTypes) as SumRule["on"][]))
  .chain((on) =>
    fc
      .constantFrom(...operatorsByType[sumTypes[on]])
      .chain((op) =>
        fc
          .tuple(operandOf(op, sumTypes[on]), where, worded)
          .map(([value, asked, more]): Rule => ({ on, where: asked, op, value, ...more })),
      ),
  );

/** Rules that `checkRule` has nothing against. */
export const soundRule: fc.Arbitrary<Rule> = treeOf(
  fc.oneof({ weight: 3, arbitrary: leafOn("elsewhere") }, ofItems, ofSums),
  3,
);

const attributes = fc.dictionary(word, fc.oneof(word, small, fc.boolean()), { maxKeys: 3 });

const line: fc.Arbitrary<OrderItem> = fc
  .record({
    sku: word,
    productId: fc.option(word),
    name: fc.option(word),
    quantity: fc.integer({ min: 1, max: 4 }),
    unitAmount: small,
    weight: fc.option(small),
    categories: fc.subarray(words),
    attributes,
  })
  .map((change) => item(change));

const person: fc.Arbitrary<CustomerFacts> = fc
  .record({
    attributes,
    metadata: attributes,
    tags: fc.dictionary(word, fc.subarray(words), { maxKeys: 2 }),
    isNew: fc.boolean(),
    segments: fc.subarray(words),
    points: fc.integer({ min: 0, max: 6 }),
    birthday: fc.option(day),
    createdAt: fc.option(fc.integer({ min: Date.UTC(2026, 4, 1), max: Date.UTC(2026, 4, 14) })),
  })
  .map((change) => customer(change));

export const anyContext: fc.Arbitrary<RuleContext> = fc
  .record({
    items: fc.array(line, { maxLength: 4 }),
    shippingAmount: small,
    channel: fc.option(word),
    location: fc.option(fc.record({ lat, lon })),
    metadata: attributes,
    customer: fc.option(person),
    localDate: day,
    localTime: clock,
    localWeekday: fc.integer({ min: 0, max: 6 }),
    languages: fc.subarray(["de-AT", "pt-BR", "en"]),
  })
  .map(({ items, shippingAmount, channel, location, metadata, ...rest }) =>
    context({ order: order({ items, shippingAmount, channel, location, metadata }), ...rest }),
  );

/** What somebody might send who wants to hurt. */
const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -0,
    1e308,
    "",
    "\u0000",
    "\ud800",
    "(".repeat(200),
    "(a+)+".repeat(30),
    "[\\pL]{500}",
    "9".repeat(500),
    { center: [Number.NaN, 0], radius_m: 1e9 },
    { center: "0,0", radius_m: -1 },
    { polygon: "square" },
    { polygon: [[0, 0], [], ["a", 1]] },
    { polygon: new Array(300).fill([0, 0]) },
    { days_before: -1e9, days_after: 1e9 },
    { start: "9999-99-99T99:99", duration_minutes: 1e15, every: "century", interval: 0 },
    { start: "0000-01-01T00:00", duration_minutes: 1, every: "month", interval: -1 },
    new Array(1_000).fill("a"),
    [[[[]]]],
  ),
);

const someKey = fc.constantFrom(
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "valueOf",
  "then",
  "which",
  "where",
);
const someOn = fc.oneof(
  fc.constantFrom("items", "items.amount", "items.secret", "order.metadata.__proto__", "customer.tags.constructor", ""),
  fc.constantFrom(...paths).map(({ path }) => path),
  fc.string({ maxLength: 300 }),
);

export const hostileTree: fc.Arbitrary<unknown> = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6 },
    fc.record({ on: someOn, op: fc.constantFrom(...operatorsByType.scalar, "within", "eval"), value: junk }),
    junk,
    soundRule,
    fc.record(
      {
        all: fc.oneof(fc.array(tie("tree"), { maxLength: 4 }), junk),
        any: fc.array(tie("tree"), { maxLength: 4 }),
        none: fc.array(tie("tree"), { maxLength: 4 }),
        where: tie("tree"),
        on: someOn,
        which: fc.constantFrom("any", "all", "none", "__proto__"),
        op: fc.constantFrom("equals", "within", "matches"),
        value: junk,
        message: junk,
        messages: fc.dictionary(someKey, junk),
        window_days: junk,
      },
      { requiredKeys: [] },
    ),
    fc
      .tuple(someKey, tie("tree"))
      .map(([key, inner]) => JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(inner ?? 1)}}`)),
  ),
})).tree;
