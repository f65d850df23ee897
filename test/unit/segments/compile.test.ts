import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupOf } from "../../../api/domain/rules/group.ts";
import type { Leaf, Rule } from "../../../api/domain/rules/rule.ts";
import { type Question, SegmentQuery } from "../../../api/segments/rules/compile.ts";
import { findFact } from "../../../api/segments/rules/facts.ts";
import { segmentRules } from "../../../api/segments/rules/schema.ts";
import { segmentSentence } from "../../../api/segments/rules/sentence.ts";
import { soundTree, wildTree } from "../../support/segments/trees.ts";

const rfm = { recency: [1], frequency: [1], monetary: new Map([["EUR", [1]]]) };

function compiled(rules: Rule): Question {
  const query = new SegmentQuery({ now: 1_700_000_000_000, rfm, staticSegments: new Map() });
  return query.matches([{ number: 1, rules }], { projectId: "prj", after: "", upto: "z", since: null });
}

/** The same tree with every text and number in it another one; what was different stays different. */
function disguised(rule: Rule): Rule {
  const group = groupOf(rule);
  if (group !== null) return { [group.op]: group.children.map(disguised) } as unknown as Rule;
  const leaf = rule as Leaf;
  const found = findFact(leaf.on);
  const value = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.map(value);
    if (typeof one === "string") return found?.fact.type === "instant" ? "2030-01-01T00:00:00Z" : `other ${one}`;
    if (typeof one === "number") return one + 1;
    if (typeof one === "object" && one !== null) return { days_before: 1, days_after: 1 };
    return one;
  };
  return {
    ...leaf,
    on: found?.fact.keyed ? `${found.fact.on}other ${found.key}` : leaf.on,
    value: value(leaf.value) as Leaf["value"],
    ...(leaf.name === undefined ? {} : { name: `other ${leaf.name}` }),
    ...(leaf.window_days === undefined ? {} : { window_days: leaf.window_days + 1_000 }),
  };
}

/** All that the text of a question consists of. */
const token =
  /\s+|[A-Za-z_][A-Za-z0-9_.]*|[0-9.]+|\{p\d+: [A-Za-z0-9]+(?:\([A-Za-z0-9(), ]+\))?\}|'[A-Za-z0-9_. ()]*'|->|[<>!]?=|[-+*%<>(),[\]]/g;

/** What is there besides; piece by piece, as a text that is wrong would be tried in endless ways to be cut. */
const strange = (query: string) => query.replaceAll(token, "");

describe("a segment's rules as SQL", () => {
  it("have the same text whatever texts and numbers are in them: 6,000 trees", () => {
    fc.assert(
      fc.property(soundTree, (rules) => {
        const { query, params } = compiled(rules);
        expect(compiled(disguised(rules)).query).toBe(query);
        expect(strange(query)).toBe("");
        expect((query.match(/(?<=\{)p\d+/g) ?? []).every((name) => name in params)).toBe(true);
        expect(segmentSentence(rules)).not.toBe("");
      }),
      { numRuns: 6_000, seed: 8, endOnFailure: true },
    );
  }, 60_000);

  it("are refused, not compiled, when they are none: 4,000 trees that only look like rules", () => {
    let sound = 0;
    fc.assert(
      fc.property(wildTree, (tree) => {
        const parsed = segmentRules.safeParse(tree);
        if (!parsed.success) return;
        sound += 1;
        expect(strange(compiled(parsed.data).query)).toBe("");
      }),
      { numRuns: 4_000, seed: 9, endOnFailure: true },
    );
    expect(sound).toBeGreaterThan(100);
  }, 60_000);
});

describe("a segment's rules read aloud", () => {
  it("say what they ask", () => {
    const rules: Rule = {
      all: [
        { on: "customer.currency", op: "equals", value: "EUR" },
        { on: "customer.orders_amount", op: "greater_or_equal", value: 5_000, window_days: 30 },
        {
          any: [
            { on: "customer.tags.tier", op: "any_of", value: ["gold"] },
            { on: "customer.consent.email", op: "equals", value: true },
          ],
        },
        { none: [{ on: "events.count", op: "greater_than", value: 2, name: "visit" }] },
      ],
    };
    expect(segmentSentence(rules)).toBe(
      'The currency the customer pays in is EUR and the sum of paid orders in the last 30 days is at least 50.00 EUR and (the customer\'s tag "tier" includes one of gold or consent to "email" is yes) and not (the number of events "visit" is more than 2)',
    );
    expect(segmentSentence({ on: "customer.discount_amount", op: "less_than", value: 100 })).toBe(
      "The sum of discounts is less than 100 minor units",
    );
  });
});
