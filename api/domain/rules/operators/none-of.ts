import { anyOf } from "./any-of.ts";
import type { Operate } from "./operand.ts";

/** None of the fact's values is in the operand. Absent: met. */
export const noneOf: Operate = (expected, type) => {
  const found = anyOf(expected, type);
  return (actual, today) => !found(actual, today);
};
