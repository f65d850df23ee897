/** When an attempt is followed by another: as Standard Webhooks suggests, over three days. */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Pauses after the first attempt, the second and so on; after the last there is none. */
const pausesMs = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
] as const;

/** Receivers that fail for so long, and do nothing else, are told nothing more. */
const failingDays = 5;
const jitter = 0.2;

/**
 * @param tries so far, the one that failed among them.
 * @param random from 0 to 1: those that failed together come back apart.
 * @param asked how long the receiver wants to be left alone.
 * @returns undefined when it is given up.
 */
export function nextAttempt(tries: number, at: Date, random: number, asked?: number): Date | undefined {
  const pause = pausesMs[tries - 1];
  if (pause === undefined) return undefined;
  const own = pause * (1 + jitter * random);
  return new Date(at.getTime() + Math.round(Math.max(own, Math.min((asked ?? 0) * second, 24 * hour))));
}

export function isGivenUp(failingSince: Date, at: Date): boolean {
  return at.getTime() - failingSince.getTime() >= failingDays * 24 * hour;
}

/** The header is in seconds or a date (RFC 9110, 10.2.3). */
export function retryAfterSeconds(header: string | undefined, at: Date): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const until = Date.parse(header);
  return Number.isNaN(until) ? undefined : Math.max(0, Math.ceil((until - at.getTime()) / second));
}
