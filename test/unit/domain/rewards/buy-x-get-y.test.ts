import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BuyXGetY } from "../../../../api/domain/rewards/reward.ts";
import { type Basket, category, give, lines, sku } from "./give.ts";

const free = { percent_bp: 10_000 };

describe("buy x get y", () => {
  it.each<[string, Omit<BuyXGetY, "type">, Basket, number[]]>([
    [
      "the cheapest of three is free",
      { buy: { quantity: 2 }, get: { quantity: 1, ...free } },
      { lines: lines("1 coat 9000", "1 sock 500", "1 hat 2000") },
      [0, 500, 0],
    ],
    [
      "nothing with two units",
      { buy: { quantity: 2 }, get: { quantity: 1, ...free } },
      { lines: lines("2 hat 2000") },
      [0],
    ],
    // Eight units are twice 2 + 1, and two that are left over.
    [
      "twice with eight",
      { buy: { quantity: 2 }, get: { quantity: 1, ...free } },
      { lines: lines("8 hat 2000") },
      [4_000],
    ],
    [
      "once when it may only once",
      { buy: { quantity: 2 }, get: { quantity: 1, ...free }, max_times: 1 },
      { lines: lines("8 hat 2000") },
      [2_000],
    ],
    [
      "three times with nine",
      { buy: { quantity: 2 }, get: { quantity: 1, ...free } },
      { lines: lines("9 hat 2000") },
      [6_000],
    ],
    [
      "a percent off, rounded half up once",
      { buy: { quantity: 1 }, get: { quantity: 2, percent_bp: 5_000 } },
      { lines: lines("1 coat 9000", "1 a 5", "1 b 6") },
      // 11 cents, half of it is 5.5.
      [0, 3, 3],
    ],
    [
      "other things than were bought",
      { buy: { where: category("shoes"), quantity: 2 }, get: { where: sku("sock"), quantity: 1, ...free } },
      { lines: lines("3 boot 8000 shoes", "4 sock 500") },
      [0, 500],
    ],
    [
      "a dearer thing than was bought",
      { buy: { where: sku("sock"), quantity: 1 }, get: { where: sku("boot"), quantity: 1, ...free } },
      { lines: lines("1 boot 8000 shoes", "1 sock 500") },
      [8_000, 0],
    ],
    // Buying one boot gives two pairs of socks; the second boot finds one pair.
    [
      "as many as there are the last time",
      { buy: { where: sku("boot"), quantity: 1 }, get: { where: sku("sock"), quantity: 2, ...free } },
      { lines: lines("2 boot 8000", "3 sock 500") },
      [0, 1_500],
    ],
    // The sock is the cheapest that can be got, but it is needed as the one that is bought.
    [
      "what is not needed as bought",
      { buy: { where: sku("sock"), quantity: 1 }, get: { quantity: 1, ...free } },
      { lines: lines("1 sock 500", "1 hat 2000") },
      [0, 2_000],
    ],
    // Of three socks one is bought, so two can be got.
    [
      "of the same line what is left over",
      { buy: { where: sku("sock"), quantity: 1 }, get: { quantity: 2, ...free } },
      { lines: lines("3 sock 500", "1 hat 2000") },
      [1_000, 0],
    ],
    [
      "up to a cap",
      { buy: { quantity: 1 }, get: { quantity: 1, ...free }, max_amount: 700 },
      { lines: lines("1 hat 2000", "1 sock 900") },
      [0, 700],
    ],
    [
      "what the free unit still costs",
      { buy: { quantity: 1 }, get: { quantity: 1, ...free } },
      { lines: lines("1 hat 2000", "2 sock 500"), left: [2_000, 800] },
      [0, 400],
    ],
    [
      "nothing for what is excluded",
      { buy: { quantity: 2 }, get: { quantity: 1, ...free } },
      { lines: lines("2 hat 2000", "1 wrap 300 extras"), exclusions: { categories: ["extras"] } },
      [0, 0],
    ],
    [
      "nothing of nothing that matches",
      { buy: { where: sku("tie"), quantity: 1 }, get: { quantity: 1, ...free } },
      { lines: lines("9 hat 2000") },
      [0],
    ],
    [
      "among millions of units",
      { buy: { quantity: 2 }, get: { quantity: 1, ...free } },
      { lines: lines("1000000 nut 10", "1000000 bolt 20") },
      [6_666_660, 0],
    ],
  ])("gives %s", (_what, reward, basket, expected) => {
    expect(give({ type: "buy_x_get_y", ...reward }, basket).itemsDiscount).toEqual(expected);
  });
});

/** Every way of calling units bought, got or neither; the most units got, the cheapest of them. */
function reference({ buy, get, max_times: max = 99 }: BuyXGetY, units: readonly Unit[]): number {
  let best = { got: 0, price: 0 };
  const visit = (index: number, bought: number, got: number, price: number): void => {
    const unit = units[index];
    if (unit === undefined) {
      const times = Math.ceil(got / get.quantity);
      const isAllowed = times <= max && bought >= times * buy.quantity;
      if (isAllowed && (got > best.got || (got === best.got && price < best.price))) best = { got, price };
      return;
    }
    visit(index + 1, bought, got, price);
    if (unit.buys) visit(index + 1, bought + 1, got, price);
    if (unit.gets) visit(index + 1, bought, got + 1, price + unit.price);
  };
  visit(0, 0, 0, 0);
  return best.price;
}

interface Unit {
  readonly price: number;
  readonly buys: boolean;
  readonly gets: boolean;
}

it("agrees with trying every way to tell bought and got units apart", () => {
  const unit = fc.record({ price: fc.integer({ min: 1, max: 9 }), buys: fc.boolean(), gets: fc.boolean() });
  const few = fc.integer({ min: 1, max: 3 });
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 8 }), few, few, fc.option(few, { nil: undefined }), (units, x, y, max) => {
      const reward: BuyXGetY = {
        type: "buy_x_get_y",
        buy: { where: category("buys"), quantity: x },
        get: { where: category("gets"), quantity: y, ...free },
        ...(max === undefined ? {} : { max_times: max }),
      };
      const basket = units.map(({ price, buys, gets }) => ({
        unitAmount: price,
        quantity: 1,
        categories: [...(buys ? ["buys"] : []), ...(gets ? ["gets"] : [])],
      }));
      expect(give(reward, { lines: basket }).discountAmount).toBe(reference(reward, units));
    }),
    { numRuns: 300 },
  );
});
