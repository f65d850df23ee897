/** Sound rules over all facts of customers, and trees that nobody means well. */
import fc from "fast-check";
import type { Operand, Operator, Rule } from "../../../api/domain/rules/rule.ts";
import { type FactType, operatorsOf, segmentFacts } from "../../../api/segments/rules/facts.ts";
import { anyNumber, anyScalar, eventNames, keys, lists, texts } from "./shoppers.ts";

const text = fc.constantFrom(...texts);
const small = fc.integer({ min: 0, max: 12 });
const day = fc.integer({ min: 1, max: 28 }).map((n) => `2026-05-${String(n).padStart(2, "0")}T12:00:00Z`);

const one: Readonly<Record<FactType, fc.Arbitrary<string | number | boolean>>> = {
  money: small.map((n) => n * 500),
  number: fc.oneof(small, fc.constantFrom(50, 100, 500)),
  decimal: fc.oneof(anyNumber, fc.constantFrom(0.5, 1_000)),
  text: fc.oneof(text, fc.constantFrom("EUR", "tea", "champions", "lost", "no orders", "000")),
  list: fc.oneof(text, fc.constant("tea")),
  boolean: fc.boolean(),
  scalar: anyScalar,
  instant: day,
  birthday: fc.constant(true),
};

function operandOf(op: Operator, type: FactType): fc.Arbitrary<Operand> {
  const ordering = op.startsWith("greater") || op.startsWith("less") || op === "between";
  const value = type === "scalar" && ordering ? anyNumber : one[type];
  switch (op) {
    case "exists":
      return fc.boolean();
    case "within":
      return fc.record({
        days_before: fc.integer({ min: 0, max: 180 }),
        days_after: fc.integer({ min: 0, max: 180 }),
      });
    case "matches":
      return fc.constantFrom("^g", "(?i)GOLD", "[a-h]+t$", "\\d{2}", "'", "^.$", "a.b", "\\\\", "(?s)a.b");
    case "starts_with":
    case "ends_with":
      return text;
    case "multiple_of":
      return fc.integer({ min: 1, max: 8 });
    case "between":
      return fc
        .uniqueArray(value, { minLength: 2, maxLength: 2 })
        .map((pair) => [...pair].sort((a, b) => (a < b ? -1 : 1)) as string[]);
    case "any_of":
    case "none_of":
    case "all_of":
      return type === "scalar"
        ? (fc.oneof(list(text), list(anyNumber)) as fc.Arbitrary<string[]>)
        : (list(value) as fc.Arbitrary<string[]>);
    default:
      return value;
  }
}

function list<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(value, { minLength: 1, maxLength: 3 });
}

const leaf: fc.Arbitrary<Rule> = fc.constantFrom(...segmentFacts).chain((fact) =>
  fc.constantFrom(...operatorsOf(fact.type)).chain((op) =>
    fc
      .record({
        value:
          fact.on === "customer.segments" && op !== "exists"
            ? (list(fc.constantFrom(...lists, "nobody's")) as fc.Arbitrary<Operand>)
            : operandOf(op, fact.type),
        key: fc.constantFrom(...keys),
        name: fc.constantFrom(...eventNames),
        days: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
      })
      .map(({ value, key, name, days }) => ({
        on: fact.keyed ? `${fact.on}${key}` : fact.on,
        op,
        value,
        ...(fact.named ? { name } : {}),
        ...(fact.windowed && days !== undefined ? { window_days: days } : {}),
      })),
  ),
);

/** Rules that `checkSegmentRules` has nothing against. */
export const soundTree: fc.Arbitrary<Rule> = fc.letrec<{ tree: Rule }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.record({ all: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ none: fc.array(tie("tree"), { minLength: 1, maxLength: 2 }) }),
  ),
})).tree;

const anything = fc.oneof(
  text,
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.double(),
  fc.constantFrom("__proto__", "customer.attributes.__proto__", "w.customer", "customer.orders_count FROM x", "1=1"),
);

const spoilt = fc
  .tuple(leaf, fc.constantFrom("on", "op", "value", "name", "window_days", "message"), anything, fc.boolean())
  .map(([sound, field, wrong, spoil]) => (spoil ? { ...sound, [field]: wrong } : sound));

/** Has the keys of a rule, and anything at all under them. */
export const wildTree: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    spoilt,
    fc.record(
      {
        on: fc.oneof(
          fc.constantFrom(...segmentFacts.map(({ on }) => on)),
          anything,
          anything.map((a) => `customer.attributes.${a}`),
        ),
        op: fc.oneof(fc.constantFrom("equals", "any_of", "matches", "exists", "greater_than", "within"), anything),
        value: fc.oneof(anything, fc.array(anything, { maxLength: 4 }), fc.boolean(), fc.object({ maxDepth: 1 })),
        name: anything,
        window_days: fc.oneof(fc.integer(), anything),
      },
      { requiredKeys: ["on"] },
    ),
    fc.record({ all: fc.array(tie("tree"), { maxLength: 3 }) }),
    fc.record({ any: fc.array(tie("tree"), { maxLength: 3 }) }),
    fc.record({ none: fc.array(tie("tree"), { maxLength: 3 }) }),
  ),
})).tree;
