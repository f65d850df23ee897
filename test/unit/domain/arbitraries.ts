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
  value.map((v): Reward => ({ type: "shipping_discount", ...v })),
  fc.constantFrom<Reward>(
    { type: "buy_x_get_y", buy: { quantity: 2 }, get: { quantity: 1, percent_bp: 10_000 } },
    { type: "points", per_amount: 100 },
    { type: "points", points: 10 },
    { type: "pool_voucher", pool_id: "pol_1" },
  ),
);

const periods: fc.Arbitrary<Pick<MainCampaignFacts, "limits" | "periods">> = fc
  .record({
    per: fc.constantFrom("all" as const, "customer" as const),
    redemptionsMax: few,
    discountAmountMax: minor,
    used: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ used, ...max }) => {
    const limit = { period: "day" as const, ...max };
    const usage = { redemptionsCount: used, discountAmount: used * 500 };
    return { limits: { perPeriod: [limit] }, periods: [{ limit, bucket: "day 2026-05-14", usage }] };
  });

const limits: fc.Arbitrary<LimitsDefinition> = fc.record(
  {
    redemptionsMax: few,
    perCustomer: few,
    perVoucher: few,
    discountAmountMax: minor,
    discountAmountMaxPerCustomer: minor,
    ordersAmountMax: fc.integer({ min: 0, max: 200_000 }),
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

/** Limits of periods come with what was used in them. */
const withPeriods = <T extends { readonly limits: LimitsDefinition }>(arbitrary: fc.Arbitrary<T>) =>
  fc.tuple(arbitrary, calm({ limits: {}, periods: [] }, periods)).map(([change, more]) => ({
    ...change,
    ...more,
    limits: { ...change.limits, ...more.limits },
  }));

const main = (id: string): fc.Arbitrary<MainCampaignFacts> =>
  withPeriods(fc.record(shared)).map((change) => mainCampaign({ id, ...change }));

function sub(id: string, parent: MainCampaignFacts): fc.Arbitrary<CampaignFacts> {
  return withPeriods(
    fc.record({
      ...shared,
      currency: calm("EUR", fc.constant("USD")),
      rewards: fc.oneof({ weight: 19, arbitrary: fc.array(reward, { minLength: 1, maxLength: 3 }) }, fc.constant([])),
      stacking,
      holdoutPercent: calm(0, fc.integer({ min: 0, max: 100 })),
      holdoutCodes: fc.boolean(),
      pointsPrice: calm(null, fc.constantFrom(5, 60)),
    }),
  ).map((change) => campaign({ id, parent, ...change }));
}

const voucherChange: fc.Arbitrary<Partial<VoucherFacts>> = fc.record({
  kind: fc.constantFrom("unique", "generic", "gift_card"),
  balanceAmount: minor,
  referrerId: calm(null, fc.constantFrom("cus_ada", "cus_grace")),
  pointsPaid: fc.boolean(),
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

/**
 * Two main campaigns with three campaigns and six codes between them; a request names some of them, or unknown ones.
 * Beside them up to four automatic campaigns, of which one may have codes too.
 */
const inPlay: fc.Arbitrary<Pick<Facts, "redeemables" | "automatic">> = fc
  .tuple(main("cam_m1"), main("cam_m2"))
  .chain(([m1, m2]) =>
    fc.tuple(
      fc.tuple(sub("cam_s1", m1), sub("cam_s2", m1), sub("cam_s3", m2)),
      fc.array(voucherChange, { minLength: 6, maxLength: 6 }),
      fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        fc.tuple(sub("cam_a1", m1), sub("cam_a2", m1), sub("cam_a3", m2)).chain((all) => fc.subarray(all)),
      ),
      fc.boolean(),
    ),
  )
  .chain(([[s1, s2, s3], changes, others, isAutomatic]) => {
    const both = { ...s1, automatic: others.length > 0 && isAutomatic };
    const owners = [both, both, s2, s2, s3, s3];
    const known = changes.flatMap((change, index): Redeemable[] => {
      const made = voucher({ id: `vou_${index}`, code: `CODE-${index}`, ...change });
      return [{ code: made.code, voucher: made, campaign: owners[index] ?? both }];
    });
    const unknown: Redeemable = { code: "NOPE", voucher: null, campaign: null };
    const named = fc.oneof({ weight: 19, arbitrary: fc.constantFrom(...known) }, fc.constant(unknown));
    const automatic = [...others.map((each) => ({ ...each, automatic: true })), ...(both.automatic ? [both] : [])];
    return fc.array(named, { maxLength: 4 }).map((redeemables) => ({ redeemables, automatic }));
  });

const appliedBefore: fc.Arbitrary<AppliedBefore> = fc
  .record({
    redemptionId: fc.constant("red_1"),
    held: fc.boolean(),
    isGiftCard: fc.boolean(),
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
        .record({
          blocked: calm(false, fc.boolean()),
          inGlobalHoldout: calm(false, fc.boolean()),
          isNew: fc.boolean(),
          id: fc.constantFrom(null, "cus_ada"),
          points: fc.integer({ min: 0, max: 150 }),
        })
        .map((change) => customer(change)),
    ),
    inPlay,
    appliedBefore: calm<AppliedBefore[]>([], fc.array(appliedBefore, { maxLength: 2 })),
  })
  .map(({ customer, inPlay, appliedBefore, ...inOrder }) => ({
    now,
    order: order(inOrder),
    customer,
    ...inPlay,
    appliedBefore,
    pools: { pol_1: 2 },
    languages: [],
  }));
