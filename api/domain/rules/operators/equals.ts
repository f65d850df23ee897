import type { Operate } from "./operand.ts";

/** The same value of the same type; text by case. Absent: not met. */
export const equals: Operate = (actual, expected) => actual !== null && actual === expected;
