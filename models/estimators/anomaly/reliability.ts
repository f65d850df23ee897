/**
 * Which scale of neighbourhood suits this table? Nobody says who is strange, but a real stranger is strange in more
 * than one respect. So the features are cut into two random halves, each scale ranks the rows by either half alone,
 * and the scale counts the more, the more the two lists of the strangest agree: split-half reliability (Spearman and
 * Brown 1910) of the top of a ranking. Averaged over several cuts and lengths of the list; chance agreement is 0.
 */
import { permutation } from "../../training/random.ts";
import { drawRows } from "./isolation-forest.ts";
import { compressed, compressReference, meanNearest, type Reference, squaresTo } from "./neighbours.ts";

const cuts = 6;
const rowsMax = 1_200;
const referenceMax = 512;
const tops = [0.02, 0.05, 0.1, 0.2] as const;

export interface Reliabilities {
  readonly plain: number[];
  readonly compressed: number[];
}

/** One number a scale, 0 (no more than chance) to 1; all 1 when there is only one feature. */
export function measureReliability(
  points: Float32Array,
  width: number,
  sizes: readonly number[],
  random: () => number,
): Reliabilities {
  const sums = { plain: sizes.map(() => 0), compressed: sizes.map(() => 0) };
  if (width < 2) return { plain: sizes.map(() => 1), compressed: sizes.map(() => 1) };
  const all = points.length / width;
  const rows = drawRows(all, Math.min(rowsMax, all), random);
  for (let cut = 0; cut < cuts; cut += 1) {
    const places = permutation(width, random);
    const half = Math.ceil(width / 2);
    const others = drawRows(all, Math.min(referenceMax, all), random);
    const order = orderOf(others.length, referenceMax, random);
    const sides = [places.subarray(0, half), places.subarray(half)].map((side) => {
      const all = pick(points, width, rows, side);
      const known = Float64Array.from(pick(points, width, others, side));
      const reference = { width: side.length, rows: others.length, points: known, order };
      return {
        plain: rank(all, reference, rows, others, sizes),
        compressed: rank(compressed(all), compressReference(reference), rows, others, sizes),
      };
    });
    for (const space of ["plain", "compressed"] as const) {
      for (let scale = 0; scale < sizes.length; scale += 1) {
        const [a, b] = sides.map((side) => side[space][scale] as Float64Array);
        if (a !== undefined && b !== undefined) sums[space][scale] = (sums[space][scale] ?? 0) + agreement(a, b) / cuts;
      }
    }
  }
  const floored = (list: number[]) => list.map((value) => Math.max(0, value));
  return { plain: floored(sums.plain), compressed: floored(sums.compressed) };
}

/** Places of the reference in the order in which they are cut into groups: at least `length`, each as often as others. */
export function orderOf(rows: number, length: number, random: () => number): Int32Array {
  const order: number[] = [];
  while (order.length < length) order.push(...permutation(rows, random));
  return Int32Array.from(order.slice(0, Math.max(length, rows)));
}

function pick(points: Float32Array, width: number, rows: Int32Array, places: Uint32Array): Float32Array {
  const out = new Float32Array(rows.length * places.length);
  let at = 0;
  for (const row of rows) for (const place of places) out[at++] = points[row * width + place] as number;
  return out;
}

/** The scores of the rows by scale. */
function rank(
  points: Float32Array,
  reference: Reference,
  rows: Int32Array,
  others: Int32Array,
  sizes: readonly number[],
): Float64Array[] {
  const places = new Map(Array.from(others, (row, place) => [row, place]));
  const squares = new Float64Array(reference.rows);
  const scores = new Float64Array(sizes.length);
  const winners = new Int32Array(reference.order.length);
  const point = new Float64Array(reference.width);
  const byScale = sizes.map(() => new Float64Array(rows.length));
  for (let index = 0; index < rows.length; index += 1) {
    point.set(points.subarray(index * reference.width, (index + 1) * reference.width));
    squaresTo(reference, point, places.get(rows[index] as number) ?? -1, squares);
    meanNearest(squares, reference.order, sizes, scores, winners);
    for (let scale = 0; scale < sizes.length; scale += 1) {
      (byScale[scale] as Float64Array)[index] = scores[scale] as number;
    }
  }
  return byScale;
}

function agreement(a: Float64Array, b: Float64Array): number {
  const [first, second] = [strangestFirst(a), strangestFirst(b)];
  let sum = 0;
  for (const top of tops) {
    const length = Math.min(a.length, Math.max(3, Math.round(top * a.length)));
    const chosen = new Set(first.subarray(0, length));
    const shared = second.subarray(0, length).filter((row) => chosen.has(row)).length / length;
    const chance = length / a.length;
    if (chance < 1) sum += (shared - chance) / (1 - chance) / tops.length;
  }
  return sum;
}

function strangestFirst(scores: Float64Array): Int32Array {
  const order = Int32Array.from(scores, (_, row) => row);
  return order.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
}
