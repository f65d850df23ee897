import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bundle } from "../../../../api/domain/rewards/reward.ts";
import { type Basket, category, give, lines, sku } from "./give.ts";

const outfit = [
  { where: category("shirts"), quantity: 2 },
  { where: category("ties"), quantity: 1 },
];
const pair = [{ where: { on: "item.unit_amount", op: "greater_than", value: 0 } as const, quantity: 2 }];

describe("a bundle", () => {
  it.each<[string, Omit<Bundle, "type">, Basket, number[]]>([
    // 3,000 + 3,000 + 2,000 for 6,000: 2,000 off, split by 6,000 and 2,000.
    [
      "of two shirts and a tie",
      { items: outfit, fixed_amount: 6_000 },
      { lines: lines("2 white 3000 shirts", "1 red 2000 ties") },
      [1_500, 500],
    ],
    ["without its tie", { items: outfit, fixed_amount: 6_000 }, { lines: lines("9 white 3000 shirts") }, [0]],
    [
      "with one shirt too few",
      { items: outfit, fixed_amount: 6_000 },
      { lines: lines("1 white 3000 shirts", "1 red 2000 ties") },
      [0, 0],
    ],
    // Of five shirts the four dearest are in: 4,000 + 3 × 3,000 + 2 × 2,000 = 17,000 for 12,000.
    [
      "twice, of the dearest",
      { items: outfit, fixed_amount: 6_000 },
      { lines: lines("4 white 3000 shirts", "1 blue 4000 shirts", "2 red 2000 ties") },
      [2_647, 1_177, 1_176],
    ],
    [
      "once when it may only once",
      { items: outfit, fixed_amount: 6_000, max_times: 1 },
      { lines: lines("4 white 3000 shirts", "1 blue 4000 shirts", "2 red 2000 ties") },
      // 4,000 + 3,000 + 2,000 for 6,000.
      [1_000, 1_333, 667],
    ],
    [
      "dearer than its units",
      { items: outfit, fixed_amount: 9_000 },
      { lines: lines("2 white 3000 shirts", "1 red 2000 ties") },
      [0, 0],
    ],
    // The two at 1,000 for 1,500 save 500; another bundle of the two at 10 would cost 1,480 more.
    [
      "only as often as it saves",
      { items: pair, fixed_amount: 1_500 },
      { lines: lines("2 a 1000", "2 b 10") },
      [500, 0],
    ],
    [
      "up to a cap",
      { items: outfit, fixed_amount: 6_000, max_amount: 800 },
      { lines: lines("2 white 3000 shirts", "1 red 2000 ties") },
      [600, 200],
    ],
    ["of nothing to pay", { items: pair, fixed_amount: 0 }, { lines: lines("3 a 1000") }, [2_000]],
    [
      "of what its units still cost",
      { items: outfit, fixed_amount: 6_000 },
      { lines: lines("2 white 3000 shirts", "1 red 2000 ties"), left: [5_400, 1_000] },
      // 6,400 − 6,000, by 5,400 and 1,000: 337.5 and 62.5.
      [338, 62],
    ],
    // The jacket alone fits both; it must be the shirt, for nothing else is.
    [
      "whose units fit several components",
      {
        items: [
          { where: sku("jacket"), quantity: 1 },
          { where: category("wool"), quantity: 1 },
        ],
        fixed_amount: 5_000,
      },
      { lines: lines("1 jacket 6000 wool", "1 scarf 2000 wool") },
      [2_250, 750],
    ],
    [
      "without what is excluded",
      { items: pair, fixed_amount: 5 },
      { lines: lines("2 a 1000", "2 b 10"), exclusions: { skus: ["a"] } },
      [0, 15],
    ],
    // Half a million bundles of one nut and one bolt.
    [
      "of hundreds of thousands of units",
      {
        items: [
          { where: sku("nut"), quantity: 1 },
          { where: sku("bolt"), quantity: 1 },
        ],
        fixed_amount: 25,
      },
      { lines: lines("1000000 nut 10", "500000 bolt 20") },
      [833_333, 1_666_667],
    ],
  ])("%s", (_what, reward, basket, expected) => {
    expect(give({ type: "bundle", ...reward }, basket).itemsDiscount).toEqual(expected);
  });
});

/** Every way of putting units into components: the most that bundles of them save. */
function reference({ items, fixed_amount: price, max_times: max = 99 }: Bundle, units: readonly Unit[]): number {
  let best = 0;
  const counts = items.map(() => 0);
  const visit = (index: number, cost: number): void => {
    const unit = units[index];
    if (unit === undefined) {
      const times = (counts[0] ?? 0) / (items[0]?.quantity ?? 1);
      const isWhole =
        Number.isInteger(times) && items.every((component, at) => counts[at] === times * component.quantity);
      if (isWhole && times <= max) best = Math.max(best, cost - times * price);
      return;
    }
    visit(index + 1, cost);
    for (const component of unit.fits) {
      counts[component] = (counts[component] ?? 0) + 1;
      visit(index + 1, cost + unit.price);
      counts[component] = (counts[component] ?? 0) - 1;
    }
  };
  visit(0, 0);
  return best;
}

interface Unit {
  readonly price: number;
  readonly fits: readonly number[];
}

it("saves as much as trying every way to put units together", () => {
  const unit = fc.record({ price: fc.integer({ min: 1, max: 9 }), fits: fc.subarray([0, 1, 2]) });
  const few = fc.integer({ min: 1, max: 2 });
  const components = fc.array(few, { minLength: 1, maxLength: 3 });
  const price = fc.integer({ min: 0, max: 20 });
  fc.assert(
    fc.property(
      fc.array(unit, { maxLength: 7 }),
      components,
      price,
      fc.option(few, { nil: undefined }),
      (all, q, p, max) => {
        const units = all.map(({ price, fits }) => ({ price, fits: fits.filter((component) => component < q.length) }));
        const reward: Bundle = {
          type: "bundle",
          items: q.map((quantity, component) => ({ where: category(`c${component}`), quantity })),
          fixed_amount: p,
          ...(max === undefined ? {} : { max_times: max }),
        };
        const basket = units.map(({ price, fits }) => ({
          unitAmount: price,
          quantity: 1,
          categories: fits.map((component) => `c${component}`),
        }));
        expect(give(reward, { lines: basket }).discountAmount).toBe(reference(reward, units));
      },
    ),
    { numRuns: 300 },
  );
});
