/** What the rewards of one campaign see of an order: its lines without those that the campaign excludes. */
import type { Exclusions, OrderItem } from "../facts.ts";
import { sum } from "../money.ts";
import { isMet } from "../rules/is-met.ts";
import type { RuleContext } from "../rules/paths.ts";
import type { Rule } from "../rules/rule.ts";

export interface Basket {
  readonly context: RuleContext;
  /** One entry a line; null when every line is seen. */
  readonly seen: readonly boolean[] | null;
  /** What earlier discounts have left of each line; 0 of a line that is not seen. */
  readonly left: readonly number[];
  readonly shippingLeft: number;
  /** Σ of the lines that are seen, before any discount. */
  readonly amount: number;
}

export function basketOf(
  exclusions: Exclusions,
  left: { readonly lines: readonly number[]; readonly shipping: number },
  context: RuleContext,
): Basket {
  const seen = seenLines(exclusions, context.order.items);
  if (seen === null) {
    return { context, seen, left: left.lines, shippingLeft: left.shipping, amount: context.amount };
  }
  return {
    context,
    seen,
    left: left.lines.map((amount, line) => (seen[line] === true ? amount : 0)),
    shippingLeft: left.shipping,
    amount: sum(context.order.items.map((item, line) => (seen[line] === true ? item.unitAmount * item.quantity : 0))),
  };
}

/** Null when nothing is excluded: the usual case costs nothing. */
function seenLines(exclusions: Exclusions, items: readonly OrderItem[]): readonly boolean[] | null {
  const { skus = [], productIds = [], categories = [] } = exclusions;
  if (skus.length + productIds.length + categories.length === 0) return null;
  const excluded = { skus: new Set(skus), productIds: new Set(productIds), categories: new Set(categories) };
  const seen = items.map(
    (item) =>
      !excluded.skus.has(item.sku) &&
      !(item.productId !== null && excluded.productIds.has(item.productId)) &&
      !item.categories.some((category) => excluded.categories.has(category)),
  );
  return seen.includes(false) ? seen : null;
}

/** Whether there are lines and the campaign excludes them all. */
export function isAllExcluded(basket: Basket): boolean {
  return basket.seen !== null && !basket.seen.includes(true);
}

/** One entry a line: whether it is seen and meets the rule. */
export function matchingLines(where: Rule | undefined, basket: Basket): boolean[] {
  const { context, seen } = basket;
  return context.order.items.map(
    (item, line) => (seen === null || seen[line] === true) && (where === undefined || isMet(where, context, item)),
  );
}
