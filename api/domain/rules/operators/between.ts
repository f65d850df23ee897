import { never, type Operate, rank } from "./operand.ts";

/**
 * Numbers and dates: both ends included, for a date is a whole day. Times, like every window of time: the start
 * included, the end not; a time of day may wrap midnight (22:00 to 06:00), and equal ends mean the whole day.
 * Absent: not met.
 */
export const between: Operate = (expected, type) => {
  if (!Array.isArray(expected)) return never;
  const from = rank(expected[0], type);
  const to = rank(expected[1], type);
  if (from === null || to === null) return never;
  return (actual) => {
    const value = rank(actual, type);
    if (value === null) return false;
    if (type === "instant") return value >= from && value < to;
    if (type !== "local_time") return value >= from && value <= to;
    return from < to ? value >= from && value < to : value >= from || value < to;
  };
};
