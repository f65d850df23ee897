import type { Operate } from "./operand.ts";

/** The same value of the same type; text by case. Absent: not met. */
export const equals: Operate = (expected) => (actual) => actual !== null && actual === expected;
