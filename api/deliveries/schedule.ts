/** When a delivery is tried again, and when it is given up. */

/** Seconds before the second attempt, the third and so on: a greylisting server wants minutes, one that is down hours. */
const pausesSeconds = [30, 120, 600, 1_800, 7_200, 21_600, 43_200];
/** 8 attempts, about a day in all. */
export const attemptsMax = pausesSeconds.length + 1;

/** Who waits for longer than this (for a rate, a channel that is off) comes too late for what it brings. */
export const waitingHoursMax = 72;

/** From when it is ordered until it goes out at last: it waits, and each further attempt comes after a day at most. */
export const sentWithinDays = Math.ceil(waitingHoursMax / 24) + attemptsMax;

/** What one attempt has; whoever says nothing by then died. */
export const attemptSeconds = 60;
/** A process that was stopped for a while may still be at it: only after this an attempt counts as cut off. */
export const cutOffSeconds = 2 * attemptSeconds;

/** While a channel is switched off, or its credentials cannot be opened. */
export const offPauseSeconds = 900;

/** @param afterSeconds what the provider asks for; it is heard, up to a day. */
export function nextAttemptAt(attempt: number, at: Date, afterSeconds = 0): Date {
  const pause = Math.max(pausesSeconds[attempt - 1] ?? 0, Math.min(afterSeconds, 86_400));
  return new Date(at.getTime() + pause * 1_000);
}
