import { describe, expect, it } from "vitest";
import type { ItemDiscount } from "../../../../api/domain/rewards/reward.ts";
import { give, lines, one, sku } from "./give.ts";

describe("an item discount", () => {
  const shop = lines("2 hat 2000", "3 sock 500", "1 coat 9000", "1 scarf 500");
  const notCoat = { on: "item.sku", op: "not_equals", value: "coat" } as const;

  it.each<[string, Omit<ItemDiscount, "type">, number[]]>([
    ["all, by percent", { which: "all", percent_bp: 1_000 }, [400, 150, 900, 50]],
    ["all that match", { which: "all", percent_bp: 1_000, where: notCoat }, [400, 150, 0, 50]],
    ["all, an amount off each unit", { which: "all", amount: 600 }, [1_200, 1_500, 600, 500]],
    ["all, a price for each unit", { which: "all", fixed_amount: 400 }, [3_200, 300, 8_600, 100]],
    ["at most two units, the dearest", { which: "all", percent_bp: 1_000, max_quantity: 2 }, [200, 0, 900, 0]],
    ["one unit of the cheapest line that comes first", { which: "cheapest", percent_bp: 10_000 }, [0, 500, 0, 0]],
    ["two units of the cheapest line", { which: "cheapest", percent_bp: 10_000, max_quantity: 2 }, [0, 1_000, 0, 0]],
    [
      "not more units than the cheapest line has",
      { which: "cheapest", percent_bp: 10_000, max_quantity: 9 },
      [0, 1_500, 0, 0],
    ],
    ["the dearest", { which: "most_expensive", percent_bp: 5_000 }, [0, 0, 4_500, 0]],
    ["the dearest that matches", { which: "most_expensive", fixed_amount: 0, where: notCoat }, [2_000, 0, 0, 0]],
    // From the dearest down: coat, hat, hat, sock, sock, sock, scarf.
    ["every second", { which: "nth", n: 2, percent_bp: 10_000 }, [2_000, 1_000, 0, 0]],
    ["every third", { which: "nth", n: 3, percent_bp: 10_000 }, [2_000, 500, 0, 0]],
    ["every third, once", { which: "nth", n: 3, percent_bp: 10_000, max_quantity: 1 }, [2_000, 0, 0, 0]],
    ["every seventh", { which: "nth", n: 7, percent_bp: 10_000 }, [0, 0, 0, 500]],
    ["every eighth of seven", { which: "nth", n: 8, percent_bp: 10_000 }, [0, 0, 0, 0]],
    ["a cap over all lines", { which: "all", amount: 100, max_amount: 70 }, [20, 30, 10, 10]],
    ["nothing that matches", { which: "all", amount: 100, where: sku("tie") }, [0, 0, 0, 0]],
    // The order comes to 15,000.
    [
      "the tier of the order",
      {
        which: "cheapest",
        tiers: [
          { from_amount: 0, amount: 100 },
          { from_amount: 15_000, fixed_amount: 0 },
          { from_amount: 15_001, percent_bp: 1 },
        ],
      },
      [0, 500, 0, 0],
    ],
    ["no tier", { which: "all", tiers: [{ from_amount: 15_001, percent_bp: 5_000 }] }, [0, 0, 0, 0]],
  ])("on %s", (_what, value, expected) => {
    expect(give({ type: "item_discount", ...value }, { lines: shop }).itemsDiscount).toEqual(expected);
  });

  it("on some units of a line sees their part of what is left", () => {
    const grant = give(
      { type: "item_discount", which: "cheapest", percent_bp: 10_000 },
      { lines: lines("4 hat 1000"), left: [2_000] },
    );
    expect(grant.itemsDiscount).toEqual([500]);
  });

  it("rounds once over all lines, not once a line", () => {
    const grant = give({ type: "item_discount", which: "all", percent_bp: 1_000 }, { lines: one(5, 5, 5, 5) });
    expect(grant.itemsDiscount).toEqual([1, 1, 0, 0]);
  });

  it("counts every n-th among a million units without counting them one by one", () => {
    const grant = give(
      { type: "item_discount", which: "nth", n: 1_000, amount: 1 },
      { lines: lines("1000000 nut 10") },
    );
    expect(grant.itemsDiscount).toEqual([1_000]);
  });

  it("takes the cheapest of the lines that are not excluded", () => {
    const grant = give(
      { type: "item_discount", which: "cheapest", percent_bp: 10_000 },
      { lines: shop, exclusions: { skus: ["sock", "scarf"] } },
    );
    expect(grant.itemsDiscount).toEqual([2_000, 0, 0, 0]);
  });
});
