/**
 * Regression trees whose leaves are summed, in flat typed arrays. The two children of a node lie side by side, so that
 * a node needs one pointer.
 */

/** How a node divides; a leaf has `left` 0, since node 0 is a root and nobody's child. */
export interface Forest {
  /** The first node of each tree. */
  readonly roots: Int32Array;
  /** The input a node asks about. */
  readonly input: Int16Array;
  /** `value <= threshold` goes left; where the node asks for equality, `value === threshold` does. */
  readonly threshold: Float32Array;
  readonly flags: Uint8Array;
  readonly left: Int32Array;
  /** A leaf's output; an inner node's is what the rows below it get on average. */
  readonly value: Float32Array;
}

export const asksEquality = 1;
export const missingGoesLeft = 2;

/**
 * A forest laid out for walking, eight bytes to a node: how far away its left child is, the input it asks about and its
 * flags; then its threshold, or a leaf's output. A step reads one place in memory, and that is what a step costs.
 */
interface Packed {
  readonly words: Int32Array;
  /** The same memory. */
  readonly numbers: Float32Array;
}

const packs = new WeakMap<Forest, Packed>();

function packed(forest: Forest): Packed {
  const found = packs.get(forest);
  if (found !== undefined) return found;
  const { input, flags, left, threshold, value } = forest;
  const words = new Int32Array(left.length * 2);
  const numbers = new Float32Array(words.buffer);
  for (let node = 0; node < left.length; node += 1) {
    const child = left[node] as number;
    const distance = child === 0 ? 0 : child - node;
    words[2 * node] = (distance << 16) | ((input[node] as number) << 2) | (flags[node] as number);
    numbers[2 * node + 1] = (child === 0 ? value[node] : threshold[node]) as number;
  }
  const made = { words, numbers };
  packs.set(forest, made);
  return made;
}

/** Nodes farther apart, or inputs of a higher number, do not fit into a word. */
export const distanceMax = 32_767;
export const inputsMax = 16_383;

/** @returns the leaf, or where the walk is after one step: the distance is 0 at a leaf */
function stepFrom(node: number, word: number, cut: number, given: number): number {
  const goesLeft =
    (word & asksEquality) !== 0
      ? given === cut
      : given <= cut || ((word & missingGoesLeft) !== 0 && Number.isNaN(given));
  return node + (word >> 16) + (goesLeft ? 0 : 1);
}

/**
 * @param inputs one row, NaN = missing
 * @param start what the sum begins at: the order of additions, and so the last bit, is that of `addLeaves`
 */
export function sumLeaves(forest: Forest, inputs: Float64Array, start: number): number {
  const { words, numbers } = packed(forest);
  const { roots } = forest;
  let sum = start;
  for (let tree = 0; tree < roots.length; tree += 1) {
    let node = roots[tree] as number;
    for (let word = words[2 * node] as number; word >> 16 !== 0; word = words[2 * node] as number) {
      const given = inputs[(word >> 2) & inputsMax] as number;
      node = stepFrom(node, word, numbers[2 * node + 1] as number, given);
    }
    sum += numbers[2 * node + 1] as number;
  }
  return sum;
}

const block = 256;
/** For fewer rows it does not pay to look where they agree. */
const agreeingFrom = 16;

/**
 * As `sumLeaves`, for many rows: each tree is walked by a block of rows while it is at hand. What is asked of inputs in
 * which all rows of a block agree is answered once: offers to one customer share most of them.
 */
export function addLeaves(forest: Forest, values: Float64Array, width: number, into: Float64Array): void {
  const whole: Walked = { ...packed(forest), roots: forest.roots };
  for (let start = 0; start < into.length; start += block) {
    const end = Math.min(into.length, start + block);
    const { words, numbers, roots } = narrowed(whole, values, width, start, end) ?? whole;
    for (let tree = 0; tree < forest.roots.length; tree += 1) {
      const root = roots[tree] as number;
      for (let row = start; row < end; row += 1) {
        const base = row * width;
        let node = root;
        for (let word = words[2 * node] as number; word >> 16 !== 0; word = words[2 * node] as number) {
          const given = values[base + ((word >> 2) & inputsMax)] as number;
          node = stepFrom(node, word, numbers[2 * node + 1] as number, given);
        }
        into[row] = (into[row] as number) + (numbers[2 * node + 1] as number);
      }
    }
  }
}

interface Walked extends Packed {
  readonly roots: Int32Array;
}

/** Room for narrowed trees, as large as any forest asked for. */
let narrow: Walked = { words: new Int32Array(0), numbers: new Float32Array(0), roots: new Int32Array(0) };
let pending = new Int32Array(64);

/** The trees without the nodes that these rows agree on; undefined where that leaves nothing out. The next call overwrites it. */
function narrowed(
  { words, numbers, roots }: Walked,
  values: Float64Array,
  width: number,
  start: number,
  end: number,
): Walked | undefined {
  if (end - start < agreeingFrom) return undefined;
  const agrees = agreeing(values, width, start, end);
  if (!agrees.includes(1)) return undefined;
  if (narrow.words.length < words.length || narrow.roots.length < roots.length) {
    const room = new Int32Array(words.length);
    narrow = { words: room, numbers: new Float32Array(room.buffer), roots: new Int32Array(roots.length) };
  }
  const settle = (from: number): number => {
    let node = from;
    for (let word = words[2 * node] as number; word >> 16 !== 0; word = words[2 * node] as number) {
      const input = (word >> 2) & inputsMax;
      if (agrees[input] !== 1) break;
      node = stepFrom(node, word, numbers[2 * node + 1] as number, values[start * width + input] as number);
    }
    return node;
  };
  let made = 0;
  for (let tree = 0; tree < roots.length; tree += 1) {
    narrow.roots[tree] = made;
    let waiting = push(0, settle(roots[tree] as number), made);
    made += 1;
    while (waiting > 0) {
      waiting -= 2;
      const from = pending[waiting] as number;
      const to = pending[waiting + 1] as number;
      const word = words[2 * from] as number;
      narrow.words[2 * to] = word >> 16 === 0 ? 0 : ((made - to) << 16) | (word & 0xffff);
      narrow.numbers[2 * to + 1] = numbers[2 * from + 1] as number;
      if (word >> 16 === 0) continue;
      // More nodes than there were: nodes of a broken file may be the children of several.
      if (made - to > distanceMax || 2 * (made + 2) > narrow.words.length) return undefined;
      const left = from + (word >> 16);
      waiting = push(waiting, settle(left), made);
      waiting = push(waiting, settle(left + 1), made + 1);
      made += 2;
    }
  }
  return narrow;
}

function push(waiting: number, from: number, to: number): number {
  if (waiting + 2 > pending.length) {
    const longer = new Int32Array(2 * pending.length);
    longer.set(pending);
    pending = longer;
  }
  pending[waiting] = from;
  pending[waiting + 1] = to;
  return waiting + 2;
}

/** By input: 1 where the rows are all the same. What is missing agrees with nothing. */
function agreeing(values: Float64Array, width: number, start: number, end: number): Uint8Array {
  const agrees = new Uint8Array(width);
  for (let input = 0; input < width; input += 1) {
    const first = values[start * width + input] as number;
    let row = start;
    while (row < end && values[row * width + input] === first) row += 1;
    agrees[input] = row === end ? 1 : 0;
  }
  return agrees;
}

/** What the rows that the forest learnt from get on average. */
export function averageOf(forest: Forest): number {
  return forest.roots.reduce((sum, root) => sum + (forest.value[root] ?? 0), 0);
}

/**
 * Each step of a path is credited to the input it asked about, by how much the average below it changed (Saabas 2014).
 * The credits sum to the row's output − `averageOf`. Cheaper than Shapley values and, unlike them, kinder to what is
 * asked deep in a tree.
 *
 * @param into one number per input, added to
 */
export function creditInputs(forest: Forest, inputs: Float64Array, weight: number, into: Float64Array): void {
  const { words, numbers } = packed(forest);
  const { roots, value } = forest;
  for (let tree = 0; tree < roots.length; tree += 1) {
    let node = roots[tree] as number;
    for (let word = words[2 * node] as number; word >> 16 !== 0; word = words[2 * node] as number) {
      const asked = (word >> 2) & inputsMax;
      const next = stepFrom(node, word, numbers[2 * node + 1] as number, inputs[asked] as number);
      into[asked] = (into[asked] as number) + weight * ((value[next] as number) - (value[node] as number));
      node = next;
    }
  }
}

/** Forests one after another, as one; every output times `scale`. */
export function joinForests(forests: readonly Forest[], scale: number): Forest {
  const nodes = forests.reduce((sum, forest) => sum + forest.left.length, 0);
  const joined = {
    roots: new Int32Array(forests.reduce((sum, forest) => sum + forest.roots.length, 0)),
    input: new Int16Array(nodes),
    threshold: new Float32Array(nodes),
    flags: new Uint8Array(nodes),
    left: new Int32Array(nodes),
    value: new Float32Array(nodes),
  };
  let node = 0;
  let tree = 0;
  for (const forest of forests) {
    joined.input.set(forest.input, node);
    joined.threshold.set(forest.threshold, node);
    joined.flags.set(forest.flags, node);
    joined.left.set(
      forest.left.map((left) => (left === 0 ? 0 : left + node)),
      node,
    );
    joined.value.set(
      forest.value.map((value) => value * scale),
      node,
    );
    joined.roots.set(
      forest.roots.map((root) => root + node),
      tree,
    );
    node += forest.left.length;
    tree += forest.roots.length;
  }
  return joined;
}
