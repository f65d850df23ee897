import { anyOf } from "./any-of.ts";
import type { Operate } from "./operand.ts";

/** None of the fact's values is in the operand. Absent: met. */
export const noneOf: Operate = (actual, expected, type) => !anyOf(actual, expected, type);
