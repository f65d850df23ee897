/** How rows are held back to judge members: on what came later, by whole groups, or at random with equal shares. */
import { permutation, seeded } from "../../training/random.ts";

export interface Fold {
  readonly train: Uint32Array;
  readonly held: Uint32Array;
}

export interface Folds {
  readonly kind: "over time" | "by groups" | "at random";
  readonly folds: readonly Fold[];
}

export interface FoldOptions {
  readonly seed: number;
  readonly groups?: readonly string[];
  readonly times?: ArrayLike<number>;
}

/** Fewer folds for more rows: one judgement over 60,000 rows is sharper than five over 500. */
function foldsFor(rows: number): number {
  return rows <= 50_000 ? 5 : rows <= 150_000 ? 3 : 2;
}

/** Empty when there are too few rows of either class to hold any back. */
export function makeFolds(labels: ArrayLike<number>, options: FoldOptions): Folds {
  const overTime = options.times === undefined ? [] : timeFolds(labels, options.times);
  if (tellsApart(overTime, labels)) return { kind: "over time", folds: overTime };
  const { groups } = options;
  if (groups !== undefined) {
    const byGroups = groupFolds(labels, groups, options.seed);
    if (tellsApart(byGroups, labels)) return { kind: "by groups", folds: byGroups };
  }
  return { kind: "at random", folds: randomFolds(labels, options.seed) };
}

/** Where the held-back stretches begin, as shares of the rows in order; each is judged by all that came before it. */
const timeCuts = [0.4, 0.55, 0.7, 0.85];

function timeFolds(labels: ArrayLike<number>, times: ArrayLike<number>): Fold[] {
  const order = Uint32Array.from({ length: labels.length }, (_, row) => row).sort(
    (a, b) => (times[a] as number) - (times[b] as number) || a - b,
  );
  const shares = timeCuts.slice(timeCuts.length - Math.min(timeCuts.length, foldsFor(labels.length)));
  const cuts = [...new Set(shares.map((share) => momentStart(order, times, Math.floor(share * order.length))))];
  const folds = cuts.map((cut, index) => ({
    train: order.slice(0, cut),
    held: order.slice(cut, cuts[index + 1] ?? order.length),
  }));
  return folds.filter((fold) => usable(fold, labels));
}

/** The nearer end of a moment that lies across the cut: rows of one moment stay together. */
function momentStart(order: Uint32Array, times: ArrayLike<number>, cut: number): number {
  const moment = times[order[cut] as number];
  let before = cut;
  while (before > 0 && times[order[before - 1] as number] === moment) before -= 1;
  let after = cut;
  while (after < order.length && times[order[after] as number] === moment) after += 1;
  return before > 0 && cut - before <= after - cut ? before : after;
}

function groupFolds(labels: ArrayLike<number>, groups: readonly string[], seed: number): Fold[] {
  const names = [...new Set(groups)];
  const count = Math.min(foldsFor(labels.length), Math.floor(names.length / 2));
  if (count < 2) return [];
  const order = permutation(names.length, seeded(seed));
  const foldOf = new Map(Array.from(order, (at, index) => [names[at] as string, index % count]));
  return split(
    labels.length,
    count,
    groups.map((group) => foldOf.get(group) ?? 0),
  ).filter((fold) => usable(fold, labels));
}

function randomFolds(labels: ArrayLike<number>, seed: number): Fold[] {
  const random = seeded(seed);
  const rowsOf = (label: number) =>
    Uint32Array.from({ length: labels.length }, (_, row) => row).filter((row) => labels[row] === label);
  const classes = [rowsOf(0), rowsOf(1)];
  const count = Math.min(foldsFor(labels.length), ...classes.map((rows) => rows.length));
  if (count < 2) return [];
  const foldOf = new Array<number>(labels.length).fill(0);
  for (const rows of classes) {
    for (const [index, at] of permutation(rows.length, random).entries()) foldOf[rows[at] as number] = index % count;
  }
  return split(labels.length, count, foldOf);
}

function split(rows: number, count: number, foldOf: readonly number[]): Fold[] {
  const all = Uint32Array.from({ length: rows }, (_, row) => row);
  return Array.from({ length: count }, (_, fold) => ({
    train: all.filter((row) => foldOf[row] !== fold),
    held: all.filter((row) => foldOf[row] === fold),
  }));
}

/** Held-back rows of one class alone would have every row called that class, with certainty. */
function tellsApart(folds: readonly Fold[], labels: ArrayLike<number>): boolean {
  return new Set(folds.flatMap(({ held }) => Array.from(held, (row) => labels[row]))).size > 1;
}

function usable({ train, held }: Fold, labels: ArrayLike<number>): boolean {
  let positives = 0;
  for (const row of train) positives += labels[row] as number;
  return held.length > 0 && positives >= 2 && train.length - positives >= 2;
}
