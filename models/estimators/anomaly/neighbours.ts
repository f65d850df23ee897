/**
 * How far a point is from its nearest neighbours, at several scales at once.
 *
 * The nearest of ψ random training rows, averaged over many such samples (Sugiyama and Borgwardt 2013; Wu and Jermaine
 * 2006): with small ψ even a tight group of strangers is far from everybody, with large ψ a stranger between two dense
 * groups is seen. One pass over a fixed reference serves all scales: it is cut into groups of 4, of 8, … of 128.
 * Beside them the local outlier factor (Breunig and others 2000) on the same distances.
 */

/** Sizes of the groups. */
const scales = [4, 8, 16, 32, 64, 128] as const;
const neighboursMax = 20;

export interface Reference {
  readonly width: number;
  readonly rows: number;
  /** Row after row; of single precision, kept as they are reckoned with: to widen them would cost as much as to subtract. */
  readonly points: Float64Array;
  /** Places in the reference, in the order in which they are cut into groups; a small reference appears repeatedly. */
  readonly order: Int32Array;
}

/** Squares of the distances to each reference row; that of `own` (−1: none) is infinite. */
export function squaresTo(
  { width, rows, points }: Pick<Reference, "width" | "rows" | "points">,
  point: Float64Array,
  own: number,
  out: Float64Array,
): void {
  const fours = width - (width % 4);
  // Two rows at once, so that a number of the point is read for both; without a second one, the last row is its own pair.
  for (let row = 0; row < rows; row += 2) {
    const other = row + 1 < rows ? row + 1 : row;
    const here = row * width;
    const there = other * width;
    // Four sums a row: one alone would wait for each addition to end.
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let e = 0;
    let f = 0;
    let g = 0;
    let h = 0;
    let j = 0;
    for (; j < fours; j += 4) {
      const first = point[j] as number;
      const second = point[j + 1] as number;
      const third = point[j + 2] as number;
      const fourth = point[j + 3] as number;
      a += square(first - (points[here + j] as number));
      b += square(second - (points[here + j + 1] as number));
      c += square(third - (points[here + j + 2] as number));
      d += square(fourth - (points[here + j + 3] as number));
      e += square(first - (points[there + j] as number));
      f += square(second - (points[there + j + 1] as number));
      g += square(third - (points[there + j + 2] as number));
      h += square(fourth - (points[there + j + 3] as number));
    }
    for (; j < width; j += 1) {
      a += square((point[j] as number) - (points[here + j] as number));
      e += square((point[j] as number) - (points[there + j] as number));
    }
    out[row] = a + b + (c + d);
    out[other] = e + f + (g + h);
  }
  if (own >= 0) out[own] = Number.POSITIVE_INFINITY;
}

function square(value: number): number {
  return value * value;
}

/** Which sizes of groups a reference allows: at least two groups of different rows. */
export function usableScales(rows: number): number[] {
  return scales.filter((size, index) => index === 0 || size <= rows / 2);
}

/**
 * The mean distance to the nearest of a group, by size of group, written into `out`. Larger groups are made of
 * smaller ones, so that each level is computed from the one before, in place.
 *
 * @param winners room for as many numbers as there are groups of the smallest size
 * @param nearest called with the nearest row of each group, its size and the share it has in the mean
 */
export function meanNearest(
  squares: Float64Array,
  order: Int32Array,
  sizes: readonly number[],
  out: Float64Array,
  winners: Int32Array,
  nearest?: (row: number, scale: number, share: number) => void,
): void {
  let level = order;
  let length = order.length;
  let size = 1;
  for (let scale = 0; scale < sizes.length; scale += 1) {
    const step = (sizes[scale] as number) / size;
    size = sizes[scale] as number;
    const groups = Math.floor(length / step);
    let sum = 0;
    let counted = 0;
    for (let group = 0, at = 0; group < groups; group += 1) {
      let best = level[at] as number;
      let least = squares[best] as number;
      at += 1;
      for (let k = 1; k < step; k += 1, at += 1) {
        const row = level[at] as number;
        const square = squares[row] as number;
        if (square < least) {
          best = row;
          least = square;
        }
      }
      // What is overwritten was read: a group lies behind the place of its winner.
      winners[group] = best;
      if (least === Number.POSITIVE_INFINITY) continue;
      sum += Math.sqrt(least);
      counted += 1;
    }
    out[scale] = counted === 0 ? 0 : sum / counted;
    if (nearest !== undefined) {
      for (let group = 0; group < groups; group += 1) nearest(winners[group] as number, scale, 1 / groups);
    }
    level = winners;
    length = groups;
  }
}

export interface LocalDensity {
  /** Distance of each reference row to its k-th neighbour, and its local reachability density. */
  readonly reach: Float64Array;
  readonly density: Float64Array;
  readonly neighbours: number;
}

export function fitLocalDensity(reference: Reference): LocalDensity {
  const { rows, width, points } = reference;
  const neighbours = Math.max(1, Math.min(neighboursMax, rows - 1));
  const squares = new Float64Array(rows);
  const reach = new Float64Array(rows);
  const density = new Float64Array(rows);
  const all: Nearest[] = [];
  for (let row = 0; row < rows; row += 1) {
    const nearest = makeNearest(neighbours);
    squaresTo(reference, points.subarray(row * width, (row + 1) * width), row, squares);
    findNearest(squares, nearest);
    all.push(nearest);
    reach[row] = nearest.count === 0 ? 0 : (nearest.gaps[nearest.count - 1] as number);
  }
  for (const [row, nearest] of all.entries()) density[row] = densityAt(nearest, reach);
  return { reach, density, neighbours };
}

/** The rows nearest to a point and their distances, nearest first; only the first `count` mean anything. */
export interface Nearest {
  readonly rows: Int32Array;
  readonly gaps: Float64Array;
  count: number;
}

export function makeNearest(wanted: number): Nearest {
  return { rows: new Int32Array(wanted), gaps: new Float64Array(wanted), count: 0 };
}

/**
 * About 1 where it is as dense as around the neighbours, more where it is emptier.
 *
 * @param nearest room for as many as the neighbourhood has; they are there afterwards
 */
export function localFactor(squares: Float64Array, local: LocalDensity, nearest: Nearest): number {
  findNearest(squares, nearest);
  const { rows, count } = nearest;
  const own = densityAt(nearest, local.reach);
  let around = 0;
  for (let k = 0; k < count; k += 1) around += (local.density[rows[k] as number] as number) / count;
  return count === 0 ? 1 : around / own;
}

function densityAt({ rows, gaps, count }: Nearest, reach: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < count; k += 1) sum += Math.max(gaps[k] as number, reach[rows[k] as number] as number);
  // Copies of one row are infinitely dense: bounded, so that ratios stay numbers.
  return count / Math.max(sum, 1e-9 * count);
}

/** Those at a finite distance, as many as there is room for; of two at the same distance the earlier row comes first. */
function findNearest(squares: Float64Array, nearest: Nearest): void {
  const { rows, gaps } = nearest;
  const wanted = rows.length;
  let kept = 0;
  let farthest = Number.POSITIVE_INFINITY;
  for (let row = 0; row < squares.length; row += 1) {
    const square = squares[row] as number;
    // Until there are enough, `farthest` is infinite: then only what is infinitely far stays outside.
    if (square >= farthest) continue;
    let at = kept < wanted ? kept : wanted - 1;
    while (at > 0 && (gaps[at - 1] as number) > square) {
      rows[at] = rows[at - 1] as number;
      gaps[at] = gaps[at - 1] as number;
      at -= 1;
    }
    rows[at] = row;
    gaps[at] = square;
    if (kept < wanted) kept += 1;
    if (kept === wanted) farthest = gaps[wanted - 1] as number;
  }
  for (let k = 0; k < kept; k += 1) gaps[k] = Math.sqrt(gaps[k] as number);
  nearest.count = kept;
}

/** The same reference with its points compressed. */
export function compressReference(reference: Reference): Reference {
  return { ...reference, points: Float64Array.from(compressed(Float32Array.from(reference.points))) };
}

/** Large deviations count by their logarithm: one wild number then does not drown the others. */
export function compressed(points: Float32Array, out: Float32Array = new Float32Array(points.length)): Float32Array {
  for (let at = 0; at < points.length; at += 1) {
    const value = points[at] as number;
    out[at] = Math.sign(value) * Math.log1p(Math.abs(value));
  }
  return out;
}
