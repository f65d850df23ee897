import { never, type Operate } from "./operand.ts";

/** Text that ends with the operand, by case. Absent: not met. */
export const endsWith: Operate = (expected) =>
  typeof expected === "string" ? (actual) => typeof actual === "string" && actual.endsWith(expected) : never;
