import type { Operate } from "./operand.ts";

/** Text that begins with the operand, by case. Absent: not met. */
export const startsWith: Operate = (actual, expected) =>
  typeof actual === "string" && typeof expected === "string" && actual.startsWith(expected);
