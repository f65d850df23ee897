/** Times of day where a customer is. Pure: the instant comes in. */
import { Temporal } from "temporal-polyfill";
import { isTimeZone, type Settings } from "./definition.ts";

/** The customer's attribute `time_zone`, where it names one; else the workflow's. */
export function zoneOf(settings: Pick<Settings, "time_zone">, attributes: Readonly<Record<string, unknown>>): string {
  const own = attributes.time_zone;
  return typeof own === "string" && own.length <= 100 && isTimeZone(own) ? own : settings.time_zone;
}

/** The next instant after `now` at which the clocks show it. A time that a change of clocks leaves out comes as late as it is long. */
export function nextAt(now: Date, time: string, zone: string): Date {
  const local = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(zone);
  for (const days of [0, 1, 2]) {
    const at = local
      .toPlainDate()
      .add({ days })
      .toZonedDateTime({ timeZone: zone, plainTime: Temporal.PlainTime.from(time) });
    if (at.epochMilliseconds > now.getTime()) return new Date(at.epochMilliseconds);
  }
  throw new Error("no such time of day in three days");
}

/** Until when nothing is delivered; null: it may be now. */
export function quietUntil(now: Date, quiet: Settings["quiet_hours"], zone: string): Date | null {
  if (quiet === undefined) return null;
  const time = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(zone).toPlainTime();
  const clock = time.toString({ smallestUnit: "minute" });
  const { from, to } = quiet;
  const isQuiet = from < to ? clock >= from && clock < to : clock >= from || clock < to;
  return isQuiet ? nextAt(now, to, zone) : null;
}

/**
 * The instant at which a yearly day is celebrated in a year: so many days before it, at that time. Who was born on
 * 29 February celebrates on the 28th in other years.
 */
export function yearlyMoment(
  day: string,
  year: number,
  { daysBefore, at, zone }: { readonly daysBefore: number; readonly at: string; readonly zone: string },
): Date {
  const { month, day: ofMonth } = Temporal.PlainDate.from(day);
  const date = Temporal.PlainDate.from({ year, month, day: ofMonth }, { overflow: "constrain" }).subtract({
    days: daysBefore,
  });
  const moment = date.toZonedDateTime({ timeZone: zone, plainTime: Temporal.PlainTime.from(at) });
  return new Date(moment.epochMilliseconds);
}

/** "YYYY-MM-DD" there and then. */
export function localDate(at: Date, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone).toPlainDate().toString();
}
