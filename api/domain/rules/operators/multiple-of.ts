import { never, type Operate } from "./operand.ts";

/**
 * "Every n-th" of a count: n, 2n, 3n … Zero is not met, for who has done nothing is not at the n-th. Nor is what lies
 * beyond 2^53, where numbers do not count one by one. Absent: not met.
 */
export const multipleOf: Operate = (expected) =>
  typeof expected === "number" && expected > 0
    ? (actual) =>
        typeof actual === "number" && actual > 0 && actual <= Number.MAX_SAFE_INTEGER && actual % expected === 0
    : never;
