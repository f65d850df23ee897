/** Runs all detectors on one point: the raw scores, and who or what is to blame for each. */
import { type Histograms, surpriseAt } from "./histograms.ts";
import { creditCuts, type IsolationForest, isolation } from "./isolation-forest.ts";
import {
  compressed,
  type LocalDensity,
  localFactor,
  makeNearest,
  meanNearest,
  type Nearest,
  type Reference,
  squaresTo,
} from "./neighbours.ts";

export interface Detectors {
  readonly plain: Reference;
  readonly compressed: Reference;
  /** Sizes of groups, the same in both. */
  readonly sizes: readonly number[];
  readonly local: LocalDensity;
  readonly forest: IsolationForest;
  readonly histograms: Histograms;
  readonly room: Room;
}

/** Where a row's scores are worked out: made once, as there is one row at a time, and a request must leave no garbage. */
interface Room {
  /** Of the point that was scored last: who is blamed for its score is read from them. */
  readonly squares: Float64Array;
  readonly smallSquares: Float64Array;
  readonly scores: Float64Array;
  readonly winners: Int32Array;
  readonly nearest: Nearest;
  /** The point with its large deviations compressed. */
  readonly small: Float32Array;
  /** Either of them in double precision, as distances are reckoned. */
  readonly wide: Float64Array;
}

export function makeRoom({ width, rows, order }: Reference, sizes: readonly number[], local: LocalDensity): Room {
  return {
    squares: new Float64Array(rows),
    smallSquares: new Float64Array(rows),
    scores: new Float64Array(sizes.length),
    winners: new Int32Array(order.length),
    nearest: makeNearest(local.neighbours),
    small: new Float32Array(width),
    wide: new Float64Array(width),
  };
}

/** Raw scores come in this order: the scales of the plain points, those of the compressed, and these. */
const others = ["local", "forest", "histograms"] as const;

export function detectorCount({ sizes }: Pick<Detectors, "sizes">): number {
  return 2 * sizes.length + others.length;
}

/** @param own the point's own place in the reference, −1 when it is not in it */
export function runDetectors(detectors: Detectors, point: Float32Array, own: number, out: Float64Array): void {
  const { sizes, plain } = detectors;
  const { squares, smallSquares, scores, winners, nearest, small, wide } = detectors.room;
  wide.set(point);
  squaresTo(plain, wide, own, squares);
  meanNearest(squares, plain.order, sizes, scores, winners);
  out.set(scores, 0);
  out[2 * sizes.length] = Math.log(localFactor(squares, detectors.local, nearest));
  wide.set(compressed(point, small));
  squaresTo(detectors.compressed, wide, own, smallSquares);
  meanNearest(smallSquares, plain.order, sizes, scores, winners);
  out.set(scores, sizes.length);
  out[2 * sizes.length + 1] = isolation(detectors.forest, point);
  out[2 * sizes.length + 2] = totalSurprise(detectors.histograms, point);
}

function totalSurprise(histograms: Histograms, point: Float32Array): number {
  let sum = 0;
  for (let place = 0; place < point.length; place += 1) sum += surpriseAt(histograms, place, point[place] as number);
  return sum;
}

/**
 * Adds to each number's place its share of the blame for the point that `runDetectors` was given last, each detector
 * counting as much as `amounts` says. A distance is made of the squared gaps to those neighbours that were the nearest, a
 * forest of the cuts that isolated the row, a histogram of the surprises.
 */
export function blame(detectors: Detectors, point: Float32Array, amounts: Float64Array, credit: Float64Array): void {
  const { sizes, plain } = detectors;
  const { squares, smallSquares, scores, winners, nearest, small } = detectors.room;
  const near = new Float64Array(plain.rows);
  meanNearest(squares, plain.order, sizes, scores, winners, (row, scale, share) => {
    near[row] = (near[row] as number) + share * (amounts[scale] as number);
  });
  for (let k = 0; k < nearest.count; k += 1) {
    const row = nearest.rows[k] as number;
    near[row] = (near[row] as number) + (amounts[2 * sizes.length] as number) / nearest.count;
  }
  creditGaps(plain, point, near, squares, credit);

  near.fill(0);
  meanNearest(smallSquares, plain.order, sizes, scores, winners, (row, scale, share) => {
    near[row] = (near[row] as number) + share * (amounts[sizes.length + scale] as number);
  });
  creditGaps(detectors.compressed, small, near, smallSquares, credit);

  const cuts = new Float64Array(point.length);
  creditCuts(detectors.forest, point, cuts);
  addShares(cuts, amounts[2 * sizes.length + 1] as number, credit);
  const surprises = Float64Array.from(point, (value, place) => surpriseAt(detectors.histograms, place, value));
  addShares(surprises, amounts[2 * sizes.length + 2] as number, credit);
}

function creditGaps(
  { width, points }: Reference,
  point: Float32Array,
  weights: Float64Array,
  squares: Float64Array,
  credit: Float64Array,
): void {
  for (let row = 0; row < weights.length; row += 1) {
    const weight = weights[row] as number;
    const square = squares[row] as number;
    if (weight === 0 || square === 0) continue;
    for (let place = 0; place < width; place += 1) {
      const gap = (point[place] as number) - (points[row * width + place] as number);
      credit[place] = (credit[place] as number) + (weight * gap * gap) / square;
    }
  }
}

function addShares(parts: Float64Array, amount: number, credit: Float64Array): void {
  const total = parts.reduce((sum, part) => sum + part, 0);
  if (total <= 0) return;
  for (let place = 0; place < parts.length; place += 1) {
    credit[place] = (credit[place] as number) + (amount * (parts[place] as number)) / total;
  }
}
