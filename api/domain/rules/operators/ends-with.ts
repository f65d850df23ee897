import type { Operate } from "./operand.ts";

/** Text that ends with the operand, by case. Absent: not met. */
export const endsWith: Operate = (actual, expected) =>
  typeof actual === "string" && typeof expected === "string" && actual.endsWith(expected);
