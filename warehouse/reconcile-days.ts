/** Which days a comparison covers, and how both stores say so. */

/** From 00:00 UTC of the first day up to 00:00 UTC of the last. YYYY-MM-DD. */
interface DayRange {
  readonly from: string;
  readonly to: string;
}

/** Ranges in order, apart from each other. */
export type Days = readonly DayRange[];

/** More would make the queries long: then everything between the first and the last is looked at. */
const rangesMax = 40;
const dayMs = 86_400_000;

/** @throws RangeError on what is no day: these texts become part of queries. */
export function toDays(days: Iterable<string>): Days {
  const ranges: { from: string; to: string }[] = [];
  for (const day of [...new Set(days)].sort()) {
    const next = dayAfter(day);
    const last = ranges.at(-1);
    if (last?.to === day) last.to = next;
    else ranges.push({ from: day, to: next });
  }
  const [first, last] = [ranges[0], ranges.at(-1)];
  return ranges.length > rangesMax && first && last ? [{ from: first.from, to: last.to }] : ranges;
}

function dayAfter(day: string): string {
  const at = Date.parse(`${day}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(at)) throw new RangeError(`not a day: ${day}`);
  return new Date(at + dayMs).toISOString().slice(0, 10);
}

export function includesDay(days: Days, day: string): boolean {
  return days.some(({ from, to }) => from <= day && day < to);
}

export function countDays(days: Days): number {
  return days.reduce((sum, { from, to }) => sum + (Date.parse(to) - Date.parse(from)) / dayMs, 0);
}

/** A condition that Postgres answers by an index on the column. Without days everything is meant. */
export function withinPostgres(column: string, days: Days | undefined): string {
  if (days === undefined) return "true";
  const ranges = days.map(({ from, to }) => `${column} >= '${from} 00:00:00+00' and ${column} < '${to} 00:00:00+00'`);
  return `(${ranges.join(" or ") || "false"})`;
}

/** A condition that leaves whole partitions of `events_raw` unread. */
export function withinWarehouse(days: Days | undefined): string {
  if (days === undefined) return "1";
  const instant = (day: string) => `toDateTime64('${day} 00:00:00', 3, 'UTC')`;
  const ranges = days.map(({ from, to }) => `occurred_at >= ${instant(from)} AND occurred_at < ${instant(to)}`);
  return `(${ranges.join(" OR ") || "0"})`;
}
