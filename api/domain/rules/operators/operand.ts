/** What all operators share: when a fact is absent, and what orders two values. */
import type { FactValue } from "../../reason.ts";
import { parseInstant, parseLocalTime } from "../../time.ts";
import type { PathType } from "../paths.ts";
import type { Operand } from "../rule.ts";

/**
 * One operator: was the fact as asked? An absent fact (null, or an empty list) meets nothing but `not_equals`,
 * `none_of` and `exists: false`. Values of different types are unequal and unordered.
 */
export type Operate = (actual: FactValue, expected: Operand, type: PathType) => boolean;

export function isAbsent(actual: FactValue): boolean {
  return actual === null || (Array.isArray(actual) && actual.length === 0);
}

/** The number that orders a value of the type, null where there is none (and then no ordering operator is met). */
export function rank(value: FactValue | undefined, type: PathType): number | null {
  if (typeof value === "string" && type === "instant") return parseInstant(value);
  if (typeof value === "string" && type === "local_time") return parseLocalTime(value);
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A fact as a list: a single value is a list of one, an absent one is empty. */
export function listOf(value: FactValue): readonly (string | number | boolean)[] {
  if (value === null) return [];
  return typeof value === "object" ? value : [value];
}
