/** What can be summed over the lines of an order, and what the sum is. */
import type { PathType } from "./paths.ts";
import type { SumRule } from "./rule.ts";

export const sumTypes: Readonly<Record<SumRule["on"], PathType>> = {
  "items.amount": "money",
  "items.quantity": "number",
  "items.weight": "weight",
};

export const sumLabels: Readonly<Record<SumRule["on"], string>> = {
  "items.amount": "the amount",
  "items.quantity": "the number",
  "items.weight": "the weight",
};
