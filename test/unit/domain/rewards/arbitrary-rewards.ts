/** Rewards of every type as a schema lets them through, and baskets up to the largest that orders may be. */
import fc from "fast-check";
import type { OrderItem } from "../../../../api/domain/facts.ts";
import type { Reward } from "../../../../api/domain/rewards/reward.ts";
import type { Rule } from "../../../../api/domain/rules/rule.ts";

const most = 1_000_000_000_000;
/** Mostly small, so that ties and roundings are frequent; sometimes as large as it goes. */
export const minor = (min: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 3, arbitrary: fc.integer({ min, max: 1_000 }) }, fc.integer({ min, max: most }));
const units = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 5 }) },
  fc.integer({ min: 1, max: 1_000_000 }),
);
const percent = fc.integer({ min: 1, max: 10_000 });

const categories = ["shoes", "hats", "sale"];
const where: fc.Arbitrary<Rule> = fc
  .subarray(categories, { minLength: 1 })
  .map((value) => ({ on: "item.categories", op: "any_of", value }) as const);

const value = fc.oneof(
  fc.record({ percent_bp: percent }),
  fc.record({ amount: minor(1) }),
  fc.record({ fixed_amount: minor(0) }),
);
const tiers = fc
  .array(fc.tuple(minor(0), value), { minLength: 1, maxLength: 4 })
  .map((made) => ({ tiers: made.map(([from_amount, of]) => ({ from_amount, ...of })) }));
const worth = fc.oneof({ weight: 3, arbitrary: value }, tiers);
const cap = fc.record({ max_amount: minor(1) }, { requiredKeys: [] });
const often = fc.record({ max_amount: minor(1), max_times: units }, { requiredKeys: [] });
const matched = fc.record({ where }, { requiredKeys: [] });

/** Those that take money off. */
export const discount: fc.Arbitrary<Reward> = fc.oneof(
  fc.tuple(worth, cap).map(([v, c]): Reward => ({ type: "order_discount", ...v, ...c })),
  fc.tuple(worth, cap).map(([v, c]): Reward => ({ type: "shipping_discount", ...v, ...c })),
  fc
    .tuple(
      worth,
      cap,
      matched,
      fc.constantFrom("all", "cheapest", "most_expensive", "nth"),
      fc.integer({ min: 1, max: 4 }),
    )
    .map(([v, c, w, which, n]): Reward => ({ type: "item_discount", which, n, ...w, ...v, ...c })),
  fc.tuple(matched, units, matched, units, percent, often).map(
    ([buy, x, get, y, percent_bp, o]): Reward => ({
      type: "buy_x_get_y",
      buy: { ...buy, quantity: x },
      get: { ...get, quantity: y, percent_bp },
      ...o,
    }),
  ),
  fc
    .tuple(fc.array(fc.record({ where, quantity: units }), { minLength: 1, maxLength: 4 }), minor(0), often)
    .map(([items, fixed_amount, o]): Reward => ({ type: "bundle", items, fixed_amount, ...o })),
  fc
    .record({ sku: fc.constantFrom("sku-0", "sku-1", "elsewhere"), quantity: units })
    .map((item): Reward => ({ type: "free_item", item })),
);

const issued: fc.Arbitrary<Reward> = fc.oneof(
  fc
    .record({ points: units, per_amount: minor(1), max_points: units }, { requiredKeys: ["per_amount"] })
    .map((made): Reward => ({ type: "points", ...made })),
  fc.record({ points: units }).map((made): Reward => ({ type: "points", ...made })),
  fc.constantFrom<Reward>(
    { type: "voucher", campaign_id: "cam_next" },
    { type: "pool_voucher", pool_id: "pol_full" },
    { type: "pool_voucher", pool_id: "pol_empty" },
    { type: "gift_credit", amount: 500 },
  ),
);

export const pools = { pol_full: 2, pol_empty: 0 };

export const anyReward: fc.Arbitrary<Reward> = fc.oneof({ weight: 5, arbitrary: discount }, issued);

export interface AnyBasket {
  readonly lines: readonly Partial<OrderItem>[];
  readonly left: readonly number[];
  readonly shipping: number;
  readonly shippingLeft: number;
}

const part = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }));

/** Up to 500 lines that sum, with shipping, to at most 10^12, as orders do. */
export function basketOf(linesMax: number): fc.Arbitrary<AnyBasket> {
  const line = fc.tuple(units, minor(0), fc.subarray(categories), part);
  return fc.tuple(fc.array(line, { maxLength: linesMax }), minor(0), part).map(([made, shipping, shippingPart]) => {
    const share = Math.floor(most / 2 / Math.max(1, made.length));
    const lines = made.map(([quantity, price, of], index) => {
      const unitAmount = Math.min(price, Math.floor(share / quantity));
      return { sku: `sku-${index}`, quantity, unitAmount, categories: of };
    });
    const left = lines.map((bought, index) =>
      Math.floor(bought.quantity * bought.unitAmount * (made[index]?.[3] ?? 1)),
    );
    const shippingAmount = Math.min(shipping, most / 2);
    return { lines, left, shipping: shippingAmount, shippingLeft: Math.floor(shippingAmount * shippingPart) };
  });
}
