import { type Operate, ordered } from "./operand.ts";

/** The operand or less. Absent: not met. */
export const lessOrEqual: Operate = (expected, type) => ordered(expected, type, (left, right) => left <= right);
