/**
 * Twenty rules such as shops write, made of what all three engines can say without code of one's own: comparisons,
 * lists, tags, metadata, and any, all or none of the lines. Written once, in our form; `translate.ts` gives the peers
 * theirs.
 */
import type { Rule } from "../../api/domain/rules/rule.ts";

const minimum = (amount: number): Rule => ({ on: "order.amount", op: "greater_or_equal", value: amount });
const inChannel = (...channels: string[]): Rule => ({ on: "order.channel", op: "any_of", value: channels });
const anyLine = (where: Rule): Rule => ({ on: "items", which: "any", where });
const category = (...names: string[]): Rule => ({ on: "item.categories", op: "any_of", value: names });
const isNew = (value: boolean): Rule => ({ on: "customer.is_new", op: "equals", value });

/** How many products carts are made of. */
export const products = 300;

export const rules: readonly Rule[] = [
  minimum(5_000),
  { all: [minimum(2_500), inChannel("web", "app")] },
  { all: [isNew(true), minimum(1_000)] },
  { any: [minimum(20_000), { on: "order.quantity", op: "greater_than", value: 12 }] },
  anyLine(category("coffee", "tea")),
  { all: [anyLine(category("shoes")), minimum(6_000), isNew(false)] },
  { on: "items", which: "all", where: { on: "item.unit_amount", op: "greater_or_equal", value: 300 } },
  { on: "items", which: "none", where: category("gift-cards", "tobacco") },
  { none: [inChannel("marketplace"), { on: "order.payment_method", op: "equals", value: "invoice" }] },
  { on: "customer.tags.tier", op: "any_of", value: ["gold", "platinum"] },
  {
    all: [
      { on: "customer.tags.tier", op: "any_of", value: ["silver", "gold"] },
      { any: [{ on: "order.store_id", op: "any_of", value: ["berlin", "hamburg"] }, inChannel("app")] },
    ],
  },
  { on: "order.amount", op: "between", value: [3_000, 9_000] },
  { all: [{ on: "order.metadata.campaign", op: "equals", value: "spring" }, minimum(1_500)] },
  { any: [anyLine({ on: "item.sku", op: "any_of", value: ["sku-3", "sku-117", "sku-231"] }), isNew(true)] },
  { on: "order.store_id", op: "starts_with", value: "ber" },
  {
    all: [
      { on: "order.quantity", op: "greater_or_equal", value: 3 },
      { on: "order.shipping_amount", op: "less_than", value: 700 },
      { none: [category("tobacco"), category("books")].map(anyLine) },
    ],
  },
  { on: "customer.attributes.orders", op: "greater_than", value: 5 },
  { all: [{ on: "customer.attributes.country", op: "any_of", value: ["DE", "AT", "CH"] }, minimum(4_000)] },
  {
    any: [
      { all: [inChannel("store"), { on: "order.payment_method", op: "not_equals", value: "cash" }] },
      { all: [anyLine(category("kitchen")), { on: "order.quantity", op: "less_or_equal", value: 4 }] },
    ],
  },
  {
    all: [
      minimum(2_000),
      { on: "order.currency", op: "equals", value: "EUR" },
      { any: [isNew(true), { on: "customer.tags.tier", op: "none_of", value: ["bronze"] }] },
      { on: "items", which: "any", where: { on: "item.quantity", op: "greater_or_equal", value: 2 } },
    ],
  },
];

/** As shops have them by the hundred: each about one product, and one of the twenty rules. */
export function productRule(position: number): Rule {
  const product = anyLine({ on: "item.sku", op: "equals", value: `sku-${position % products}` });
  return { all: [product, rules[position % rules.length] ?? product] };
}
