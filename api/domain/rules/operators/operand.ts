/** What all operators share: when a fact is absent, and what orders two values. */
import type { FactValue } from "../../reason.ts";
import { parseInstant, parseLocalTime } from "../../time.ts";
import { epochDay } from "../calendar.ts";
import type { PathType } from "../paths.ts";
import type { Operand } from "../rule.ts";

/**
 * One operator: made ready once for what is asked, then asked of many facts. An absent fact (null, or an empty list)
 * meets nothing but `not_equals`, `none_of` and `exists: false`. Values of different types are unequal and unordered.
 */
export type Operate = (expected: Operand, type: PathType) => Test;

/** Was the fact as asked? `today` is the campaign's date, "YYYY-MM-DD", for what depends on it. */
export type Test = (actual: FactValue, today: string) => boolean;

export const never: Test = () => false;

export function isAbsent(actual: FactValue): boolean {
  return actual === null || (Array.isArray(actual) && actual.length === 0);
}

/** The number that orders a value of the type, null where there is none (and then no ordering operator is met). */
export function rank(value: Operand | FactValue | undefined, type: PathType): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string") return null;
  if (type === "instant") return parseInstant(value);
  if (type === "local_time") return parseLocalTime(value);
  return type === "date" ? epochDay(value) : null;
}

/** The test of an ordering operator. */
export function ordered(expected: Operand, type: PathType, holds: (left: number, right: number) => boolean): Test {
  const right = rank(expected, type);
  if (right === null) return never;
  return (actual) => {
    const left = rank(actual, type);
    return left !== null && holds(left, right);
  };
}

/** As a list: a single value is a list of one, an absent one and an object are empty. */
export function listOf(value: Operand | FactValue): readonly (string | number | boolean)[] {
  if (value === null) return [];
  if (typeof value !== "object") return [value];
  return Array.isArray(value) ? value : [];
}
