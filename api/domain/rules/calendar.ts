/** Dates and wall clocks as whole numbers, so that they can be compared and added. No zone, no clock. */
import { parseLocalTime } from "../time.ts";

const dayMs = 86_400_000;
export const dayMinutes = 1_440;

export interface CalendarDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

/** "YYYY-MM-DD"; null for anything else, 31 February included. */
export function parseDate(text: string): CalendarDate | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month) ? { year, month, day } : null;
}

/** Days since 1 January 1970; null for what is not a date. */
export function epochDay(text: string): number | null {
  const date = parseDate(text);
  return date === null ? null : dayNumber(date.year, date.month, date.day);
}

/** Days since 1 January 1970. A month beyond 12 or below 1 counts on into the neighbouring years. */
export function dayNumber(year: number, month: number, day: number): number {
  // Date.UTC takes years below 100 for those of the last century; 400 years are a whole number of weeks and cycles.
  return Date.UTC(year + 400, month - 1, day) / dayMs - 146_097;
}

/** Of a month that may lie beyond 12 or below 1. */
export function daysInMonth(year: number, month: number): number {
  return dayNumber(year, month + 1, 1) - dayNumber(year, month, 1);
}

/** "YYYY-MM-DDTHH:MM" in minutes since 1970 on that wall clock; null for anything else. */
export function parseWallClock(text: string): number | null {
  if (text.charAt(10) !== "T") return null;
  const day = epochDay(text.slice(0, 10));
  const minutes = parseLocalTime(text.slice(11));
  return day === null || minutes === null ? null : day * dayMinutes + minutes;
}
