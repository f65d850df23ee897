import { listOf, type Operate } from "./operand.ts";

/** The value, or at least one of the fact's values, is in the operand. Absent: not met. */
export const anyOf: Operate = (expected) => {
  const wanted = new Set<unknown>(listOf(expected));
  return (actual) => (Array.isArray(actual) ? actual.some((value) => wanted.has(value)) : wanted.has(actual));
};
