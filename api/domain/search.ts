/**
 * A bounded search for the best set of things that hinder each other: within a set as many as possible are tried, and
 * where one is in another's way, leaving out each of those that may be is tried too. Deterministic.
 */

/** What trying a set came to. */
export interface Attempt<T> {
  readonly result: T;
  /** Whether the result may be chosen. */
  readonly allowed: boolean;
  /** Members whose absence may make more of the others apply, or make the result allowed. */
  readonly hinderers: readonly number[];
}

export interface Found<T> {
  /** Null when nothing allowed was found. */
  readonly best: T | null;
  /** False when the bound was hit before every choice was looked at. */
  readonly exhaustive: boolean;
}

export interface Problem<T> {
  /** Sets of which only one can be chosen; a member is a number. Those before others are tried first. */
  readonly sets: readonly (readonly number[])[];
  readonly attempt: (members: readonly number[]) => Attempt<T>;
  readonly isBetter: (a: T, b: T) => boolean;
  readonly triesMax: number;
}

/** Sets waiting or tried: many are the same, reached by leaving out in another order. */
const queueMax = 5_000;

export function search<T>({ sets, attempt, isBetter, triesMax }: Problem<T>): Found<T> {
  let best: T | null = null;
  let tries = 0;
  const seen = new Set<string>();
  // Whole sets before parts of them: a good answer is found early, should the bound be hit.
  const queue = sets.map((members) => [...members]);
  for (let at = 0; at < queue.length; at += 1) {
    const members = queue[at] ?? [];
    const key = members.join(",");
    if (members.length === 0 || seen.has(key)) continue;
    if (tries === triesMax) return { best: best ?? oneByOne(sets, attempt), exhaustive: false };
    seen.add(key);
    tries += 1;
    const { result, allowed, hinderers } = attempt(members);
    if (allowed && (best === null || isBetter(result, best))) best = result;
    for (const hinderer of hinderers) {
      if (queue.length === queueMax) return { best: best ?? oneByOne(sets, attempt), exhaustive: false };
      queue.push(members.filter((member) => member !== hinderer));
    }
  }
  return { best, exhaustive: true };
}

/** How many members are tried one by one. */
const oneByOneMax = 50;

/** Where leaving out led nowhere: of the most promising set, one after the other, whatever can be allowed together. */
function oneByOne<T>([first = []]: Problem<T>["sets"], attempt: Problem<T>["attempt"]): T | null {
  let best: T | null = null;
  let kept: readonly number[] = [];
  for (const member of first.slice(0, oneByOneMax)) {
    const members = [...kept, member];
    const { result, allowed } = attempt(members);
    if (!allowed) continue;
    best = result;
    kept = members;
  }
  return best;
}
