/** Facts of every kind that parsing lets through, with small ranges so that limits, ties and collisions are frequent. */
import fc from "fast-check";
import type {
  AppliedBefore,
  CampaignFacts,
  Facts,
  LimitsDefinition,
  MainCampaignFacts,
  OrderItem,
  Redeemable,
  Stacking,
  Usage,
  VoucherFacts,
} from "../../../api/domain/facts.ts";
import type { Reward } from "../../../api/domain/rewards/reward.ts";
import type { Rule } from "../../../api/domain/rules/rule.ts";
import { campaign, customer, item, mainCampaign, now, order, voucher } from "./builders.ts";

const minor = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 20_000 }) }, fc.constant(0));
const few = fc.oneof({ weight: 19, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.constant(0));
const instant = fc.option(fc.integer({ min: now - 2, max: now + 2 }));

const lineItem: fc.Arbitrary<OrderItem> = fc
  .record({
    sku: fc.constantFrom("hat", "sock", "coat"),
    quantity: fc.integer({ min: 1, max: 5 }),
    unitAmount: minor,
    categories: fc.subarray(["sale", "shoes"]),
  })
  .map((change) => item(change));

const leaf: fc.Arbitrary<Rule> = fc.oneof(
  fc.record({
    on: fc.constantFrom("order.amount", "order.amount_after_discounts", "order.quantity", "customer.orders_count"),
    op: fc.constantFrom("greater_or_equal", "less_than", "multiple_of"),
    value: fc.integer({ min: 1, max: 15_000 }),
  }),
  fc.constantFrom<Rule>(
    { on: "customer.is_new", op: "equals", value: true },
    { on: "order.channel", op: "any_of", value: ["web"] },
    { on: "items", which: "any", where: { on: "item.sku", op: "equals", value: "hat" } },
    { on: "time.local", op: "between", value: ["22:00", "06:00"] },
  ),
);

const ruleTree: fc.Arbitrary<Rule> = fc.letrec<{ tree: Rule }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.record({ all: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ none: fc.array(tie("tree"), { minLength: 1, maxLength: 2 }) }),
  ),
})).tree;

const rules = fc.option(ruleTree, { freq: 1, nil: null });

const value = fc.oneof(
  fc.record({ percent_bp: fc.integer({ min: 1, max: 10_000 }) }),
  fc.record({ amount: fc.integer({ min: 1, max: 5_000 }) }),
  fc.record({ fixed_amount: fc.integer({ min: 0, max: 5_000 }) }),
);
const more = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  fc.record({ max_amount: fc.integer({ min: 1, max: 3_000 }), when: ruleTree }, { requiredKeys: [] }),
);

const reward: fc.Arbitrary<Reward> = fc.oneof(
  fc.tuple(value, more).map(([v, m]): Reward => ({ type: "order_discount", ...v, ...m })),
  fc
    .tuple(value, more, fc.constantFrom("all", "cheapest", "most_expensive"))
    .map(([v, m, which]): Reward => ({ type: "item_discount", which, ...v, ...m })),
  fc
    .tuple(value, fc.integer({ min: 1, max: 3 }))
    .map(([v, n]): Reward => ({ type: "item_discount", which: "nth", n, ...v })),
);

const limits: fc.Arbitrary<LimitsDefinition> = fc.record(
  {
    redemptionsMax: few,
    perCustomer: few,
    perVoucher: few,
    discountAmountMax: minor,
    discountAmountMaxPerOrder: minor,
  },
  { requiredKeys: [] },
);

const stacking: fc.Arbitrary<Stacking> = fc.oneof(
  { weight: 9, arbitrary: fc.constant({}) },
  fc.record(
    {
      exclusive: fc.boolean(),
      group: fc.constantFrom("spring", "autumn"),
      order: fc.integer({ min: -1, max: 1 }),
      maxPerOrder: fc.integer({ min: 1, max: 2 }),
    },
    { requiredKeys: [] },
  ),
);

const usage: fc.Arbitrary<Usage> = fc.record({ redemptionsCount: few, discountAmount: minor });
const unused: Usage = { redemptionsCount: 0, discountAmount: 0 };
/** Mostly the usual, so that whole requests often succeed. */
const calm = <T>(usual: T, unusual: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 19, arbitrary: fc.constant(usual) }, unusual);

const shared = {
  status: calm("active" as const, fc.constantFrom("draft", "paused", "archived")),
  startsAt: calm(null, instant),
  endsAt: calm(null, instant),
  budgetAmount: fc.option(minor, { freq: 1, nil: null }),
  budgetPolicy: fc.constantFrom("refuse", "trim"),
  redemptionsMax: fc.option(few, { freq: 1, nil: null }),
  limits: calm({}, limits),
  rules: calm(null, rules),
  usage: calm(unused, usage),
  customerUsage: calm(unused, usage),
} as const;

const main = (id: string): fc.Arbitrary<MainCampaignFacts> =>
  fc.record(shared).map((change) => mainCampaign({ id, ...change }));

function sub(id: string, parent: MainCampaignFacts): fc.Arbitrary<CampaignFacts> {
  return fc
    .record({
      ...shared,
      currency: calm("EUR", fc.constant("USD")),
      rewards: fc.oneof({ weight: 19, arbitrary: fc.array(reward, { minLength: 1, maxLength: 3 }) }, fc.constant([])),
      stacking,
      holdoutPercent: calm(0, fc.integer({ min: 0, max: 100 })),
      holdoutCodes: fc.boolean(),
    })
    .map((change) => campaign({ id, parent, ...change }));
}

const voucherChange: fc.Arbitrary<Partial<VoucherFacts>> = fc.record({
  kind: fc.constantFrom("unique", "generic"),
  status: calm("created" as const, fc.constantFrom("distributed", "redeemed", "disabled")),
  redemptionsMax: fc.option(few, { freq: 1, nil: null }),
  assignedTo: calm(null, fc.constantFrom("cus_ada", "cus_grace")),
  startsAt: calm(null, instant),
  expiresAt: calm(null, instant),
  limits: calm({}, limits),
  rules: calm(null, rules),
  usage: calm(unused, usage),
  customerUsage: calm(unused, usage),
});

/** Two main campaigns with three campaigns and six codes between them; a request names some of them, or unknown ones. */
const redeemables: fc.Arbitrary<Redeemable[]> = fc.tuple(main("cam_m1"), main("cam_m2")).chain(([m1, m2]) =>
  fc
    .tuple(
      sub("cam_s1", m1),
      sub("cam_s2", m1),
      sub("cam_s3", m2),
      fc.array(voucherChange, { minLength: 6, maxLength: 6 }),
    )
    .chain(([s1, s2, s3, changes]) => {
      const owners = [s1, s1, s2, s2, s3, s3];
      const known = changes.flatMap((change, index): Redeemable[] => {
        const made = voucher({ id: `vou_${index}`, code: `CODE-${index}`, ...change });
        return [{ code: made.code, voucher: made, campaign: owners[index] ?? s1 }];
      });
      const unknown: Redeemable = { code: "NOPE", voucher: null, campaign: null };
      return fc.array(fc.oneof({ weight: 19, arbitrary: fc.constantFrom(...known) }, fc.constant(unknown)), {
        maxLength: 4,
      });
    }),
);

const appliedBefore: fc.Arbitrary<AppliedBefore> = fc
  .record({
    redemptionId: fc.constant("red_1"),
    held: fc.boolean(),
    voucherId: fc.constantFrom("vou_0", "vou_elsewhere"),
    campaignId: fc.constantFrom("cam_s1", "cam_elsewhere"),
    parentId: fc.constantFrom("cam_m1", "cam_m9"),
    stacking,
    itemsDiscount: fc.array(minor, { maxLength: 5 }),
    shippingDiscount: fc.integer({ min: 0, max: 500 }),
  })
  .map((change) => ({
    ...change,
    discountAmount: change.itemsDiscount.reduce((a, b) => a + b, change.shippingDiscount),
  }));

export const anyFacts: fc.Arbitrary<Facts> = fc
  .record({
    items: fc.oneof({ weight: 9, arbitrary: fc.array(lineItem, { minLength: 1, maxLength: 5 }) }, fc.constant([])),
    shippingAmount: fc.integer({ min: 0, max: 900 }),
    statedAmount: calm(null, fc.option(minor)),
    channel: fc.constantFrom(null, "web", "pos"),
    customer: fc.option(
      fc
        .record({ blocked: calm(false, fc.boolean()), isNew: fc.boolean(), id: fc.constantFrom(null, "cus_ada") })
        .map((change) => customer(change)),
    ),
    redeemables,
    appliedBefore: calm<AppliedBefore[]>([], fc.array(appliedBefore, { maxLength: 2 })),
  })
  .map(({ customer, redeemables, appliedBefore, ...inOrder }) => ({
    now,
    order: order(inOrder),
    customer,
    redeemables,
    automatic: [],
    appliedBefore,
    pools: {},
    languages: [],
  }));
