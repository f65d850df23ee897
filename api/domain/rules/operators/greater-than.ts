import { type Operate, rank } from "./operand.ts";

/** Above the operand, which itself is not enough. Absent: not met. */
export const greaterThan: Operate = (actual, expected, type) => {
  const left = rank(actual, type);
  const right = rank(expected, type);
  return left !== null && right !== null && left > right;
};
