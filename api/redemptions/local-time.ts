/**
 * The wall clock of a time zone, and the period of it that an instant falls in. From an instant neither is ever
 * ambiguous, also when the clocks change.
 */
import { LRUCache } from "lru-cache";
import { Temporal } from "temporal-polyfill";
import type { Period } from "../domain/facts.ts";

export interface LocalTime {
  /** "HH:MM". */
  readonly time: string;
  /** 0 (Sunday) to 6. */
  readonly weekday: number;
  /** "YYYY-MM-DD". */
  readonly date: string;
}

interface WallClock extends LocalTime {
  /** From UTC: "+02:00". It tells the two hours apart that the clock shows twice. */
  readonly offset: string;
  /** ISO 8601, "2026-W48": the year is the week's, which near New Year is not the date's. */
  readonly week: string;
}

/** Many campaigns are asked about one instant, and instants of one minute look alike. */
const clocks = new LRUCache<string, WallClock>({ max: 2_000 });

/** The zone is a valid IANA name: campaigns are checked when they are written. */
export function localTime(instantMs: number, zone: string): LocalTime {
  const { time, weekday, date } = wallClock(instantMs, zone);
  return { time, weekday, date };
}

/**
 * The name of the period, the same for all its instants and no others: "hour 2026-10-25T02+02:00", "day 2026-11-23",
 * "week 2026-W48" (from Monday), "month 2026-11", "quarter 2026-Q4", "year 2026".
 */
export function bucketOf(instantMs: number, zone: string, period: Period): string {
  const { date, time, offset, week } = wallClock(instantMs, zone);
  switch (period) {
    case "hour":
      return `hour ${date}T${time.slice(0, 2)}${offset}`;
    case "day":
      return `day ${date}`;
    case "week":
      return `week ${week}`;
    case "month":
      return `month ${date.slice(0, -3)}`;
    case "quarter":
      return `quarter ${date.slice(0, -6)}-Q${Math.ceil(Number(date.slice(-5, -3)) / 3)}`;
    case "year":
      return `year ${date.slice(0, -6)}`;
  }
}

function wallClock(instantMs: number, zone: string): WallClock {
  const key = `${Math.floor(instantMs / 60_000)} ${zone}`;
  const known = clocks.get(key);
  if (known !== undefined) return known;
  const at = Temporal.Instant.fromEpochMilliseconds(Math.floor(instantMs)).toZonedDateTimeISO(zone);
  const clock: WallClock = {
    time: `${twoDigits(at.hour)}:${twoDigits(at.minute)}`,
    weekday: at.dayOfWeek % 7,
    date: at.toPlainDate().toString(),
    offset: at.offset,
    week: `${at.yearOfWeek}-W${twoDigits(at.weekOfYear ?? 0)}`,
  };
  // Before clocks agreed on whole minutes from UTC, the minutes of one zone began in the midst of ours.
  if (at.offsetNanoseconds % 60e9 === 0) clocks.set(key, clock);
  return clock;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
