import { type Operate, ordered } from "./operand.ts";

/** The operand or more. Absent: not met. */
export const greaterOrEqual: Operate = (expected, type) => ordered(expected, type, (left, right) => left >= right);
