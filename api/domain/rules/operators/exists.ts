import { isAbsent, type Operate } from "./operand.ts";

/** `true`: there is a value; `false`: there is none. An empty list counts as none. */
export const exists: Operate = (expected) => {
  const wanted = expected === true;
  return (actual) => isAbsent(actual) !== wanted;
};
