import { listOf, type Operate } from "./operand.ts";

/** The value, or at least one of the fact's values, is in the operand. Absent: not met. */
export const anyOf: Operate = (actual, expected) => {
  const wanted = new Set<unknown>(listOf(expected));
  return listOf(actual).some((value) => wanted.has(value));
};
