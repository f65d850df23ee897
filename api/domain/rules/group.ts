import type { Rule } from "./rule.ts";

export interface RuleGroup {
  readonly op: "all" | "any" | "none";
  readonly children: readonly Rule[];
}

/** The rule as a group, or null for a leaf and for `items`. */
export function groupOf(rule: Rule): RuleGroup | null {
  if ("all" in rule) return { op: "all", children: rule.all };
  if ("any" in rule) return { op: "any", children: rule.any };
  return "none" in rule ? { op: "none", children: rule.none } : null;
}
