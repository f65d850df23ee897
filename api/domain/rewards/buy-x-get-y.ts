import { type Basket, matchingLines } from "./basket.ts";
import type { BuyXGetY } from "./reward.ts";
import { byUnitAmount, countUnits, percentOffUnits } from "./units.ts";

/**
 * As often as the order allows, up to `max_times`; the last time may find fewer units to give than `get.quantity`.
 * Which units count as bought matters only in that they cannot be given: no money depends on it, so they are never
 * named; it is enough that so many of them are left.
 */
export function buyXGetY(reward: BuyXGetY, basket: Basket): number[] {
  const { items } = basket.context.order;
  const buys = matchingLines(reward.buy.where, basket);
  const gets = matchingLines(reward.get.where, basket);
  const counts = {
    buy: countUnits(items, buys),
    get: countUnits(items, gets),
    either: countUnits(
      items,
      buys.map((bought, line) => bought || gets[line] === true),
    ),
  };
  const { given, bought } = howMany(reward, counts);
  // The cheapest that can be got, as long as enough of what can be bought is left.
  let remaining = given;
  let spare = counts.buy - bought;
  const units = new Array<number>(items.length).fill(0);
  for (const line of given === 0 ? [] : byUnitAmount(items, gets, "cheapest")) {
    const quantity = items[line]?.quantity ?? 0;
    const taken = Math.min(quantity, remaining, buys[line] === true ? spare : quantity);
    units[line] = taken;
    remaining -= taken;
    if (buys[line] === true) spare -= taken;
    if (remaining === 0) break;
  }
  return percentOffUnits(units, reward.get.percent_bp, reward, basket);
}

interface Counts {
  readonly buy: number;
  readonly get: number;
  readonly either: number;
}

/**
 * Units are enough for both sides exactly when there are enough to buy, enough to get, and enough of either for the
 * two together (Hall's theorem for two sides).
 */
function howMany({ buy, get, max_times }: BuyXGetY, counts: Counts): { given: number; bought: number } {
  const full = Math.min(
    Math.floor(counts.buy / buy.quantity),
    Math.floor(counts.get / get.quantity),
    Math.floor(counts.either / (buy.quantity + get.quantity)),
    max_times ?? Number.MAX_SAFE_INTEGER,
  );
  const times = full + 1;
  const mayStartAnother = times <= (max_times ?? times) && times * buy.quantity <= counts.buy;
  const given = full * get.quantity;
  const more = mayStartAnother ? Math.min(counts.get - given, counts.either - times * buy.quantity - given) : 0;
  return more > 0 ? { given: given + more, bought: times * buy.quantity } : { given, bought: full * buy.quantity };
}
