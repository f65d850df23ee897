/**
 * Gradient boosting of trees over histograms (Friedman 2001; second-order leaves and gains as in Chen & Guestrin 2016).
 * Rows that lack a value go to the side where they help most. Levels without an order are split one against the rest.
 */
import { permutation, seeded } from "../../training/random.ts";
import { type BinnedInput, binsOf } from "./bins.ts";
import { asksEquality, type Forest, inputsMax, missingGoesLeft } from "./forest.ts";

export interface BoostOptions {
  readonly depth: number;
  readonly rate: number;
  /** L2 penalty on the leaves. */
  readonly ridge: number;
  /** The least sum of p·(1 − p) in a leaf. */
  readonly hessianMin: number;
  readonly gainMin: number;
  /** Share of rows and of inputs that each tree sees. */
  readonly rowShare: number;
  readonly inputShare: number;
  readonly seed: number;
}

/** First and second derivative of the loss at the scores of these rows. */
export type Derivatives = (
  scores: Float64Array,
  rows: Uint32Array,
  gradient: Float64Array,
  hessian: Float64Array,
) => void;

export function logisticDerivatives(labels: ArrayLike<number>): Derivatives {
  return (scores, rows, gradient, hessian) => {
    for (let at = 0; at < rows.length; at += 1) {
      const row = rows[at] as number;
      const p = 1 / (1 + Math.exp(-(scores[row] as number)));
      gradient[row] = p - (labels[row] as number);
      hessian[row] = Math.max(1e-6, p * (1 - p));
    }
  };
}

/** Least squares with weights. */
export function squaredDerivatives(targets: Float64Array, weights: Float64Array): Derivatives {
  return (scores, rows, gradient, hessian) => {
    for (let at = 0; at < rows.length; at += 1) {
      const row = rows[at] as number;
      const weight = weights[row] as number;
      gradient[row] = weight * ((scores[row] as number) - (targets[row] as number));
      hessian[row] = weight;
    }
  };
}

interface Split {
  gain: number;
  input: number;
  /** The last bin on the left, or the one level on the left. */
  bin: number;
  missingLeft: boolean;
}

/** Grows trees one at a time, so that a caller can watch how they do on other rows. */
export class Booster {
  readonly #inputs: readonly BinnedInput[];
  readonly #derivatives: Derivatives;
  readonly #options: BoostOptions;
  readonly #random: () => number;
  readonly #scores: Float64Array;
  readonly #gradient: Float64Array;
  readonly #hessian: Float64Array;
  /** The rows of a tree, grouped by node as it grows; then those that it does not see. */
  readonly #order: Uint32Array;
  readonly #spare: Uint32Array;
  /** Gradient and hessian side by side, in the order of a node's rows. */
  readonly #pairs: Float64Array;
  readonly #histograms: Float64Array[] = [];
  /** Where each input's bins begin in a histogram: two numbers per bin. */
  readonly #offsets: Int32Array;
  #chosen: number[] = [];

  readonly #roots: number[] = [];
  readonly #input: number[] = [];
  readonly #threshold: number[] = [];
  readonly #flags: number[] = [];
  readonly #left: number[] = [];
  readonly #value: number[] = [];
  /** The split of each node in bins, to score the rows that a tree did not see. */
  readonly #bin: number[] = [];

  constructor(inputs: readonly BinnedInput[], start: number, derivatives: Derivatives, options: BoostOptions) {
    if (inputs.length > inputsMax)
      throw new RangeError(`${inputs.length} inputs, at most ${inputsMax} can be told apart`);
    const rows = inputs[0]?.bins.length ?? 0;
    this.#inputs = inputs;
    this.#derivatives = derivatives;
    this.#options = options;
    this.#random = seeded(options.seed);
    this.#scores = new Float64Array(rows).fill(start);
    this.#gradient = new Float64Array(rows);
    this.#hessian = new Float64Array(rows);
    this.#order = new Uint32Array(rows);
    this.#spare = new Uint32Array(rows);
    this.#pairs = new Float64Array(2 * rows);
    this.#offsets = new Int32Array(inputs.length + 1);
    for (const [index, input] of inputs.entries()) {
      this.#offsets[index + 1] = (this.#offsets[index] as number) + 2 * binsOf(input);
    }
  }

  grow(): void {
    const count = this.#drawRows();
    this.#derivatives(this.#scores, this.#order.subarray(0, count), this.#gradient, this.#hessian);
    this.#drawInputs();
    const root = this.#newNode();
    this.#roots.push(root);
    let gradient = 0;
    let hessian = 0;
    for (let at = 0; at < count; at += 1) {
      const row = this.#order[at] as number;
      gradient += this.#gradient[row] as number;
      hessian += this.#hessian[row] as number;
    }
    const histogram = this.#histogram(0);
    this.#fill(histogram, 0, count);
    this.#divide(root, 0, count, gradient, hessian, 0, histogram);
    this.#addTree(root, this.#order.subarray(count));
  }

  /** @param from the first tree to take */
  forest(from = 0, to = this.#roots.length): Forest {
    const first = this.#roots[from] ?? this.#left.length;
    const end = this.#roots[to] ?? this.#left.length;
    return {
      roots: Int32Array.from(this.#roots.slice(from, to), (root) => root - first),
      input: Int16Array.from(this.#input.slice(first, end)),
      threshold: Float32Array.from(this.#threshold.slice(first, end)),
      flags: Uint8Array.from(this.#flags.slice(first, end)),
      left: Int32Array.from(this.#left.slice(first, end), (left) => (left === 0 ? 0 : left - first)),
      value: Float32Array.from(this.#value.slice(first, end)),
    };
  }

  #drawRows(): number {
    const rows = this.#scores.length;
    const { rowShare } = this.#options;
    if (rowShare >= 1) {
      for (let row = 0; row < rows; row += 1) this.#order[row] = row;
      return rows;
    }
    let count = 0;
    let others = rows;
    for (let row = 0; row < rows; row += 1) {
      if (this.#random() < rowShare) {
        this.#order[count] = row;
        count += 1;
      } else {
        others -= 1;
        this.#order[others] = row;
      }
    }
    return count;
  }

  #drawInputs(): void {
    const width = this.#inputs.length;
    const wanted = Math.max(1, Math.ceil(width * this.#options.inputShare));
    this.#chosen = Array.from(permutation(width, this.#random).subarray(0, wanted)).sort((a, b) => a - b);
  }

  #newNode(): number {
    this.#input.push(0);
    this.#threshold.push(0);
    this.#flags.push(0);
    this.#left.push(0);
    this.#value.push(0);
    this.#bin.push(0);
    return this.#left.length - 1;
  }

  /** One buffer per depth suffices: a node's is free once its children have theirs. */
  #histogram(depth: number): Float64Array {
    const found = this.#histograms[depth] ?? new Float64Array(this.#offsets[this.#inputs.length] as number);
    this.#histograms[depth] = found;
    return found;
  }

  #fill(histogram: Float64Array, start: number, end: number): void {
    const order = this.#order;
    const pairs = this.#pairs;
    for (let at = start; at < end; at += 1) {
      const row = order[at] as number;
      pairs[2 * at] = this.#gradient[row] as number;
      pairs[2 * at + 1] = this.#hessian[row] as number;
    }
    const chosen = this.#chosen;
    // Two inputs at a time: what is read of a row serves both.
    for (let next = 0; next < chosen.length; next += 2) {
      const first = chosen[next] as number;
      const second = chosen[next + 1];
      const base = this.#offsets[first] as number;
      histogram.fill(0, base, this.#offsets[first + 1]);
      const { bins } = this.#inputs[first] as BinnedInput;
      if (second === undefined) {
        addUp(histogram, order, pairs, start, end, bins, base);
        continue;
      }
      const otherBase = this.#offsets[second] as number;
      histogram.fill(0, otherBase, this.#offsets[second + 1]);
      const { bins: otherBins } = this.#inputs[second] as BinnedInput;
      addUpTwo(histogram, order, pairs, start, end, bins, base, otherBins, otherBase);
    }
  }

  /** @returns what the rows of the node get on average */
  #divide(
    node: number,
    start: number,
    end: number,
    gradient: number,
    hessian: number,
    depth: number,
    histogram: Float64Array | undefined,
  ): number {
    const { ridge, rate } = this.#options;
    const split = histogram === undefined ? undefined : this.#bestSplit(histogram, gradient, hessian);
    if (histogram === undefined || split === undefined) {
      const value = (-gradient / (hessian + ridge)) * rate;
      this.#value[node] = value;
      for (let at = start; at < end; at += 1) {
        const row = this.#order[at] as number;
        this.#scores[row] = (this.#scores[row] as number) + value;
      }
      return value;
    }
    const middle = this.#partition(split, start, end);
    const left = this.#newNode();
    this.#newNode();
    const chosen = this.#inputs[split.input] as BinnedInput;
    this.#left[node] = left;
    this.#input[node] = split.input;
    this.#bin[node] = split.bin;
    this.#threshold[node] = chosen.unordered ? split.bin : (chosen.bounds[split.bin] ?? Number.POSITIVE_INFINITY);
    this.#flags[node] = chosen.unordered ? asksEquality : split.missingLeft ? missingGoesLeft : 0;

    let leftGradient = 0;
    let leftHessian = 0;
    for (let at = start; at < middle; at += 1) {
      const row = this.#order[at] as number;
      leftGradient += this.#gradient[row] as number;
      leftHessian += this.#hessian[row] as number;
    }
    const rightGradient = gradient - leftGradient;
    const rightHessian = hessian - leftHessian;
    const smallIsLeft = middle - start <= end - middle;
    const below = depth + 1;
    let small: Float64Array | undefined;
    let large: Float64Array | undefined;
    if (below < this.#options.depth && (this.#mayDivide(leftHessian) || this.#mayDivide(rightHessian))) {
      small = this.#histogram(below);
      if (smallIsLeft) this.#fill(small, start, middle);
      else this.#fill(small, middle, end);
      // From here on the parent's histogram is the larger child's.
      if (this.#mayDivide(smallIsLeft ? rightHessian : leftHessian)) {
        this.#subtract(histogram, small);
        large = histogram;
      }
    }
    const [ofLeft, ofRight] = smallIsLeft ? [small, large] : [large, small];
    const leftValue = this.#divide(left, start, middle, leftGradient, leftHessian, below, ofLeft);
    const rightValue = this.#divide(left + 1, middle, end, rightGradient, rightHessian, below, ofRight);
    const value = (leftValue * (middle - start) + rightValue * (end - middle)) / (end - start);
    this.#value[node] = value;
    return value;
  }

  /** Whether both sides of a split can have the least hessian. */
  #mayDivide(hessian: number): boolean {
    return hessian >= 2 * this.#options.hessianMin;
  }

  #subtract(histogram: Float64Array, part: Float64Array): void {
    for (const input of this.#chosen) {
      const end = this.#offsets[input + 1] as number;
      for (let slot = this.#offsets[input] as number; slot < end; slot += 1) {
        histogram[slot] = (histogram[slot] as number) - (part[slot] as number);
      }
    }
  }

  #bestSplit(histogram: Float64Array, gradient: number, hessian: number): Split | undefined {
    const { ridge, hessianMin, gainMin } = this.#options;
    if (!this.#mayDivide(hessian)) return undefined;
    const whole = (gradient * gradient) / (hessian + ridge);
    const best: Split = { gain: gainMin, input: -1, bin: 0, missingLeft: false };
    const consider = (input: number, bin: number, g: number, h: number, missingLeft: boolean) => {
      const otherH = hessian - h;
      if (h < hessianMin || otherH < hessianMin) return;
      const otherG = gradient - g;
      const gain = (g * g) / (h + ridge) + (otherG * otherG) / (otherH + ridge) - whole;
      if (gain <= best.gain) return;
      best.gain = gain;
      best.input = input;
      best.bin = bin;
      best.missingLeft = missingLeft;
    };
    for (const input of this.#chosen) {
      const { unordered, missingBin, bounds } = this.#inputs[input] as BinnedInput;
      const base = this.#offsets[input] as number;
      const last = bounds.length;
      if (unordered) {
        for (let bin = 0; bin <= last; bin += 1) {
          const slot = base + 2 * bin;
          consider(input, bin, histogram[slot] as number, histogram[slot + 1] as number, false);
        }
        continue;
      }
      const missingG = missingBin === 0 ? 0 : (histogram[base + 2 * missingBin] as number);
      const missingH = missingBin === 0 ? 0 : (histogram[base + 2 * missingBin + 1] as number);
      let g = 0;
      let h = 0;
      for (let bin = 0; bin < last; bin += 1) {
        const binHessian = histogram[base + 2 * bin + 1] as number;
        if (binHessian === 0) continue;
        g += histogram[base + 2 * bin] as number;
        h += binHessian;
        consider(input, bin, g, h, false);
        if (missingH > 0) consider(input, bin, g + missingG, h + missingH, true);
      }
      // The known values on one side, the missing ones on the other.
      if (missingH > 0 && h + (histogram[base + 2 * last + 1] as number) > 0) {
        consider(input, last, gradient - missingG, hessian - missingH, false);
      }
    }
    return best.input < 0 ? undefined : best;
  }

  /** Left rows first, each side in its order. @returns where the right side begins */
  #partition(split: Split, start: number, end: number): number {
    const { bins, unordered, missingBin } = this.#inputs[split.input] as BinnedInput;
    const order = this.#order;
    let left = start;
    let right = 0;
    for (let at = start; at < end; at += 1) {
      const row = order[at] as number;
      const bin = bins[row] as number;
      const goesLeft = unordered
        ? bin === split.bin
        : missingBin !== 0 && bin === missingBin
          ? split.missingLeft
          : bin <= split.bin;
      if (goesLeft) {
        order[left] = row;
        left += 1;
      } else {
        this.#spare[right] = row;
        right += 1;
      }
    }
    order.set(this.#spare.subarray(0, right), left);
    return left;
  }

  /** To the rows that the tree did not see; the others were given theirs by its leaves. */
  #addTree(root: number, rows: Uint32Array): void {
    const inputs = this.#inputs;
    const scores = this.#scores;
    for (let at = 0; at < rows.length; at += 1) {
      const row = rows[at] as number;
      let node = root;
      for (let child = this.#left[node] as number; child !== 0; child = this.#left[node] as number) {
        const { bins, unordered, missingBin } = inputs[this.#input[node] as number] as BinnedInput;
        const bin = bins[row] as number;
        const split = this.#bin[node] as number;
        const goesLeft = unordered
          ? bin === split
          : missingBin !== 0 && bin === missingBin
            ? (this.#flags[node] as number) === missingGoesLeft
            : bin <= split;
        node = goesLeft ? child : child + 1;
      }
      scores[row] = (scores[row] as number) + (this.#value[node] as number);
    }
  }
}

function addUp(
  histogram: Float64Array,
  order: Uint32Array,
  pairs: Float64Array,
  start: number,
  end: number,
  bins: Uint8Array,
  base: number,
): void {
  for (let at = start; at < end; at += 1) {
    const slot = base + ((bins[order[at] as number] as number) << 1);
    histogram[slot] = (histogram[slot] as number) + (pairs[2 * at] as number);
    histogram[slot + 1] = (histogram[slot + 1] as number) + (pairs[2 * at + 1] as number);
  }
}

function addUpTwo(
  histogram: Float64Array,
  order: Uint32Array,
  pairs: Float64Array,
  start: number,
  end: number,
  bins: Uint8Array,
  base: number,
  otherBins: Uint8Array,
  otherBase: number,
): void {
  for (let at = start; at < end; at += 1) {
    const row = order[at] as number;
    const gradient = pairs[2 * at] as number;
    const hessian = pairs[2 * at + 1] as number;
    const slot = base + ((bins[row] as number) << 1);
    const other = otherBase + ((otherBins[row] as number) << 1);
    histogram[slot] = (histogram[slot] as number) + gradient;
    histogram[slot + 1] = (histogram[slot + 1] as number) + hessian;
    histogram[other] = (histogram[other] as number) + gradient;
    histogram[other + 1] = (histogram[other + 1] as number) + hessian;
  }
}
