import type { Operate } from "./operand.ts";

/** A whole multiple of the operand, zero included: "every n-th" of a count. Absent: not met. */
export const multipleOf: Operate = (actual, expected) =>
  typeof actual === "number" && typeof expected === "number" && expected > 0 && actual % expected === 0;
