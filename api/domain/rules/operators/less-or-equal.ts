import { type Operate, rank } from "./operand.ts";

/** The operand or less. Absent: not met. */
export const lessOrEqual: Operate = (actual, expected, type) => {
  const left = rank(actual, type);
  const right = rank(expected, type);
  return left !== null && right !== null && left <= right;
};
