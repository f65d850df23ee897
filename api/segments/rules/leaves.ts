/** What a tree asks for, all of it together. */
import { groupOf } from "../../domain/rules/group.ts";
import type { Leaf, Rule } from "../../domain/rules/rule.ts";
import { findFact } from "./facts.ts";

export function leavesOf(rule: Rule): Leaf[] {
  const group = groupOf(rule);
  return group === null ? [rule as Leaf] : group.children.flatMap(leavesOf);
}

/** Whether time or other customers alone move somebody in or out: then only a look at everybody finds out. */
export function drifts(rule: Rule): boolean {
  return leavesOf(rule).some((leaf) => leaf.window_days !== undefined || findFact(leaf.on)?.fact.drifts === true);
}

export function needsRfm(rule: Rule): boolean {
  return leavesOf(rule).some((leaf) => leaf.on.startsWith("customer.rfm_"));
}

/** Names of other segments, with where each stands in the tree. */
export function namedSegments(rule: Rule, pointer = ""): { readonly name: string; readonly pointer: string }[] {
  const group = groupOf(rule);
  if (group !== null) {
    return group.children.flatMap((child, at) => namedSegments(child, `${pointer}/${group.op}/${at}`));
  }
  const { on, value } = rule as Leaf;
  if (on !== "customer.segments" || !Array.isArray(value)) return [];
  return value.map((name, at) => ({ name: String(name), pointer: `${pointer}/value/${at}` }));
}
