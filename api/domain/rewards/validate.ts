/** Whether a reward of the right shape also makes sense. Asked once, when it is stored. */
import type { Issue } from "../issue.ts";
import { checkRule } from "../rules/validate.ts";
import type { Reward } from "./reward.ts";

const kinds = ["percent_bp", "amount", "fixed_amount"] as const;

/** Everything wrong with the reward, nothing when it is sound. */
export function checkReward(reward: Reward): Issue[] {
  return [
    ...checkValue(reward),
    ...checkNumbers(reward),
    ...checkNth(reward),
    ...(reward.when === undefined ? [] : under("/when", checkRule(reward.when))),
    ...(reward.type === "item_discount" && reward.where !== undefined
      ? under("/where", checkRule(reward.where, "item"))
      : []),
  ];
}

function checkValue(reward: Reward): Issue[] {
  const given = kinds.filter((kind) => reward[kind] !== undefined);
  if (given.length !== 1) return [{ pointer: "", detail: "needs exactly one of percent_bp, amount and fixed_amount" }];
  const percent = reward.percent_bp;
  if (percent === undefined || isWhole(percent, 1, 10_000)) return [];
  return [{ pointer: "/percent_bp", detail: "must be a whole number of basis points from 1 to 10000" }];
}

/** A discount of nothing is a mistake; paying a fixed amount of nothing is a gift. */
function checkNumbers(reward: Reward): Issue[] {
  const checks = [
    { name: "amount", value: reward.amount, min: 1 },
    { name: "fixed_amount", value: reward.fixed_amount, min: 0 },
    { name: "max_amount", value: reward.max_amount, min: 1 },
    { name: "max_quantity", value: reward.type === "item_discount" ? reward.max_quantity : undefined, min: 1 },
  ];
  return checks
    .filter(({ value, min }) => value !== undefined && !isWhole(value, min, Number.MAX_SAFE_INTEGER))
    .map(({ name, min }) => ({ pointer: `/${name}`, detail: `must be a whole number of at least ${min}` }));
}

function checkNth(reward: Reward): Issue[] {
  if (reward.type !== "item_discount") return [];
  if (reward.which !== "nth") {
    return reward.n === undefined ? [] : [{ pointer: "/n", detail: 'is for which: "nth" only' }];
  }
  if (reward.n === undefined) return [{ pointer: "/n", detail: 'which: "nth" needs n' }];
  return isWhole(reward.n, 1, Number.MAX_SAFE_INTEGER)
    ? []
    : [{ pointer: "/n", detail: "must be a whole number of at least 1" }];
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

function under(pointer: string, issues: readonly Issue[]): Issue[] {
  return issues.map((issue) => ({ ...issue, pointer: `${pointer}${issue.pointer}` }));
}
