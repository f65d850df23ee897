import type { Basket } from "./basket.ts";
import type { FreeItem } from "./reward.ts";
import { costOf } from "./units.ts";

export interface FreeItemGiven {
  readonly lines: readonly number[];
  readonly quantity: number;
  /** So many of it are not in the order yet: the shop adds them for nothing. */
  readonly missingQuantity: number;
}

export function freeItem(reward: FreeItem, basket: Basket): FreeItemGiven {
  const quantity = reward.item.quantity ?? 1;
  const units = new Array<number>(basket.left.length).fill(0);
  let missing = quantity;
  for (const [line, item] of basket.context.order.items.entries()) {
    if (item.sku !== reward.item.sku || (basket.seen !== null && basket.seen[line] !== true)) continue;
    units[line] = Math.min(item.quantity, missing);
    missing -= units[line];
  }
  return { lines: costOf(units, basket), quantity, missingQuantity: missing };
}
