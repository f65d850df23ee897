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
  readonly threshold: Float64Array;
  readonly flags: Uint8Array;
  readonly left: Int32Array;
  /** A leaf's output; an inner node's is what the rows below it get on average. */
  readonly value: Float64Array;
}

export const asksEquality = 1;
export const missingGoesLeft = 2;

/** @param inputs one row, NaN = missing */
export function sumLeaves(forest: Forest, inputs: Float64Array): number {
  const { roots, input, threshold, flags, left, value } = forest;
  let sum = 0;
  for (let tree = 0; tree < roots.length; tree += 1) {
    let node = roots[tree] as number;
    for (let child = left[node] as number; child !== 0; child = left[node] as number) {
      const given = inputs[input[node] as number] as number;
      const cut = threshold[node] as number;
      const flag = flags[node] as number;
      const goesLeft =
        flag === 0 ? given <= cut : (flag & asksEquality) !== 0 ? given === cut : given <= cut || Number.isNaN(given);
      node = goesLeft ? child : child + 1;
    }
    sum += value[node] as number;
  }
  return sum;
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
  const { roots, input, threshold, flags, left, value } = forest;
  for (const root of roots) {
    let node = root;
    for (let child = left[node] as number; child !== 0; child = left[node] as number) {
      const asked = input[node] as number;
      const given = inputs[asked] as number;
      const cut = threshold[node] as number;
      const flag = flags[node] as number;
      const goesLeft =
        flag === 0 ? given <= cut : (flag & asksEquality) !== 0 ? given === cut : given <= cut || Number.isNaN(given);
      const next = goesLeft ? child : child + 1;
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
    threshold: new Float64Array(nodes),
    flags: new Uint8Array(nodes),
    left: new Int32Array(nodes),
    value: new Float64Array(nodes),
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
