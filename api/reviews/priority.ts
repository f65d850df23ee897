/** What a review is expected to cost, and until when somebody should have looked at it. */

/** Where only a rule spoke and nothing could be scored: as likely as not. */
const scoreUnknown = 0.5;

/**
 * Risk × money: the score is a probability, so this is the expected loss in minor units. What costs nothing still stands
 * in the order of its score, below whatever costs anything.
 */
export function priorityOf(score: number | null, amountAtRisk: number): number {
  return (score ?? scoreUnknown) * Math.max(amountAtRisk, 1);
}

const hourMs = 3_600_000;
/** The service level, by priority in minor units, the highest first. */
const levels = [
  { from: 10_000, hours: 4 },
  { from: 1_000, hours: 24 },
  { from: 0, hours: 72 },
] as const;

/** What is held is no use to anybody once it has run out: it is due before. */
export function dueAt(priority: number, openedAt: Date, expiresAt: Date | null): Date {
  const hours = levels.find((level) => priority >= level.from)?.hours ?? 0;
  const due = new Date(openedAt.getTime() + hours * hourMs);
  return expiresAt !== null && expiresAt < due ? expiresAt : due;
}

/** Who holds a decision back wants more time. */
export const holdHours = 24;

/** So long nobody else can decide after somebody took a review, or renewed it. */
export const lockMinutes = 15;
