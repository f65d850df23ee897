/**
 * Recurring windows of a wall clock. All arithmetic is on what the clock shows, so a window keeps its time of day when
 * the clocks change: an hour that the clock skips is in no window, and an hour that it shows twice is in it twice.
 */
import { dayMinutes, dayNumber, daysInMonth, parseDate, parseWallClock } from "./calendar.ts";
import type { Recurrence } from "./rule.ts";

/** Takes "YYYY-MM-DDTHH:MM". A recurrence or a clock that cannot be read is never met. */
export function recurrenceTest(recurrence: Recurrence): (wallClock: string) => boolean {
  const start = parseWallClock(recurrence.start);
  const until = recurrence.until === undefined ? Number.POSITIVE_INFINITY : parseWallClock(recurrence.until);
  if (start === null || until === null) return () => false;
  const latestStart = latestStartOf(recurrence, start);
  return (wallClock) => {
    const now = parseWallClock(wallClock);
    if (now === null || now < start || now >= until) return false;
    const began = latestStart(now);
    return began !== null && now < began + recurrence.duration_minutes;
  };
}

/** When the last window began that began at or before `now`: earlier ones ended earlier. Null when none can still be open. */
function latestStartOf(recurrence: Recurrence, start: number): (now: number) => number | null {
  const interval = recurrence.interval ?? 1;
  if (recurrence.every === "day" || recurrence.every === "week") {
    const step = interval * (recurrence.every === "day" ? 1 : 7) * dayMinutes;
    return (now) => start + Math.floor((now - start) / step) * step;
  }
  return byMonths(recurrence, start, interval * (recurrence.every === "month" ? 1 : 12));
}

function byMonths(recurrence: Recurrence, start: number, step: number): (now: number) => number | null {
  const first = parseDate(recurrence.start.slice(0, 10));
  if (first === null) return () => null;
  const timeOfDay = start - dayNumber(first.year, first.month, first.day) * dayMinutes;
  return (now) => {
    const today = new Date(now * 60_000);
    const passed = (today.getUTCFullYear() - first.year) * 12 + today.getUTCMonth() + 1 - first.month;
    for (let months = Math.floor(passed / step) * step; months >= 0; months -= step) {
      const month = first.month + months;
      const monthEnd = dayNumber(first.year, month + 1, 1) * dayMinutes;
      if (monthEnd + recurrence.duration_minutes <= now) return null;
      if (first.day > daysInMonth(first.year, month)) continue;
      const began = dayNumber(first.year, month, first.day) * dayMinutes + timeOfDay;
      if (began <= now) return began;
    }
    return null;
  };
}
