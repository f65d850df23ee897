import { isAbsent, type Operate } from "./operand.ts";

/** `true`: there is a value; `false`: there is none. An empty list counts as none. */
export const exists: Operate = (actual, expected) => isAbsent(actual) !== (expected === true);
