import { isAbsent, listOf, type Operate } from "./operand.ts";

/** Every value of the operand is among the fact's. Absent: not met. */
export const allOf: Operate = (expected) => {
  const wanted = listOf(expected);
  return (actual) => {
    if (isAbsent(actual)) return false;
    const present: readonly unknown[] = listOf(actual);
    return wanted.every((value) => present.includes(value));
  };
};
