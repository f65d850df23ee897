/** What a manager's form holds is what the API stores: read back and written again, nothing is lost or changed. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { rewardsSchema } from "../../../api/campaigns/reward-schema.ts";
import { rulesSchema } from "../../../api/campaigns/rule-schema.ts";
import { type CampaignWire, createCampaignBody } from "../../../api/campaigns/schemas.ts";
import { readCampaign, writeCampaign } from "../../../api/console/campaigns/campaign-fields.ts";
import { readRewards, writeRewards } from "../../../api/console/campaigns/reward-fields.ts";
import { checkNames, partsOf, withoutPart } from "../../../api/console/rules/nested.ts";
import { readSlot, ruleField, writeSlot } from "../../../api/console/rules/read-rule.ts";
import { step } from "../../../api/console/rules/steps.ts";
import type { Reward } from "../../../api/domain/rewards/reward.ts";
import { rewardSentence } from "../../../api/domain/rewards/sentence.ts";
import { groupOf } from "../../../api/domain/rules/group.ts";
import { operatorsByType, paths } from "../../../api/domain/rules/paths.ts";
import type { Operator, Rule } from "../../../api/domain/rules/rule.ts";

const setting = { currency: "EUR", timeZone: "Europe/Berlin" };

/** The examples of a page of the docs. */
function documented(page: string, key: string): unknown[] {
  const text = readFileSync(new URL(`../../../docs/${page}`, import.meta.url), "utf8");
  return [...text.matchAll(/```json\n([\s\S]*?)```/g)].flatMap(([, json = ""]) => {
    const block = JSON.parse(json) as Record<string, unknown>;
    return block[key] === undefined ? [] : [block[key]];
  });
}

/** A slot keeps its conditions in a group. */
const grouped = (rule: Rule): Rule => (groupOf(rule) === null ? { all: [rule] } : rule);

function withGroups(rule: Rule): unknown {
  const group = groupOf(rule);
  if (group !== null) return { [group.op]: group.children.map(withGroups) };
  return "where" in rule ? { ...rule, where: withGroups(grouped(rule.where)) } : rule;
}

/** The same instant, as our own clock would write it. */
function plainInstants(rule: unknown): unknown {
  const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*(Z|[+-]\d\d:\d\d)$/;
  const plain = (_key: string, value: unknown) =>
    typeof value === "string" && instant.test(value) ? new Date(value).toISOString() : value;
  return JSON.parse(JSON.stringify(rule, plain));
}

describe("rules", () => {
  const rules = documented("rules.md", "rule").map((rule) => rulesSchema.parse(rule));

  it("of the documentation are all told by a form", () => {
    expect(rules.length).toBeGreaterThan(20);
    for (const rule of rules) {
      const read = readSlot(writeSlot(rule, "rules", setting), "rules", setting);
      expect(plainInstants(rulesSchema.parse(read))).toEqual(plainInstants(withGroups(grouped(rule))));
    }
  });

  const samples: Readonly<Record<string, unknown>> = {
    text: "a, b",
    scalar: "x",
    list: "x",
    money: 1_250,
    number: 3,
    weight: 1.5,
    weekday: 5,
    boolean: false,
    instant: "2026-03-01T08:30:00.000Z",
    date: "2026-03-01",
    local_time: "09:30",
  };
  const windows: Readonly<Record<string, unknown>> = {
    location: { center: [13.4, 52.5], radius_m: 500 },
    birthday: { days_before: 3, days_after: 0 },
    recurring: { start: "2026-01-01T10:00", duration_minutes: 60, every: "week", interval: 2 },
  };

  function valueFor(op: Operator, type: string): unknown {
    if (op === "exists") return false;
    if (op === "within") return windows[type];
    if (op === "multiple_of") return 5;
    const ordered = ["greater_than", "greater_or_equal", "less_than", "less_or_equal", "between"].includes(op);
    const one = type === "scalar" && ordered ? 7.5 : samples[type];
    if (op === "between") {
      return type === "instant" ? [one, "2026-04-01T08:30:00.000Z"] : [one, one];
    }
    return ["any_of", "none_of", "all_of"].includes(op) ? [one] : one;
  }

  it("may ask every path with every operator that it knows", () => {
    for (const definition of paths.filter(({ of, path }) => of !== "event" && path !== "order.payment_method")) {
      for (const op of operatorsByType[definition.type]) {
        const leaf = {
          on: definition.keyed ? `${definition.path}gift.card` : definition.path,
          op,
          value: valueFor(op, definition.type),
          ...(definition.path === "events.count" ? { name: "visit" } : {}),
          ...(definition.history ? { window_days: 30 } : {}),
          message: "Not yet",
          messages: { de: "Noch nicht: später" },
        };
        const rule = (definition.of === "item" ? { on: "items", which: "any", where: leaf } : leaf) as Rule;
        const stored = rulesSchema.parse(rule);
        const read = readSlot(writeSlot(stored, "rules", setting), "rules", setting);
        expect(rulesSchema.parse(read), `${definition.path} ${op}`).toEqual(withGroups(grouped(stored)));
      }
    }
  });

  it("grow and shrink by buttons, and what stood behind a part moves up", () => {
    const press = (form: Record<string, readonly string[]>, name: string) =>
      step({ ...form, do: [name] }, {}) as Record<string, readonly string[]>;
    let form = press({}, "condition:rules");
    form = press(form, "group:rules");
    form = press(form, "condition:rules.1");
    form = press({ ...form, "rules.1.1.on": ["items"] }, "refresh:rules");
    expect(press({}, "group:rules").focus).toEqual(["rules.0.0.on"]);
    expect(form["rules.1.1.where.0.on"]).toEqual(["item.categories"]);
    expect(partsOf(form, "rules")).toEqual([0, 1]);
    form = press({ ...form, "rules.0.value": ["50"] }, "remove:rules.1.0");
    expect(form["rules.1.0.on"]).toEqual(["items"]);
    form = press(form, "remove:rules.0");
    expect(readSlot(form, "rules", setting)).toMatchObject({ all: [{ any: [{ on: "items" }] }] });
    expect(readSlot(press(form, "remove:rules.0"), "rules", setting)).toBeUndefined();
    expect(step({ do: ["save"] }, {})).toBeUndefined();
    expect(withoutPart({ "a.0.x": ["1"], "a.10.x": ["2"] }, "a.0")).toEqual({ "a.0.x": ["2"] });
  });

  it("are not read from a form that is nested or long beyond reason", () => {
    expect(() => checkNames({ [`rules${".0".repeat(10_000)}`]: ["x"] })).toThrow("nested too deep");
    const names = Array.from({ length: 5_000 }, (_, n) => [`rules.${n}.on`, ["x"]]);
    expect(() => checkNames(Object.fromEntries(names))).toThrow("at most 4000 fields");
    const form = { "rules.group": ["all"], "rules.__proto__.on": ["x"], "rules.0.on": ["nowhere"] };
    expect(rulesSchema.safeParse(readSlot(form, "rules", setting)).success).toBe(false);
  });

  it("take an operator that fits what is asked now", () => {
    const form = { "rules.group": ["all"], "rules.0.on": ["customer.segments"], "rules.0.op": ["greater_or_equal"] };
    expect(step({ ...form, do: ["refresh:rules"] }, {})?.["rules.0.op"]).toEqual(["any_of"]);
  });

  it("find the field of a fault", () => {
    expect(ruleField("rules.all.0.any.1.value.center.0")).toBe("rules.0.1.value");
    expect(ruleField("rewards.0.when.none.2.where.all.0.on")).toBe("rewards.0.when.2.where.0.on");
    expect(ruleField("rewards.1.tiers.2.from_amount")).toBe("rewards.1.tiers");
  });
});

describe("rewards", () => {
  const category = { all: [{ on: "item.categories", op: "any_of", value: ["shirts", "ties"] }] };
  const when = { all: [{ on: "order.amount", op: "greater_or_equal", value: 5_000 }] };
  const rewards = rewardsSchema.parse([
    { type: "order_discount", percent_bp: 1_250, max_amount: 2_000, when },
    {
      type: "order_discount",
      tiers: [
        { from_amount: 0, amount: 500 },
        { from_amount: 9_900, fixed_amount: 9_000 },
      ],
    },
    { type: "item_discount", which: "nth", n: 3, where: category, fixed_amount: 100, max_quantity: 2 },
    { type: "shipping_discount", percent_bp: 10_000 },
    {
      type: "buy_x_get_y",
      buy: { quantity: 2, where: category },
      get: { quantity: 1, percent_bp: 10_000 },
      max_times: 3,
    },
    { type: "bundle", items: [{ where: category, quantity: 2 }], fixed_amount: 7_900 },
    { type: "free_item", item: { sku: "mug", name: "Mug" } },
    { type: "points", points: 2, per_amount: 100, expires_in_days: 365 },
    { type: "points", tiers: [{ from_amount: 5_000, points: 10 }], max_points: 50 },
    { type: "gift_credit", amount: 500, campaign_id: "cam_1" },
  ]) as Reward[];

  it("of every type are told by a form", () => {
    const read = readRewards(writeRewards(rewards, "rewards", setting), "rewards", setting);
    expect(rewardsSchema.parse(read)).toEqual(rewards);
  });

  it("are read back as sentences", () => {
    expect(rewards.map((reward) => rewardSentence(reward, "EUR"))).toEqual([
      "12.5 % off the order, at most 20.00 EUR, if the order amount is at least 50.00 EUR",
      "From 0.00 EUR 5.00 EUR off the order; from 99.00 EUR the order for 90.00 EUR",
      "Every 3rd item for which the item's categories include one of shirts, ties (at most 2 units) for 1.00 EUR",
      "Shipping for free",
      "Buy 2 units for which the item's categories include one of shirts, ties, get 1 unit for free, at most 3 times per order",
      "2 units for which the item's categories include one of shirts, ties together for 79.00 EUR",
      "1 × Mug for free",
      "2 points for each 1.00 EUR spent that expire after 365 days",
      "From 50.00 EUR 10 points, at most 50 points",
      "5.00 EUR of gift credit",
    ]);
  });
});

it("A whole campaign comes back out of its form as it was", () => {
  const definition = {
    type: "sub",
    name: "<script>alert(1)</script> \u202eweek",
    parent_id: "cam_main",
    currency: "EUR",
    time_zone: "America/New_York",
    starts_at: "2026-11-01T05:30:15.000Z",
    ends_at: "2026-12-01T05:00:00.000Z",
    budget_amount: 1_000_000,
    budget_policy: "trim",
    redemptions_max: 500,
    limits: {
      per_customer: 2,
      discount_amount_max_per_order: 5_000,
      per_period: [{ period: "week", per: "customer", redemptions_max: 1 }],
    },
    rules: { all: [{ on: "customer.is_new", op: "equals", value: true }] },
    rewards: [{ type: "order_discount", percent_bp: 1_000 }],
    triggers_on: "custom",
    trigger_name: "visit",
    automatic: false,
    stacking: { exclusive: true, order: -3 },
    exclusions: { categories: ["gift cards", "books, used"] },
    points_price: 10,
    holdout_percent: 5,
    holdout_codes: true,
    on_cancel: "keep",
    on_rollback: "recalculate",
    customer_information: "Two lines\nof text",
    metadata: { source: "letter", size: 5, text: "5", old: false, odd: " blanks\n" },
  };
  const stored = {
    ...definition,
    template: "discount",
    version: 4,
    referrer_rewards: [],
    voucher_lifetime_days: null,
    low_stock: null,
    auto_grow: null,
    team: null,
    budget_code: null,
    channel: null,
    purpose: null,
    medium: null,
  } as unknown as CampaignWire;
  const read = createCampaignBody.parse(readCampaign(writeCampaign(stored), "sub"));
  expect(read).toEqual(createCampaignBody.parse(definition));
});
