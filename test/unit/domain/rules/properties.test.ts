import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rulesSchema } from "../../../../api/campaigns/rule-schema.ts";
import { evaluate } from "../../../../api/domain/rules/evaluate.ts";
import { explain } from "../../../../api/domain/rules/explain.ts";
import { historyQueries } from "../../../../api/domain/rules/history.ts";
import { isMet } from "../../../../api/domain/rules/is-met.ts";
import { narrate } from "../../../../api/domain/rules/narrate.ts";
import type { RuleContext } from "../../../../api/domain/rules/paths.ts";
import type { Rule } from "../../../../api/domain/rules/rule.ts";
import { ruleSentence } from "../../../../api/domain/rules/sentence.ts";
import { checkRule } from "../../../../api/domain/rules/validate.ts";
import { anyContext, hostileTree, soundRule } from "./arbitrary.ts";
import { context } from "./context.ts";

function reasonsOf(rule: Rule, seen: RuleContext) {
  const about = { currency: "EUR", hasCustomer: seen.customer !== null, languages: seen.languages };
  return explain(rule, evaluate(rule, seen), "campaign.rules", about);
}

/** Thousands of runs each; slow only where the machine is busy with other things. */
const patient = { timeout: 180_000 };

describe("any sound rule", patient, () => {
  it("is sound", () => {
    fc.assert(
      fc.property(soundRule, (rule) => {
        expect(checkRule(rule)).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it("survives being parsed, printed and parsed again, to the letter", () => {
    fc.assert(
      fc.property(soundRule, (rule) => {
        const parsed = rulesSchema.parse(rule);
        expect(JSON.stringify(parsed)).toBe(JSON.stringify(rule));
        expect(rulesSchema.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
      }),
      { numRuns: 500 },
    );
  });

  it("is met with a trace exactly when it is met without", () => {
    fc.assert(
      fc.property(soundRule, anyContext, (rule, seen) => {
        expect(isMet(rule, seen)).toBe(evaluate(rule, seen).met);
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives the same trace again, and to a copy of it", () => {
    fc.assert(
      fc.property(soundRule, anyContext, (rule, seen) => {
        const trace = evaluate(rule, seen);
        expect(evaluate(rule, seen)).toEqual(trace);
        expect(evaluate(structuredClone(rule), structuredClone(seen))).toEqual(trace);
      }),
      { numRuns: 300 },
    );
  });

  it("has reasons exactly when it is not met, each with words", () => {
    fc.assert(
      fc.property(soundRule, anyContext, (rule, seen) => {
        const reasons = reasonsOf(rule, seen);
        expect(reasons.length > 0).toBe(!isMet(rule, seen));
        for (const { message } of reasons) expect(message).not.toMatch(/undefined|null|NaN|\[object/);
      }),
      { numRuns: 1_000 },
    );
  });

  it("can be read aloud, before and after it was asked", () => {
    fc.assert(
      fc.property(soundRule, anyContext, (rule, seen) => {
        const told = JSON.stringify([ruleSentence(rule, "EUR"), narrate(evaluate(rule, seen), "EUR")]);
        expect(told).not.toMatch(/undefined|null|NaN|\[object|\s{2}/);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("what only looks like a rule", patient, () => {
  it("is refused or is a rule, whatever it is: nothing throws", () => {
    const seen = context();
    fc.assert(
      fc.property(hostileTree, (tree) => {
        const parsed = rulesSchema.safeParse(tree);
        if (!parsed.success) return;
        const trace = evaluate(parsed.data, seen);
        expect(isMet(parsed.data, seen)).toBe(trace.met);
        expect(narrate(trace, "EUR").met).toBe(trace.met);
        expect(reasonsOf(parsed.data, seen).length > 0).toBe(!trace.met);
        expect(historyQueries(parsed.data).length).toBeLessThanOrEqual(100);
        expect(ruleSentence(parsed.data, "EUR")).not.toBe("");
      }),
      { numRuns: 10_000 },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it("is judged by the domain alone without throwing, whatever stands where an area should", () => {
    fc.assert(
      fc.property(hostileTree, (tree) => {
        const leaf = { on: "order.location", op: "within", value: tree } as unknown as Rule;
        const issues = checkRule(leaf);
        expect(issues.length === 0 ? typeof isMet(leaf, context()) : issues[0]?.pointer).toMatch(/^(boolean|\/value)$/);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["groups", (inner: unknown) => ({ all: [inner] })],
    ["items", (inner: unknown) => ({ on: "items", which: "any", where: inner })],
  ])("nested a hundred thousand levels deep in %s is refused at once", (_what, wrap) => {
    let tree: unknown = { on: "order.amount", op: "equals", value: 1 };
    for (let level = 0; level < 100_000; level += 1) tree = wrap(tree);
    const parsed = rulesSchema.safeParse(tree);
    expect(parsed.error?.issues.map((issue) => issue.message)).toEqual(["a rule is at most 8 levels deep"]);
  });

  it("with thousands of children is refused at once", () => {
    const leaf = { on: "order.amount", op: "equals", value: 1 };
    const parsed = rulesSchema.safeParse({ any: new Array(50_000).fill(leaf) });
    expect(parsed.error?.issues.map((issue) => issue.message)).toEqual(["a rule has at most 100 nodes"]);
  });

  it.each<[string, unknown, (string | number)[]]>([
    ["no object", [], []],
    ["an unknown field", { on: "order.amount", op: "equals", value: 1, valeu: 2 }, []],
    [
      "a foreign prototype",
      JSON.parse('{"all":[{"on":"order.amount","op":"equals","value":1}],"__proto__":{"x":1}}'),
      [],
    ],
    [
      "a wrong corner",
      {
        all: [
          {
            on: "order.location",
            op: "within",
            value: {
              polygon: [
                [0, 0],
                [1, 95],
                [1, 1],
              ],
            },
          },
        ],
      },
      ["all", 0, "value", "polygon", 1, 1],
    ],
    [
      "a wrong radius",
      { on: "order.location", op: "within", value: { center: [0, 0], radius_m: 0 } },
      ["value", "radius_m"],
    ],
    [
      "a wrong window",
      { on: "customer.birthday", op: "within", value: { days_before: 1, days_after: 500 } },
      ["value", "days_after"],
    ],
    [
      "a wrong rhythm",
      { on: "time.recurring", op: "within", value: { start: "2026-01-01T00:00", duration_minutes: 5, every: "hour" } },
      ["value", "every"],
    ],
    [
      "a language that is none",
      { on: "order.amount", op: "equals", value: 1, messages: { "": "x" } },
      ["messages", ""],
    ],
    ["an empty translation", { on: "order.amount", op: "equals", value: 1, messages: { de: "" } }, ["messages", "de"]],
    [
      "an unknown sum",
      { on: "items.price", where: { on: "item.sku", op: "exists", value: true }, op: "equals", value: 1 },
      ["on"],
    ],
    [
      "a sum's condition",
      { on: "items.amount", where: { on: "item.sku", op: "equals", value: 5 }, op: "equals", value: 1 },
      ["where", "value"],
    ],
  ])("names the place of %s", (_what, tree, path) => {
    expect(rulesSchema.safeParse(tree).error?.issues.map((issue) => issue.path)).toEqual([path]);
  });
});
