import { equals } from "./equals.ts";
import type { Operate } from "./operand.ts";

/** Another value, or another type. Absent: met, for nothing is not the operand. */
export const notEquals: Operate = (actual, expected, type) => !equals(actual, expected, type);
