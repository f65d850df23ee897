import { never, type Operate } from "./operand.ts";

/** "Every n-th" of a count: n, 2n, 3n … Zero is not met, for who has done nothing is not at the n-th. Absent: not met. */
export const multipleOf: Operate = (expected) =>
  typeof expected === "number" && expected > 0
    ? (actual) => typeof actual === "number" && actual > 0 && actual % expected === 0
    : never;
