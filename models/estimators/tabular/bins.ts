/** Inputs cut into at most 255 bins, so that the best split of a node is found by adding up a histogram. */
import type { Inputs } from "./inputs.ts";

const binsMax = 254;

export interface BinnedInput {
  /** A bin per row. */
  readonly bins: Uint8Array;
  /** A value belongs to the first bin whose upper bound it does not exceed; the last bin has none. */
  readonly bounds: Float64Array;
  /** The bins are codes of levels without an order. */
  readonly unordered: boolean;
  /** The bin of missing values, after all others; 0 when there are none. */
  readonly missingBin: number;
}

export function binsOf(input: BinnedInput): number {
  return Math.max(input.bounds.length, input.missingBin) + 1;
}

/**
 * @param classes a 0 or 1 per row: half of the cuts are then drawn from each class. Where positives are rare, they often
 * sit in a tail that shares of all rows would leave in a single bin.
 */
export function binInputs(inputs: Inputs, classes?: ArrayLike<number>): BinnedInput[] {
  return Array.from({ length: inputs.width }, (_, input) => binInput(inputs, input, classes));
}

function binInput({ rows, width, values, unordered }: Inputs, input: number, classes?: ArrayLike<number>): BinnedInput {
  const column = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) column[row] = values[row * width + input] as number;
  const bins = new Uint8Array(rows);
  if (unordered[input] === true) {
    bins.set(column);
    const codes = bins.reduce((most, code) => Math.max(most, code), 0) + 1;
    const bounds = Float64Array.from({ length: codes - 1 }, (_, code) => code);
    return { bins, bounds, unordered: true, missingBin: 0 };
  }
  const bounds = cuts(column, classes);
  const hasMissing = column.some((value) => Number.isNaN(value));
  const missingBin = hasMissing ? bounds.length + 1 : 0;
  for (let row = 0; row < rows; row += 1) {
    const value = column[row] as number;
    bins[row] = Number.isNaN(value) ? missingBin : binOf(bounds, value);
  }
  return { bins, bounds, unordered: false, missingBin };
}

/** Halfway between neighbouring values: between all of them when they are few, else where equal shares of rows meet. */
function cuts(column: Float64Array, classes?: ArrayLike<number>): Float64Array {
  const known = column.filter((value) => !Number.isNaN(value)).sort();
  const distinct: number[] = [];
  for (const value of known) if (value !== distinct.at(-1)) distinct.push(value);
  // In the precision that trees are kept in, so that a row goes the same way in training and in use.
  const between = (index: number) => Math.fround(((distinct[index] ?? 0) + (distinct[index + 1] ?? 0)) / 2);
  if (distinct.length <= binsMax) {
    return Float64Array.from(new Set(Array.from({ length: Math.max(0, distinct.length - 1) }, (_, at) => between(at))));
  }
  const shares =
    classes === undefined
      ? [known]
      : [0, 1].map((wanted) => column.filter((value, row) => !Number.isNaN(value) && classes[row] === wanted).sort());
  const quantiles = shares.flatMap((sorted) => {
    const parts = Math.floor(binsMax / shares.length);
    return Array.from({ length: parts - 1 }, (_, part) => sorted[Math.floor(((part + 1) * sorted.length) / parts)]);
  });
  const found: number[] = [];
  let at = 0;
  for (const quantile of quantiles.filter((value) => value !== undefined).sort((a, b) => a - b)) {
    while ((distinct[at] as number) < quantile) at += 1;
    if (at + 1 >= distinct.length) break;
    const cut = between(at);
    if (cut !== found.at(-1)) found.push(cut);
  }
  return Float64Array.from(found);
}

function binOf(bounds: Float64Array, value: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (bounds[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
