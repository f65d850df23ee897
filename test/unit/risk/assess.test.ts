import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Assessed, assess, combined, reassess } from "../../../api/risk/assess.ts";
import { readyConfig, type StoredPolicy } from "../../../api/risk/config.ts";
import type { RuleDefinition } from "../../../api/risk/rule.ts";
import { shippedRules } from "../../../api/risk/shipped-rules.ts";
import { flagThreshold } from "../../../models/serving.ts";

const disabled: RuleDefinition[] = shippedRules.map((rule) => ({ ...rule, status: "disabled" }));

function rule(given: Partial<RuleDefinition>): RuleDefinition {
  return {
    id: "rul_a",
    name: "A",
    status: "enabled",
    when: { on: "device_shoppers_90d", op: "greater_or_equal", value: 4 },
    weight: 0.5,
    floor: null,
    ...given,
  };
}

function policy(given: Partial<StoredPolicy>): StoredPolicy {
  return { scope: "", status: "live", flag: 0.99, hold: null, reject: null, holdSeconds: 3600, ...given };
}

function attempt(given: Partial<Assessed> & { score?: number | null }): Assessed {
  const { score = null, ...rest } = given;
  const reasons = score === null ? [] : [{ feature: "codes_count", value: 2, contribution: score, text: "Codes: 2." }];
  return {
    model: { score, model: score === null ? null : "risk@1", features: null, reasons },
    features: { device_shoppers_90d: 5 },
    campaigns: [{ id: "cam_sub", parentId: "cam_main" }],
    amount: 5000,
    channel: "web",
    ceiling: "reject",
    ...rest,
  };
}

function judge(given: Parameters<typeof attempt>[0], rules: RuleDefinition[], policies: StoredPolicy[] = []) {
  return assess(attempt(given), readyConfig(1, [...disabled, ...rules], policies));
}

describe("the combined score", () => {
  it("is the model's where no rule fires, the rules' where there is no model, and null where neither speaks", () => {
    expect(combined(0.3, [])).toBe(0.3);
    expect(combined(null, [])).toBeNull();
    expect(combined(null, [{ weight: 0 }])).toBeNull();
    expect(combined(null, [{ weight: 0.5 }, { weight: 0.5 }])).toBeCloseTo(0.75, 12);
    expect(combined(0.5, [{ weight: 0.5 }])).toBeCloseTo(0.75, 12);
  });

  const weight = fc.double({ min: 0, max: 0.99, noNaN: true });
  const share = fc.double({ min: 0, max: 1, noNaN: true });

  it("stays in its range, and never falls when a rule joins or the model's score grows", () => {
    fc.assert(
      fc.property(share, share, fc.array(weight, { maxLength: 20 }), weight, (a, b, weights, another) => {
        const fired = weights.map((one) => ({ weight: one }));
        const score = combined(Math.min(a, b), fired) ?? 0;
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
        expect(combined(Math.max(a, b), fired) ?? 0).toBeGreaterThanOrEqual(score - 1e-12);
        expect(combined(Math.min(a, b), [...fired, { weight: another }]) ?? 0).toBeGreaterThanOrEqual(score - 1e-12);
      }),
    );
  });

  it("is the sum of what its reasons contribute", () => {
    fc.assert(
      fc.property(
        fc.option(share, { nil: null }),
        fc.array(weight, { minLength: 1, maxLength: 8 }),
        (score, weights) => {
          const rules = weights.map((one, at) => rule({ id: `rul_${at}`, weight: one, floor: "flag" }));
          const made = judge({ score }, rules);
          const sum = made.reasons.reduce((total, reason) => total + reason.contribution, 0);
          expect(sum).toBeCloseTo(made.score ?? 0, 9);
          expect(made.rules).toHaveLength(rules.length);
        },
      ),
    );
  });

  it("keeps the sum when the model has more reasons than are kept", () => {
    const reasons = Array.from({ length: 40 }, (_, at) => ({
      feature: `f${at}`,
      value: at,
      contribution: 0.02,
      text: `F${at}.`,
    }));
    const given = attempt({ model: { score: 0.8, model: "risk@1", features: null, reasons } });
    const config = readyConfig(1, [...disabled, rule({})], []);
    const made = assess(given, config);
    expect(made.reasons.length).toBeLessThanOrEqual(14);
    expect(made.reasons.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(made.score ?? 0, 9);
    expect(reassess(made, config)).toEqual(made);
  });
});

describe("what follows from a score", () => {
  it("is at most a flag while nobody has set a threshold, however sure the score", () => {
    expect(judge({ score: 1 }, []).action).toBe("flag");
    expect(judge({ score: flagThreshold - 0.01 }, []).action).toBe("allow");
    expect(judge({ score: null }, [rule({ floor: "flag", weight: 0 })]).action).toBe("flag");
    expect(judge({ score: null }, [rule({ weight: 0.5 })]).action).toBe("allow");
  });

  it("goes by the nearest policy: the sub-campaign's, the main campaign's, the project's", () => {
    const project = policy({ reject: 0.5 });
    const main = policy({ scope: "cam_main", hold: 0.5 });
    const sub = policy({ scope: "cam_sub", flag: 0.5 });
    const score = 0.6;
    expect(judge({ score }, [], [project]).action).toBe("reject");
    expect(judge({ score }, [], [project, main])).toMatchObject({ action: "hold", hold_seconds: 3600 });
    expect(judge({ score }, [], [project, main, sub]).action).toBe("flag");
    expect(judge({ score, campaigns: [] }, [], [project, main, sub]).action).toBe("reject");
  });

  it("is the strictest of several campaigns', and the shortest of several holds", () => {
    const campaigns = [
      { id: "a", parentId: "m" },
      { id: "b", parentId: "m" },
    ];
    const holds = [policy({ scope: "a", hold: 0.5, holdSeconds: 900 }), policy({ scope: "b", hold: 0.6 })];
    expect(judge({ score: 0.7, campaigns }, [], holds)).toMatchObject({ action: "hold", hold_seconds: 900 });
    const both = [policy({ scope: "a", hold: 0.5 }), policy({ scope: "b", reject: 0.6 })];
    expect(judge({ score: 0.7, campaigns }, [], both).action).toBe("reject");
  });

  it("is at most a flag for an attempt that is refused anyway", () => {
    expect(judge({ score: 1, ceiling: "flag" }, [], [policy({ reject: 0.5 })]).action).toBe("flag");
  });
});

describe("what is in shadow", () => {
  it("changes nothing, and says what it would have done", () => {
    const shadow = [rule({ id: "rul_s", status: "shadow", weight: 0.9 })];
    const policies = [policy({}), policy({ status: "shadow", reject: 0.9 })];
    const made = judge({ score: 0.5 }, shadow, policies);
    expect(made).toMatchObject({ score: 0.5, action: "allow", rules: [] });
    expect(made.shadow).toMatchObject({ action: "reject", rules: ["rul_s"] });
    expect(made.shadow?.score).toBeCloseTo(0.95, 12);
  });

  it("is silent where none of it speaks", () => {
    const shadow = [rule({ status: "shadow", when: { on: "device_shoppers_90d", op: "greater_than", value: 99 } })];
    expect(judge({ score: 0.5 }, shadow).shadow).toBeNull();
    const elsewhere = policy({ scope: "cam_other", status: "shadow", reject: 0.1 });
    expect(judge({ score: 0.5 }, [], [elsewhere]).shadow).toBeNull();
  });

  it("says allow where a policy in shadow would let something pass", () => {
    const policies = [policy({ reject: 0.4 }), policy({ status: "shadow", reject: 0.9 })];
    expect(judge({ score: 0.5 }, [], policies)).toMatchObject({ action: "reject", shadow: { action: "allow" } });
  });
});

describe("an assessment", () => {
  it("can be made again from what is stored of it, to the last digit", () => {
    const config = readyConfig(
      7,
      [...disabled, rule({}), rule({ id: "rul_b", weight: 0.3 }), rule({ id: "rul_s", status: "shadow" })],
      [policy({ hold: 0.6 }), policy({ status: "shadow", reject: 0.8 })],
    );
    const made = assess(attempt({ score: 0.321 }), config);
    const stored = JSON.parse(JSON.stringify(made));
    expect(reassess(stored, config)).toEqual(made);
    expect(made.rules).toEqual(["rul_a", "rul_b"]);
  });

  it("does without features: then no rule fires", () => {
    expect(judge({ score: null, features: null }, [rule({ floor: "flag" })])).toMatchObject({
      score: null,
      action: "allow",
      rules: [],
    });
  });

  it("says a rule's part in words", () => {
    const { reasons } = judge({ score: null }, [rule({ name: "Crowded device" })]);
    expect(reasons).toEqual([
      {
        feature: "rule:rul_a",
        value: 1,
        contribution: 0.5,
        text: "Crowded device: Customers on this device in the last 90 days: at least 4.",
      },
    ]);
  });
});
