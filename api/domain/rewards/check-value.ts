/** Whether the numbers of a reward make sense: its value, its tiers, its caps. */
import type { Issue } from "../issue.ts";
import type { Discount, Value } from "./reward.ts";

export const tiersMax = 20;

const kinds = ["percent_bp", "amount", "fixed_amount"] as const;

/** A value, or instead of it tiers, each with a value. */
export function checkDiscount(reward: Discount): Issue[] {
  const issues = checkNumbers(reward, [{ name: "max_amount", min: 1 }]);
  if (reward.tiers === undefined)
    return [...checkValue(reward, "percent_bp, amount, fixed_amount and tiers"), ...issues];
  if (kinds.some((kind) => reward[kind] !== undefined)) {
    return [{ pointer: "/tiers", detail: "either tiers or one of percent_bp, amount and fixed_amount" }, ...issues];
  }
  const faulty = reward.tiers.flatMap((tier, index) => under(`/tiers/${index}`, checkValue(tier)));
  return [...checkTiers(reward.tiers), ...faulty, ...issues];
}

/** Exactly one of the three. A discount of nothing is a mistake; paying a fixed amount of nothing is a gift. */
function checkValue(value: Value, choices = "percent_bp, amount and fixed_amount"): Issue[] {
  const given = kinds.filter((kind) => value[kind] !== undefined);
  if (given.length !== 1) return [{ pointer: "", detail: `needs exactly one of ${choices}` }];
  return [
    ...checkPercent(value.percent_bp),
    ...checkNumbers(value, [
      { name: "amount", min: 1 },
      { name: "fixed_amount", min: 0 },
    ]),
  ];
}

export function checkPercent(percentBp: number | undefined): Issue[] {
  if (percentBp === undefined || isWhole(percentBp, 1, 10_000)) return [];
  return [{ pointer: "/percent_bp", detail: "must be a whole number of basis points from 1 to 10000" }];
}

/** One to twenty, each from a higher amount on than the one before it: the order they are read in is the order they hold in. */
export function checkTiers(tiers: readonly { readonly from_amount: number }[]): Issue[] {
  if (tiers.length < 1 || tiers.length > tiersMax) {
    return [{ pointer: "/tiers", detail: `must be 1 to ${tiersMax} tiers` }];
  }
  return tiers.flatMap((tier, index) => {
    const pointer = `/tiers/${index}/from_amount`;
    if (!isWhole(tier.from_amount, 0, Number.MAX_SAFE_INTEGER)) {
      return [{ pointer, detail: "must be a whole number of at least 0" }];
    }
    const before = tiers[index - 1]?.from_amount;
    const ascends = before === undefined || tier.from_amount > before;
    return ascends ? [] : [{ pointer, detail: "must be higher than that of the tier before it" }];
  });
}

/** Whole numbers of at least `min`; an absent one is fine. */
export function checkNumbers<T extends object>(
  of: T,
  checks: readonly { readonly name: keyof T & string; readonly min: number }[],
): Issue[] {
  return checks
    .filter(({ name, min }) => of[name] !== undefined && !isWhole(of[name], min, Number.MAX_SAFE_INTEGER))
    .map(({ name, min }) => ({ pointer: `/${name}`, detail: `must be a whole number of at least ${min}` }));
}

function isWhole(value: unknown, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

export function under(pointer: string, issues: readonly Issue[]): Issue[] {
  return issues.map((issue) => ({ ...issue, pointer: `${pointer}${issue.pointer}` }));
}
