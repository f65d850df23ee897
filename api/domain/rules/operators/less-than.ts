import { type Operate, rank } from "./operand.ts";

/** Below the operand, which itself is too much. Absent: not met. */
export const lessThan: Operate = (actual, expected, type) => {
  const left = rank(actual, type);
  const right = rank(expected, type);
  return left !== null && right !== null && left < right;
};
