/**
 * The rules that every project starts with: they only flag. An operator may edit or disable each; a release that changes
 * what one means gives it a new id, so that assessments of before can still be made again.
 */
import type { RuleDefinition } from "./config.ts";

interface Shipped extends RuleDefinition {
  readonly description: string;
}

function shipped(id: string, name: string, weight: number, when: RuleDefinition["when"], description: string): Shipped {
  return { id: `rul_${id}`, name, description, status: "enabled", when, weight, floor: "flag" };
}

export const shippedRules: readonly Shipped[] = [
  shipped(
    "velocity",
    "Many redemptions in a short time",
    0.6,
    { any: [{ on: "redemptions_last_hour", op: "greater_or_equal", value: 5 }] },
    "One customer redeems far more often than people shop.",
  ),
];
