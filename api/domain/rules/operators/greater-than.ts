import { type Operate, ordered } from "./operand.ts";

/** Above the operand, which itself is not enough. Absent: not met. */
export const greaterThan: Operate = (expected, type) => ordered(expected, type, (left, right) => left > right);
