import { found } from "../pattern.ts";
import { never, type Operate } from "./operand.ts";

/**
 * Text in which the pattern is found anywhere, by case: `^` and `$` bind it to the ends, `(?i)` makes case not matter.
 * The syntax is RE2's, without look-around and back-references, so that the time is linear in the text. A text beyond
 * 1,000 characters is not looked at and not met. Absent: not met.
 */
export const matches: Operate = (expected) =>
  typeof expected === "string" ? (actual) => typeof actual === "string" && found(expected, actual) : never;
