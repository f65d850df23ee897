import { isAbsent, listOf, type Operate } from "./operand.ts";

/** Every value of the operand is among the fact's. Absent: not met. */
export const allOf: Operate = (actual, expected) => {
  const present = new Set<unknown>(listOf(actual));
  return !isAbsent(actual) && listOf(expected).every((value) => present.has(value));
};
