/** The wall clock of a campaign's time zone. From an instant this is never ambiguous, also when the clocks change. */

const formats = new Map<string, Intl.DateTimeFormat>();
const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

function format(zone: string): Intl.DateTimeFormat {
  let known = formats.get(zone);
  if (known === undefined) {
    known = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formats.set(zone, known);
  }
  return known;
}

/** "HH:MM" and 0 (Sunday) to 6. The zone is a valid IANA name: campaigns are checked when they are written. */
export function localTime(instant: number, zone: string): { time: string; weekday: number } {
  const parts = new Map(
    format(zone)
      .formatToParts(instant)
      .map((part) => [part.type, part.value]),
  );
  return {
    time: `${parts.get("hour")}:${parts.get("minute")}`,
    weekday: weekdays.indexOf(parts.get("weekday") ?? ""),
  };
}
