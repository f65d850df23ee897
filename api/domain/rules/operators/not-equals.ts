import type { Operate } from "./operand.ts";

/** Another value, or another type. Absent: met, for nothing is not the operand. */
export const notEquals: Operate = (expected) => (actual) => actual !== expected;
