import { expect, it } from "vitest";
import type { FreeItem } from "../../../../api/domain/rewards/reward.ts";
import { type Basket, give, lines } from "./give.ts";

const mug: FreeItem["item"] = { sku: "mug", name: "Mug" };

it.each<[string, FreeItem["item"], Basket, number[], number]>([
  ["one unit in the order", mug, { lines: lines("1 coffee 2500", "3 mug 900") }, [0, 900], 0],
  ["as many units as it says", { ...mug, quantity: 2 }, { lines: lines("3 mug 900") }, [1_800], 0],
  ["the first lines of that SKU", { ...mug, quantity: 3 }, { lines: lines("2 mug 900", "2 mug 700") }, [1_800, 700], 0],
  ["what is there, and names the rest", { ...mug, quantity: 3 }, { lines: lines("1 mug 900") }, [900], 2],
  ["nothing, and names what to add", mug, { lines: lines("1 coffee 2500") }, [0], 1],
  ["what the unit still costs", mug, { lines: lines("2 mug 900"), left: [1_000] }, [500], 0],
  // The line is not seen, so it cannot be the gift.
  ["nothing of an excluded line", mug, { lines: lines("1 mug 900"), exclusions: { skus: ["mug"] } }, [0], 1],
])("a free item takes off %s", (_what, item, basket, expected, missingQuantity) => {
  const grant = give({ type: "free_item", item }, basket);
  expect(grant.itemsDiscount).toEqual(expected);
  expect(grant.rewards).toEqual([
    {
      type: "free_item",
      discountAmount: grant.discountAmount,
      item: { sku: "mug", productId: null, name: "Mug" },
      quantity: item.quantity ?? 1,
      missingQuantity,
    },
  ]);
  expect(grant.reasons).toEqual([]);
});

it("a free item that costs nothing any more is no gift", () => {
  const grant = give({ type: "free_item", item: mug }, { lines: lines("1 mug 900"), left: [0] });
  expect(grant.rewards).toEqual([]);
  expect(grant.reasons).toMatchObject([{ key: "no_effect" }]);
});
