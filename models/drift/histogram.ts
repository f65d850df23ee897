/**
 * How values lay when a model was trained, in a few numbers, and how far others lie from them: the population stability
 * index (Siddiqi, Credit Risk Scorecards, 2006, chapter 6), Σ (p − q) ln(p / q) over bins.
 */
import { z } from "zod";

export const histogramSchema = z
  .object({
    /** Ascending. A value lies in the bin whose number is that of the edges that it is above. */
    edges: z.array(z.number()).max(11),
    /** One more than edges. */
    counts: z.array(z.int().nonnegative()),
    /** Without a value. What takes a default instead has one, as it has in service. */
    missing: z.int().nonnegative(),
  })
  .refine(({ edges, counts }) => counts.length === edges.length + 1, { message: "a bin more than edges is needed" })
  .refine(({ edges }) => edges.every((edge, at) => at === 0 || edge > (edges[at - 1] ?? edge)), {
    message: "edges ascend",
  });
export type Histogram = z.infer<typeof histogramSchema>;

const deciles = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] as const;

/**
 * Bins by the deciles of the values; one value that is several deciles has a bin of its own. Edges lie between values, never
 * on one: the same value computed by SQL and by TypeScript may differ in its last digit. Where an end is one value only, as
 * of counts that are mostly 0 or of what never changes, there is an empty bin beyond it: whatever else comes is news.
 */
export function fitHistogram(values: readonly number[]): Histogram {
  const sorted = Float64Array.from(values.filter(Number.isFinite)).sort();
  const missing = values.length - sorted.length;
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return { edges: [], counts: [0], missing };
  const edges: number[] = [];
  const cut = (edge: number) => {
    if (edge > (edges.at(-1) ?? Number.NEGATIVE_INFINITY)) edges.push(edge);
  };
  const decile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? first;
  for (const [at, share] of deciles.entries()) {
    const value = decile(share);
    const before = sorted[count(sorted, (each) => each < value) - 1];
    const next = sorted[count(sorted, (each) => each <= value)];
    if (before !== undefined && value === decile(deciles[at + 1] ?? 1)) cut(between(before, value));
    if (next !== undefined) cut(between(value, next));
  }
  const lowest = edges[0];
  const highest = edges.at(-1);
  const second = sorted[count(sorted, (each) => each <= first)];
  const below = beyond(first, -1);
  const isAlone = lowest === undefined || second === undefined || second > lowest;
  if (isAlone && below < (lowest ?? first)) edges.unshift(below);
  if (highest === undefined || sorted[count(sorted, (each) => each <= highest)] === last) cut(beyond(last, 1));
  const counts = edges.map(() => 0).concat(0);
  for (const value of sorted) {
    const bin = edges.filter((edge) => value > edge).length;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { edges, counts, missing };
}

/** How many of the ascending values come before the first for which it is false. */
function count(sorted: Float64Array, isBefore: (value: number) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(sorted[middle] ?? Number.NaN)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** In few digits where they suffice: manifests are kept and sent about. */
function between(value: number, next: number): number {
  const middle = value / 2 + next / 2;
  const short = Number(middle.toPrecision(6));
  return short > value && short < next ? short : middle;
}

function beyond(value: number, sign: 1 | -1): number {
  const edge = value + sign * 1e-6 * Math.max(1, Math.abs(value));
  return Number.isFinite(edge) ? edge : value;
}

/**
 * Of counts in the same bins. Where a bin has rows on one side only, half a row in every bin besides keeps the logarithm
 * finite; bins that nobody is in say nothing and count for nothing.
 */
export function stabilityIndex(reference: readonly number[], recent: readonly number[]): number {
  const bins = reference
    .map((before, bin) => ({ before, now: recent[bin] ?? 0 }))
    .filter(({ before, now }) => before + now > 0);
  const rows = (of: (bin: (typeof bins)[number]) => number) =>
    bins.reduce((sum, bin) => sum + of(bin), 0) + bins.length / 2;
  const [before, now] = [rows((bin) => bin.before), rows((bin) => bin.now)];
  return bins.reduce((sum, bin) => {
    const [p, q] = [(bin.now + 0.5) / now, (bin.before + 0.5) / before];
    return sum + (p - q) * Math.log(p / q);
  }, 0);
}

/** What counts are compared: the bins, and what had no value. */
export function countsOf({ counts, missing }: Histogram): number[] {
  return [...counts, missing];
}
