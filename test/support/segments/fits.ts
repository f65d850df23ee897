/** Rules of a segment as plain TypeScript reads them: the operators of `domain/rules`, and facts from the shoppers themselves. */

import type { FactValue } from "../../../api/domain/reason.ts";
import { groupOf } from "../../../api/domain/rules/group.ts";
import { operators } from "../../../api/domain/rules/operators/table.ts";
import type { Leaf, Rule } from "../../../api/domain/rules/rule.ts";
import { findFact, pathTypeOf } from "../../../api/segments/rules/facts.ts";
import { ago, type Shopper } from "./shoppers.ts";

/** What the marts say of a customer, for facts that are theirs. */
export type MartFacts = Readonly<Record<string, FactValue>>;

export function fits(rule: Rule, shopper: Shopper, mart: MartFacts, now: Date): boolean {
  const group = groupOf(rule);
  if (group !== null) {
    const children = group.children.map((child) => fits(child, shopper, mart, now));
    if (group.op === "all") return children.every(Boolean);
    return group.op === "any" ? children.some(Boolean) : !children.some(Boolean);
  }
  const leaf = rule as Leaf;
  const found = findFact(leaf.on);
  if (found === null) throw new Error(`no such fact: ${leaf.on}`);
  const actual = factOf(leaf, found.key, shopper, mart, now);
  const test = operators[leaf.op](leaf.value, pathTypeOf(found.fact.type));
  return test(actual === "" ? null : actual, now.toISOString().slice(0, 10));
}

const own = <T>(record: Readonly<Record<string, T>>, key: string): T | null =>
  Object.hasOwn(record, key) ? (record[key] ?? null) : null;

function factOf(leaf: Leaf, key: string, shopper: Shopper, mart: MartFacts, now: Date): FactValue {
  const recent = (daysAgo: number) =>
    leaf.window_days === undefined || Date.parse(ago(now, daysAgo)) >= now.getTime() - leaf.window_days * 86_400_000;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const paid = shopper.orders.filter(([daysAgo, , cancelled]) => !cancelled && recent(daysAgo));
  const redeemed = shopper.redemptions.filter(([daysAgo]) => recent(daysAgo));
  const created = Date.parse(ago(now, shopper.createdDaysAgo));
  switch (leaf.on.startsWith("customer.") && key !== "" ? leaf.on.slice(0, leaf.on.length - key.length) : leaf.on) {
    case "customer.identifier":
      return shopper.identifier;
    case "customer.attributes.":
      return own(shopper.attributes, key);
    case "customer.metadata.":
      return own(shopper.metadata, key);
    case "customer.tags.":
      return own(shopper.tags, key);
    case "customer.consent.":
      return own(shopper.consent, key);
    case "customer.birthday":
      return shopper.birthday;
    case "customer.created_at":
      return created;
    case "customer.age_days":
      return Math.floor((now.getTime() - created) / 86_400_000);
    case "customer.points":
      return shopper.points;
    case "customer.orders_count":
      return paid.length;
    case "customer.orders_amount":
      return sum(paid.map(([, amount]) => amount));
    case "customer.redemptions_count":
      return redeemed.filter(([, , fate]) => fate !== "whole").length;
    case "customer.discount_amount":
      return sum(
        redeemed.map(([, discount, fate]) => (fate === "stands" ? discount : fate === "part" ? discount / 2 : 0)),
      );
    case "customer.rejections_count":
      return shopper.rejectionsDaysAgo.filter(recent).length;
    case "events.count":
      return shopper.visits.filter(([daysAgo, name]) => name === leaf.name && recent(daysAgo)).length;
    case "customer.segments":
      return [...shopper.lists];
    default: {
      const value = mart[leaf.on];
      if (value === undefined) throw new Error(`the marts were not asked for ${leaf.on}`);
      return value;
    }
  }
}
