/** Whether a tree of the right shape makes sense as a segment's rules. Asked once, when it is stored or previewed. */
import type { Issue } from "../../domain/issue.ts";
import { checkOperand } from "../../domain/rules/check-operand.ts";
import { groupOf } from "../../domain/rules/group.ts";
import type { Leaf, Rule } from "../../domain/rules/rule.ts";
import { ruleDepthMax } from "../../domain/rules/validate.ts";
import { type FoundFact, findFact, operatorsOf, pathTypeOf } from "./facts.ts";

const keyLengthMax = 64;
const windowDaysMax = 3_650;
/** Keys that would reach an object's prototype in code less careful than ours. */
const poisonous: readonly string[] = ["__proto__", "constructor", "prototype"];

/** Everything wrong with it, nothing when it is sound. Its size was looked at when its shape was. */
export function checkSegmentRules(rule: Rule): Issue[] {
  return check(rule, "", 1);
}

function check(rule: Rule, pointer: string, depth: number): Issue[] {
  if (depth > ruleDepthMax) return [{ pointer, detail: `a rule is at most ${ruleDepthMax} levels deep` }];
  const group = groupOf(rule);
  if (group !== null) {
    if (group.children.length === 0) return [{ pointer: `${pointer}/${group.op}`, detail: "needs at least one rule" }];
    return group.children.flatMap((child, index) => check(child, `${pointer}/${group.op}/${index}`, depth + 1));
  }
  if ("where" in rule) return [{ pointer: `${pointer}/on`, detail: "a segment asks of customers, not of an order" }];
  return checkLeaf(rule as Leaf, pointer);
}

function checkLeaf(leaf: Leaf, pointer: string): Issue[] {
  const found = findFact(leaf.on);
  if (found === null) {
    const detail = `no fact of customers is named "${leaf.on.slice(0, 100)}"; GET /v1/segments/facts lists them`;
    return [{ pointer: `${pointer}/on`, detail }];
  }
  return [
    ...checkKey(found).map((detail) => ({ pointer: `${pointer}/on`, detail })),
    ...checkOperation(leaf, found, pointer),
    ...checkRest(leaf, found, pointer),
  ];
}

function checkKey({ key }: FoundFact): string[] {
  if (poisonous.includes(key)) return [`"${key}" cannot be a key`];
  return key.length > keyLengthMax ? [`a key has at most ${keyLengthMax} characters`] : [];
}

function checkOperation({ on, op, value }: Leaf, { fact }: FoundFact, pointer: string): Issue[] {
  const allowed = operatorsOf(fact.type);
  if (!allowed.includes(op)) {
    return [{ pointer: `${pointer}/op`, detail: `${on} can be asked with ${allowed.join(", ")}` }];
  }
  const detail = checkOperand(op, value, pathTypeOf(fact.type));
  return detail === null ? [] : [{ pointer: `${pointer}/value`, detail }];
}

function checkRest(leaf: Leaf, { fact }: FoundFact, pointer: string): Issue[] {
  const issues: Issue[] = [];
  const { window_days: days, name, message, messages } = leaf;
  if (days !== undefined && !fact.windowed) {
    issues.push({ pointer: `${pointer}/window_days`, detail: `${leaf.on} has no window` });
  } else if (days !== undefined && !(Number.isInteger(days) && days >= 1 && days <= windowDaysMax)) {
    issues.push({ pointer: `${pointer}/window_days`, detail: `must be a whole number from 1 to ${windowDaysMax}` });
  }
  if (fact.named && (name === undefined || name === "")) {
    issues.push({ pointer: `${pointer}/name`, detail: `${leaf.on} needs the name of the event` });
  } else if (!fact.named && name !== undefined) {
    issues.push({ pointer: `${pointer}/name`, detail: `${leaf.on} takes no name` });
  }
  if (message !== undefined) issues.push({ pointer: `${pointer}/message`, detail: "nobody reads it here" });
  if (messages !== undefined) issues.push({ pointer: `${pointer}/messages`, detail: "nobody reads them here" });
  return issues;
}
