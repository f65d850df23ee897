/** Times of day at a place: what people type and read, and the instants of the API. */

const partsOf = (at: number, timeZone: string) => {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
};

function wallClock(at: number, timeZone: string): number {
  const { year, month, day, hour, minute, second } = partsOf(at, timeZone);
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}

/** An instant as a `datetime-local` field holds it. */
export function localText(at: string | null | undefined, timeZone: string): string {
  if (!at) return "";
  const { year, month, day, hour, minute, second } = partsOf(Date.parse(at), timeZone);
  return `${year}-${month}-${day}T${hour}:${minute}${second === "00" ? "" : `:${second}`}`;
}

/**
 * The instant of a local time, as the API takes it. An hour that the clocks skip is the one after, of an hour that comes
 * twice the first is meant. A text that is no time stays what it is: the API's schema says so.
 *
 * @param stored instants of what the form changes: one that is shown as this text is what is meant. A form that is saved
 * as it was opened moves nothing, neither in the second of two equal hours nor by seconds that no field shows.
 */
export function instantOf(
  text: string | undefined,
  timeZone: string,
  stored: readonly string[] = [],
): string | undefined {
  const plain = (text ?? "").trim();
  if (plain === "") return undefined;
  const unchanged = stored.find((at) => localText(at, timeZone) === plain);
  if (unchanged !== undefined) return unchanged;
  const wall = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(plain) ? Date.parse(`${plain}Z`) : Number.NaN;
  if (Number.isNaN(wall)) return plain;
  // The offset before and the offset after a change of the clocks: one of them, or both, give the time back.
  const offsets = [-86_400_000, 86_400_000].map((away) => wallClock(wall + away, timeZone) - (wall + away));
  const candidates = offsets.map((offset) => wall - offset).sort((a, b) => a - b);
  const exact = candidates.find((at) => wallClock(at, timeZone) === wall);
  return new Date(exact ?? candidates.at(-1) ?? wall).toISOString();
}

/** The instants in a definition, wherever they stand in it. */
export function instantsIn(value: unknown): string[] {
  if (typeof value === "string") return /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(value) ? [value] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(instantsIn) : [];
}

const shown = (timeZone: string) =>
  new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });

/** "Mon, 1 Dec 2025, 09:00 Europe/Berlin". */
export function MomentAt(props: { at: string; timeZone: string }) {
  return (
    <time datetime={props.at} class="nowrap">
      {`${shown(props.timeZone).format(Date.parse(props.at))} ${props.timeZone}`}
    </time>
  );
}

const steps = [
  [31_536_000, "year"],
  [2_592_000, "month"],
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
] as const;

/** "3 days ago", "in 2 hours", with the instant itself on hover. */
export function Ago(props: { at: string; now: number }) {
  const seconds = Math.round((Date.parse(props.at) - props.now) / 1_000);
  const [size, unit] = steps.find(([least]) => Math.abs(seconds) >= least) ?? [1, "second"];
  const text =
    Math.abs(seconds) < 60 ? "just now" : new Intl.RelativeTimeFormat("en").format(Math.trunc(seconds / size), unit);
  return (
    <time datetime={props.at} title={`${shown("UTC").format(Date.parse(props.at))} UTC`} class="nowrap">
      {text}
    </time>
  );
}
