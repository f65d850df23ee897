import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Condition, compile, leavesMax, type Seen } from "../../../api/risk/condition.ts";
import { conditionSchema, parseStoredCondition } from "../../../api/risk/condition-schema.ts";
import { conditionSentence } from "../../../api/risk/sentence.ts";
import { shippedRules } from "../../../api/risk/shipped-rules.ts";
import { anyCondition, anySeen } from "./conditions.ts";

const seen: Seen = { features: { device_shoppers_90d: 4 }, campaignIds: ["cam_a", "cam_m"], amount: 5000, channel: "" };
const meets = (condition: Condition) => compile(condition)(seen);

function faults(condition: unknown): [string, string][] {
  const parsed = conditionSchema.safeParse(condition);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => [path.join("/"), message]);
}

describe("a condition", () => {
  it.each([[[]], [null], [["a", 1]], [{}]])("says what it can be compared with: not %j", (value) => {
    expect(faults({ on: "campaign_id", op: "any_of", value })).toEqual([
      ["value", expect.stringMatching(/^Expected a number, a text of 1 to 200 characters, or a list/)],
    ]);
  });

  it("compares features, amounts, campaigns and channels", () => {
    expect(meets({ on: "device_shoppers_90d", op: "greater_or_equal", value: 4 })).toBe(true);
    expect(meets({ on: "device_shoppers_90d", op: "greater_than", value: 4 })).toBe(false);
    expect(meets({ on: "order.amount", op: "between", value: [5000, 6000] })).toBe(true);
    expect(meets({ on: "campaign_id", op: "equals", value: "cam_m" })).toBe(true);
    expect(meets({ on: "campaign_id", op: "none_of", value: ["cam_m"] })).toBe(false);
    expect(meets({ on: "order.channel", op: "not_equals", value: "web" })).toBe(true);
  });

  it("is not met by a feature that the vector does not have, whatever is asked of it", () => {
    expect(meets({ on: "code_burst", op: "less_than", value: 9 })).toBe(false);
    expect(meets({ on: "code_burst", op: "not_equals", value: 9 })).toBe(false);
    expect(meets({ on: "constructor", op: "not_equals", value: 9 })).toBe(false);
  });

  it("negates, joins and nests as logic has it", () => {
    fc.assert(
      fc.property(anyCondition, anyCondition, anySeen, (a, b, what) => {
        const met = (condition: Condition) => compile(condition)(what);
        expect(met({ none: [a] })).toBe(!met(a));
        expect(met({ all: [a, b] })).toBe(met(a) && met(b));
        expect(met({ any: [a, b] })).toBe(met(a) || met(b));
        expect(met({ none: [a, b] })).toBe(!met({ any: [a, b] }));
      }),
    );
  });

  it("comes back out of storage as it went in", () => {
    fc.assert(
      fc.property(anyCondition, (condition) => {
        expect(parseStoredCondition(JSON.parse(JSON.stringify(condition)))).toEqual(condition);
      }),
    );
  });

  it("names the leaf that is wrong, and what is wrong with it", () => {
    const leaf = { on: "device_shoppers_90d", op: "greater_or_equal", value: 4 };
    expect(faults({ all: [leaf, { any: [{ ...leaf, on: "no_such" }] }] })).toEqual([
      ["all/1/any/0/on", 'unknown feature "no_such"; GET /v1/risk/features lists what can be asked'],
    ]);
    expect(faults({ any: [{ ...leaf, value: "4" }] })).toEqual([["any/0/value", "greater_or_equal needs a number"]]);
    expect(faults({ ...leaf, op: "between", value: [3, 1] })[0]?.[0]).toBe("value");
    expect(faults({ on: "order.channel", op: "greater_than", value: "web" })[0]).toEqual([
      "op",
      "order.channel can be asked with equals, not_equals, any_of, none_of",
    ]);
    expect(faults({ on: "campaign_id", op: "any_of", value: [1] })).toEqual([
      ["value", "any_of needs a list of texts"],
    ]);
    expect(faults({ all: [] })[0]?.[0]).toBe("all");
    expect(faults({ all: [leaf], any: [leaf] }).length).toBeGreaterThan(0);
    expect(faults(7)).toEqual([["", "must be a condition object"]]);
  });

  it("is bounded in leaves and in depth, without being read to its bottom", () => {
    const leaf = { on: "order.amount", op: "equals", value: 1 };
    expect(faults({ all: Array(leavesMax).fill(leaf) })).toEqual([]);
    expect(faults({ all: Array(leavesMax + 1).fill(leaf) })).toEqual([["", "a condition has at most 20 leaves"]]);
    let deep: object = leaf;
    for (let level = 0; level < 10_000; level += 1) deep = { all: [deep] };
    expect(faults(deep)).toEqual([["", "a condition is at most 5 levels deep"]]);
  });
});

describe("the shipped rules", () => {
  it("ask only for what there is, flag only, and have ids of their own", () => {
    for (const { id, when, floor, status, weight } of shippedRules) {
      expect([id, faults(when)]).toEqual([id, []]);
      expect({ id, floor, status }).toEqual({ id, floor: "flag", status: "enabled" });
      expect(weight).toBeLessThan(0.99);
    }
    expect(new Set(shippedRules.map(({ id }) => id)).size).toBe(shippedRules.length);
  });

  it("do not fire on an attempt of which nothing is known", () => {
    const nothing = Object.fromEntries(
      shippedRules.flatMap(({ when }) => [...JSON.stringify(when).matchAll(/"on":"(\w+)"/g)].map(([, on]) => [on, 0])),
    );
    const quiet: Seen = { features: { ...nothing, account_age_days: 30 }, campaignIds: [], amount: 1, channel: "" };
    expect(shippedRules.filter(({ when }) => compile(when)(quiet)).map(({ id }) => id)).toEqual([]);
  });
});

describe("a sentence", () => {
  it("reads like what the condition says", () => {
    expect(
      conditionSentence({
        all: [
          { on: "device_shoppers_90d", op: "greater_or_equal", value: 4 },
          {
            any: [
              { on: "order.amount", op: "less_than", value: 5000 },
              { on: "code_burst", op: "greater_than", value: Math.log(8) },
            ],
          },
          { none: [{ on: "campaign_id", op: "any_of", value: ["cam_a", "cam_b"] }] },
        ],
      }),
    ).toBe(
      "Customers on this device in the last 90 days: at least 4, and (order amount: less than 50.00, or redemptions of this code in the last hour: more than 8 times the usual), and not (campaign: one of cam_a, cam_b)",
    );
  });

  it("says so of a feature that is no more", () => {
    expect(conditionSentence({ on: "gone", op: "equals", value: 1 })).toBe("The unknown feature gone: 1");
  });
});
