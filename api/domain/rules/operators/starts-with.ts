import { never, type Operate } from "./operand.ts";

/** Text that begins with the operand, by case. Absent: not met. */
export const startsWith: Operate = (expected) =>
  typeof expected === "string" ? (actual) => typeof actual === "string" && actual.startsWith(expected) : never;
