import { type Operate, rank } from "./operand.ts";

/**
 * Numbers: both ends included. Times, like every window of time: the start included, the end not; a time of day may
 * wrap midnight (22:00 to 06:00), and equal ends mean the whole day. Absent: not met.
 */
export const between: Operate = (actual, expected, type) => {
  if (!Array.isArray(expected)) return false;
  const [value, from, to] = [rank(actual, type), rank(expected[0], type), rank(expected[1], type)];
  if (value === null || from === null || to === null) return false;
  if (type === "instant") return value >= from && value < to;
  if (type !== "local_time") return value >= from && value <= to;
  return from < to ? value >= from && value < to : value >= from || value < to;
};
