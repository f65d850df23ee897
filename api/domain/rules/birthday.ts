/** Whether today lies around somebody's birthday. */
import { dayNumber, daysInMonth, epochDay, parseDate } from "./calendar.ts";
import type { BirthdayWindow } from "./rule.ts";

/**
 * Both ends included, also across the turn of the year. Who was born on 29 February has their birthday on the 28th in
 * other years. Dates that are none are never inside.
 */
export function inBirthdayWindow(window: BirthdayWindow, birthday: string, today: string): boolean {
  const born = parseDate(birthday);
  const day = epochDay(today);
  if (born === null || day === null) return false;
  const thisYear = Number(today.slice(0, 4));
  for (const year of [thisYear - 1, thisYear, thisYear + 1]) {
    const celebrated = dayNumber(year, born.month, Math.min(born.day, daysInMonth(year, born.month)));
    if (day >= celebrated - window.days_before && day <= celebrated + window.days_after) return true;
  }
  return false;
}
