/**
 * Isolation forest (Liu, Ting and Zhou 2008): random cuts separate a stranger from a small sample sooner than an
 * ordinary row. Trees lie in flat typed arrays; the two children of a node lie side by side, a leaf has `left` 0.
 */

const trees = 100;
const sampleMax = 256;

export interface IsolationForest {
  readonly roots: Int32Array;
  readonly input: Int32Array;
  readonly cut: Float32Array;
  readonly left: Int32Array;
  /** Expected depth at which a row that comes here is alone. */
  readonly depth: Float64Array;
  /** The average depth in a sample of this size, by which depths are measured. */
  readonly usual: number;
}

export function fitIsolationForest(points: Float32Array, width: number, random: () => number): IsolationForest {
  const rows = points.length / width;
  const sampleSize = Math.min(sampleMax, rows);
  const depthMax = Math.ceil(Math.log2(Math.max(2, sampleSize)));
  const roots: number[] = [];
  const input: number[] = [];
  const cut: number[] = [];
  const left: number[] = [];
  const depth: number[] = [];

  function add(): number {
    input.push(0);
    cut.push(0);
    left.push(0);
    depth.push(0);
    return left.length - 1;
  }

  /** @returns the expected depth below, weighted by rows. */
  function grow(node: number, sample: Int32Array, level: number): void {
    const division = level < depthMax && sample.length > 1 ? divide(points, width, sample, random) : undefined;
    if (division === undefined) {
      depth[node] = level + averageDepth(sample.length);
      return;
    }
    const child = add();
    add();
    input[node] = division.input;
    cut[node] = division.cut;
    left[node] = child;
    grow(child, division.below, level + 1);
    grow(child + 1, division.above, level + 1);
    const share = division.below.length / sample.length;
    depth[node] = share * (depth[child] ?? 0) + (1 - share) * (depth[child + 1] ?? 0);
  }

  for (let tree = 0; tree < trees; tree += 1) {
    const root = add();
    roots.push(root);
    grow(root, drawRows(rows, sampleSize, random), 0);
  }
  return {
    roots: Int32Array.from(roots),
    input: Int32Array.from(input),
    cut: Float32Array.from(cut),
    left: Int32Array.from(left),
    depth: Float64Array.from(depth),
    usual: averageDepth(sampleSize) || 1,
  };
}

/** The paper's score: 2 to the power of minus the mean depth, measured by the usual one. */
export function isolation(forest: IsolationForest, point: Float32Array): number {
  const { roots, input, cut, left, depth, usual } = forest;
  let sum = 0;
  for (let tree = 0; tree < roots.length; tree += 1) {
    let node = roots[tree] as number;
    for (let child = left[node] as number; child !== 0; child = left[node] as number) {
      node = (point[input[node] as number] as number) <= (cut[node] as number) ? child : child + 1;
    }
    sum += depth[node] as number;
  }
  return 2 ** (-sum / roots.length / usual);
}

/** Adds to each number's place by how much its cuts brought the row's end nearer than was to be expected. */
export function creditCuts(forest: IsolationForest, point: Float32Array, credit: Float64Array): void {
  const { roots, input, cut, left, depth } = forest;
  for (const root of roots) {
    let node = root;
    for (let child = left[node] as number; child !== 0; child = left[node] as number) {
      const place = input[node] as number;
      const next = (point[place] as number) <= (cut[node] as number) ? child : child + 1;
      const gained = (depth[node] as number) - (depth[next] as number);
      if (gained > 0) credit[place] = (credit[place] as number) + gained;
      node = next;
    }
  }
}

function divide(points: Float32Array, width: number, sample: Int32Array, random: () => number) {
  // A few draws find a number that varies; when most are constant, all are looked through in a random order.
  const first = Math.floor(random() * width);
  for (let tried = 0; tried < width; tried += 1) {
    const place = (first + tried) % width;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (const row of sample) {
      const value = points[row * width + place] as number;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (!(high > low)) continue;
    // As it is stored, so that what grew is what is walked.
    const at = Math.fround(low + random() * (high - low));
    const below = sample.filter((row) => (points[row * width + place] as number) <= at);
    if (below.length === 0 || below.length === sample.length) continue;
    const above = sample.filter((row) => (points[row * width + place] as number) > at);
    return { input: place, cut: at, below, above };
  }
  return undefined;
}

/** Different rows, as many as are wanted. */
export function drawRows(rows: number, wanted: number, random: () => number): Int32Array {
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  for (let at = 0; at < wanted; at += 1) {
    const other = at + Math.floor(random() * (rows - at));
    const kept = order[at] as number;
    order[at] = order[other] as number;
    order[other] = kept;
  }
  return order.slice(0, wanted);
}

/** Of an unsuccessful search in a binary search tree: what the paper calls c(n). */
function averageDepth(rows: number): number {
  if (rows <= 1) return 0;
  if (rows === 2) return 1;
  return 2 * (Math.log(rows - 1) + 0.577_215_664_9) - (2 * (rows - 1)) / rows;
}
