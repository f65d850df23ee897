/** A reward read aloud: "10 % off the order, at most 20.00 EUR, if the order amount is at least 50.00 EUR". */
import { formatMoney } from "../money.ts";
import type { Rule } from "../rules/rule.ts";
import { ruleClause } from "../rules/sentence.ts";
import { capitalized, plural } from "../rules/words.ts";
import type { BuyXGetY, Discount, ItemDiscount, Points, Reward, Value } from "./reward.ts";

export interface RewardNames {
  /** Of campaigns and pools, by id. */
  readonly [id: string]: string;
}

export function rewardSentence(reward: Reward, currency: string, names: RewardNames = {}): string {
  const condition = reward.when === undefined ? "" : `, if ${ruleClause(reward.when, currency)}`;
  return capitalized(`${clauseOf(reward, currency, names)}${boundsOf(reward, currency)}${condition}`);
}

function clauseOf(reward: Reward, currency: string, names: RewardNames): string {
  switch (reward.type) {
    case "order_discount":
      return discountOn(reward, "the order", currency);
    case "shipping_discount":
      return discountOn(reward, "shipping", currency);
    case "item_discount":
      return discountOn(reward, itemsOf(reward, currency), currency);
    case "buy_x_get_y":
      return buyAndGet(reward, currency);
    case "bundle": {
      const parts = reward.items.map(({ quantity, where }) => units(quantity, where, currency));
      return `${parts.join(" and ")} together for ${formatMoney(reward.fixed_amount, currency)}`;
    }
    case "free_item":
      return `${reward.item.quantity ?? 1} × ${reward.item.name ?? reward.item.sku} for free`;
    case "points":
      return pointsOf(reward, currency);
    case "voucher":
      return `a new voucher of ${names[reward.campaign_id] ?? reward.campaign_id}`;
    case "pool_voucher":
      return `a code of the pool ${names[reward.pool_id] ?? reward.pool_id}`;
    case "gift_credit":
      return `${formatMoney(reward.amount, currency)} of gift credit`;
  }
}

function discountOn(discount: Discount, what: string, currency: string): string {
  if (discount.tiers === undefined) return valueOn(discount, what, currency);
  return discount.tiers
    .map((tier) => `from ${formatMoney(tier.from_amount, currency)} ${valueOn(tier, what, currency)}`)
    .join("; ");
}

function valueOn(value: Value, what: string, currency: string): string {
  if (value.percent_bp === 10_000) return `${what} for free`;
  if (value.percent_bp !== undefined) return `${percentWords(value.percent_bp)} off ${what}`;
  if (value.amount !== undefined) return `${formatMoney(value.amount, currency)} off ${what}`;
  return `${what} for ${formatMoney(value.fixed_amount ?? 0, currency)}`;
}

function percentWords(bp: number): string {
  return `${Number((bp / 100).toFixed(2))} %`;
}

function itemsOf({ which, n = 1, where, max_quantity }: ItemDiscount, currency: string): string {
  const kinds = {
    all: "every item",
    cheapest: "the cheapest item",
    most_expensive: "the most expensive item",
    nth: `every ${ordinal(n)} item`,
  } as const;
  const most = max_quantity === undefined ? "" : ` (at most ${plural(max_quantity, "unit")})`;
  return `${kinds[which]}${forWhich(where, currency)}${most}`;
}

function ordinal(n: number): string {
  const teen = n % 100 >= 11 && n % 100 <= 13;
  return `${n}${teen ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th")}`;
}

function units(quantity: number, where: Rule | undefined, currency: string): string {
  return `${plural(quantity, "unit")}${forWhich(where, currency)}`;
}

function forWhich(where: Rule | undefined, currency: string): string {
  return where === undefined ? "" : ` for which ${ruleClause(where, currency)}`;
}

function buyAndGet({ buy, get }: BuyXGetY, currency: string): string {
  const price = get.percent_bp === 10_000 ? "for free" : `for ${percentWords(get.percent_bp)} less`;
  return `buy ${units(buy.quantity, buy.where, currency)}, get ${units(get.quantity, get.where, currency)} ${price}`;
}

function pointsOf({ points = 1, per_amount, tiers, expires_in_days }: Points, currency: string): string {
  const end = expires_in_days === undefined ? "" : ` that expire after ${plural(expires_in_days, "day")}`;
  if (tiers !== undefined) {
    const steps = tiers.map(
      (tier) => `from ${formatMoney(tier.from_amount, currency)} ${plural(tier.points, "point")}`,
    );
    return `${steps.join("; ")}${end}`;
  }
  const each = per_amount === undefined ? "" : ` for each ${formatMoney(per_amount, currency)} spent`;
  return `${plural(points, "point")}${each}${end}`;
}

function boundsOf(reward: Reward, currency: string): string {
  const bounds: string[] = [];
  if ("max_amount" in reward && reward.max_amount !== undefined) {
    bounds.push(`at most ${formatMoney(reward.max_amount, currency)}`);
  }
  if ("max_points" in reward && reward.max_points !== undefined)
    bounds.push(`at most ${plural(reward.max_points, "point")}`);
  if ("max_times" in reward && reward.max_times !== undefined) {
    bounds.push(`at most ${plural(reward.max_times, "time")} per order`);
  }
  return bounds.map((bound) => `, ${bound}`).join("");
}
