/** How many customers one question is about: as many as are answered in some seconds, here and now. */

export interface BatchLimits {
  readonly first: number;
  readonly least: number;
  /** Bounds the memory on both sides. */
  readonly most: number;
}

export const batchLimits: BatchLimits = { first: 20_000, least: 1_000, most: 100_000 };

/** Much of a question's time is to read the question: large ones are cheaper. But between two others get a turn. */
const wantedMs = 3_000;

/** After one that was answered: never more than twice as many as before. */
export function nextSize(size: number, tookMs: number, limits: BatchLimits): number {
  const wanted = (size * wantedMs) / Math.max(tookMs, 1);
  const near = Math.min(Math.max(wanted, size / 2), size * 2);
  return Math.round(Math.min(Math.max(near, limits.least), limits.most));
}

/** After one that was too much; undefined when it cannot be less. */
export function smallerSize(size: number, limits: BatchLimits): number | undefined {
  return size <= limits.least ? undefined : Math.max(limits.least, Math.floor(size / 4));
}
