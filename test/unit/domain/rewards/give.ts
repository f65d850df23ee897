/** One reward on an order of these lines, and what comes out: the rest of a grant is `grant.test.ts`. */
import type { Exclusions, OrderItem } from "../../../../api/domain/facts.ts";
import { type Grant, grantRewards, type Left } from "../../../../api/domain/grant.ts";
import type { Reward } from "../../../../api/domain/rewards/reward.ts";
import type { RuleContext } from "../../../../api/domain/rules/paths.ts";
import { campaign, item, order } from "../builders.ts";
import { context } from "../rules/context.ts";

export interface Basket {
  readonly lines: readonly Partial<OrderItem>[];
  /** What earlier discounts have left; everything unless said. */
  readonly left?: readonly number[];
  readonly shipping?: number;
  readonly shippingLeft?: number;
  readonly exclusions?: Exclusions;
  readonly pools?: Readonly<Record<string, number>>;
  readonly context?: Partial<RuleContext>;
}

export function give(rewards: Reward | readonly Reward[], basket: Basket): Grant {
  const items = basket.lines.map((line) => item(line));
  const shippingAmount = basket.shipping ?? 0;
  const left: Left = {
    lines: basket.left ?? items.map((line) => line.unitAmount * line.quantity),
    shipping: basket.shippingLeft ?? shippingAmount,
  };
  const amountLeft = left.lines.reduce((a, b) => a + b, 0);
  return grantRewards(
    campaign({ rewards: Array.isArray(rewards) ? rewards : [rewards as Reward], exclusions: basket.exclusions ?? {} }),
    left,
    context({ order: order({ items, shippingAmount }), amountLeft, ...basket.context }),
    basket.pools ?? {},
  );
}

/** Lines of one unit with these amounts. */
export function one(...unitAmounts: number[]): Partial<OrderItem>[] {
  return unitAmounts.map((unitAmount) => ({ unitAmount, quantity: 1 }));
}

/** "2 hat 500 clothes": two units of the SKU hat at 500 each, of the category clothes. */
export function lines(...texts: string[]): Partial<OrderItem>[] {
  return texts.map((text) => {
    const [quantity, sku = "", unitAmount, ...categories] = text.split(" ");
    return { quantity: Number(quantity), sku, unitAmount: Number(unitAmount), categories };
  });
}

export const sku = (value: string) => ({ on: "item.sku", op: "equals", value }) as const;
export const category = (...value: string[]) => ({ on: "item.categories", op: "any_of", value }) as const;
