import { type Operate, ordered } from "./operand.ts";

/** Below the operand, which itself is too much. Absent: not met. */
export const lessThan: Operate = (expected, type) => ordered(expected, type, (left, right) => left < right);
