/** Whether a rule of the right shape also makes sense. Asked once, when a rule is stored; evaluation then trusts it. */
import type { Issue } from "../issue.ts";
import { checkOperand } from "./check-operand.ts";
import { groupOf } from "./group.ts";
import { type FoundPath, findPath, operatorsByType, type PathType } from "./paths.ts";
import type { Leaf, Rule, SumRule } from "./rule.ts";
import { sumTypes } from "./sums.ts";

export const ruleDepthMax = 8;
export const ruleNodesMax = 100;
const keyLengthMax = 64;
const windowDaysMax = 3_650;
/** Keys that would reach an object's prototype in code less careful than ours. */
const poisonous: readonly string[] = ["__proto__", "constructor", "prototype"];

type Scope = "order" | "item" | "workflow";

/**
 * Everything wrong with the rule, nothing when it is sound. `scope` is "item" for a reward's `where`, in which
 * `item.*` can be asked straight away; elsewhere only inside `{ on: "items", where }`. Only in a "workflow" there is an
 * event to be asked about.
 */
export function checkRule(rule: Rule, scope: Scope = "order"): Issue[] {
  const nodes = countNodes(rule, 1);
  if (nodes > ruleNodesMax) return [{ pointer: "", detail: `a rule has at most ${ruleNodesMax} nodes` }];
  return check(rule, "", 1, scope);
}

/** Stops below the depth limit, so that no depth of nesting can exhaust the stack. */
function countNodes(rule: Rule, depth: number): number {
  if (depth > ruleDepthMax) return 1;
  const children = "where" in rule ? [rule.where] : (groupOf(rule)?.children ?? []);
  return children.reduce((sum, child) => sum + countNodes(child, depth + 1), 1);
}

function check(rule: Rule, pointer: string, depth: number, scope: Scope): Issue[] {
  if (depth > ruleDepthMax) return [{ pointer, detail: `a rule is at most ${ruleDepthMax} levels deep` }];
  const group = groupOf(rule);
  if (group !== null) {
    if (group.children.length === 0) return [{ pointer: `${pointer}/${group.op}`, detail: "needs at least one rule" }];
    return group.children.flatMap((child, index) => check(child, `${pointer}/${group.op}/${index}`, depth + 1, scope));
  }
  if (!("where" in rule)) return checkLeaf(rule as Leaf, pointer, scope);
  if (scope === "item") return [{ pointer: `${pointer}/on`, detail: "items cannot be asked for inside items" }];
  const own = "op" in rule ? checkOperation(rule, sumTypes[rule.on], pointer) : [];
  return [...own, ...check(rule.where, `${pointer}/where`, depth + 1, "item")];
}

function checkLeaf(leaf: Leaf, pointer: string, scope: Scope): Issue[] {
  const found = findPath(leaf.on);
  if (found === null) return [{ pointer: `${pointer}/on`, detail: `unknown path "${leaf.on.slice(0, 100)}"` }];
  return [
    ...checkPath(found, scope).map((detail) => ({ pointer: `${pointer}/on`, detail })),
    ...checkOperation(leaf, found.definition.type, pointer),
    ...checkHistory(leaf, found, pointer),
  ];
}

function checkPath({ definition, key }: FoundPath, scope: Scope): string[] {
  if (poisonous.includes(key)) return [`"${key}" cannot be a key`];
  if (key.length > keyLengthMax) return [`a key has at most ${keyLengthMax} characters`];
  if (definition.of === "event" && scope !== "workflow") return ["only workflows can ask about an event"];
  if (definition.of === "item" && scope !== "item") {
    return [`item paths can be asked only inside { "on": "items", "where": … }`];
  }
  return [];
}

function checkOperation({ on, op, value }: Leaf | SumRule, type: PathType, pointer: string): Issue[] {
  const allowed = operatorsByType[type];
  if (!allowed.includes(op)) {
    return [{ pointer: `${pointer}/op`, detail: `${on} can be asked with ${allowed.join(", ")}` }];
  }
  const detail = checkOperand(op, value, type);
  return detail === null ? [] : [{ pointer: `${pointer}/value`, detail }];
}

function checkHistory(leaf: Leaf, { definition }: FoundPath, pointer: string): Issue[] {
  const issues: Issue[] = [];
  const { window_days: days, name } = leaf;
  if (days !== undefined && !definition.history) {
    issues.push({ pointer: `${pointer}/window_days`, detail: `${leaf.on} has no window` });
  } else if (days !== undefined && !(Number.isInteger(days) && days >= 1 && days <= windowDaysMax)) {
    issues.push({ pointer: `${pointer}/window_days`, detail: `must be a whole number from 1 to ${windowDaysMax}` });
  }
  const isNamed = leaf.on === "events.count";
  if (isNamed && (name === undefined || name === "")) {
    issues.push({ pointer: `${pointer}/name`, detail: "events.count needs the name of the event" });
  } else if (!isNamed && name !== undefined) {
    issues.push({ pointer: `${pointer}/name`, detail: `${leaf.on} takes no name` });
  }
  return issues;
}
