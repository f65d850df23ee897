/** Logistic regression with an L2 penalty, by L-BFGS (Nocedal 1980) over the non-zero cells of a design. */

export interface Sparse {
  readonly rows: number;
  readonly width: number;
  readonly starts: Uint32Array;
  readonly columns: Uint16Array;
  readonly values: Float32Array;
}

export function sparseOf(matrix: Float32Array, width: number): Sparse {
  const rows = matrix.length / width;
  const count = matrix.reduce((sum, value) => sum + (value === 0 ? 0 : 1), 0);
  const starts = new Uint32Array(rows + 1);
  const columns = new Uint16Array(count);
  const values = new Float32Array(count);
  let at = 0;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const value = matrix[row * width + column] as number;
      if (value === 0) continue;
      columns[at] = column;
      values[at] = value;
      at += 1;
    }
    starts[row + 1] = at;
  }
  return { rows, width, starts, columns, values };
}

const memory = 8;

/**
 * @param penalties per weight; the intercept has none
 * @param targets between 0 and 1
 * @param start weights to begin at, the intercept last
 * @returns weights, the intercept last
 */
export function fitLinear(
  data: Sparse,
  targets: ArrayLike<number>,
  penalties: Float64Array,
  start?: Float64Array,
  iterationsMax = 120,
): Float64Array {
  const at = start === undefined ? new Float64Array(data.width + 1) : start.slice();
  const gradient = new Float64Array(at.length);
  let loss = lossAt(data, targets, penalties, at, gradient);
  const steps: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  for (let iteration = 0; iteration < iterationsMax; iteration += 1) {
    if (Math.sqrt(dot(gradient, gradient)) < 1e-5 * data.rows ** 0.5) break;
    const direction = descent(gradient, steps);
    const slope = dot(direction, gradient);
    let size = steps.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    const next = new Float64Array(at.length);
    const nextGradient = new Float64Array(at.length);
    let nextLoss = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 30; tries += 1) {
      for (let index = 0; index < at.length; index += 1) {
        next[index] = (at[index] as number) + size * (direction[index] as number);
      }
      nextLoss = lossAt(data, targets, penalties, next, nextGradient);
      if (nextLoss <= loss + 1e-4 * size * slope) break;
      size /= 2;
    }
    if (!(nextLoss < loss)) break;
    const s = next.map((value, index) => value - (at[index] as number));
    const y = nextGradient.map((value, index) => value - (gradient[index] as number));
    const curvature = dot(s, y);
    if (curvature > 1e-12) steps.push({ s, y, rho: 1 / curvature });
    if (steps.length > memory) steps.shift();
    const gained = loss - nextLoss;
    at.set(next);
    gradient.set(nextGradient);
    loss = nextLoss;
    if (gained < 1e-7 * Math.max(1, Math.abs(loss))) break;
  }
  return at;
}

/** The two-loop recursion. */
function descent(
  gradient: Float64Array,
  steps: readonly { s: Float64Array; y: Float64Array; rho: number }[],
): Float64Array {
  const direction = gradient.map((value) => -value);
  const alphas: number[] = [];
  for (const { s, y, rho } of steps.toReversed()) {
    const alpha = rho * dot(s, direction);
    alphas.push(alpha);
    addScaled(direction, y, -alpha);
  }
  const last = steps.at(-1);
  if (last !== undefined) {
    const scale = 1 / (last.rho * dot(last.y, last.y));
    for (let index = 0; index < direction.length; index += 1) direction[index] = (direction[index] as number) * scale;
  }
  for (const { s, y, rho } of steps) {
    const alpha = alphas.pop() ?? 0;
    addScaled(direction, s, alpha - rho * dot(y, direction));
  }
  return direction;
}

function lossAt(
  { rows, width, starts, columns, values }: Sparse,
  targets: ArrayLike<number>,
  penalties: Float64Array,
  weights: Float64Array,
  gradient: Float64Array,
): number {
  let loss = 0;
  gradient.fill(0);
  for (let index = 0; index < width; index += 1) {
    const weight = weights[index] as number;
    const penalty = penalties[index] as number;
    loss += 0.5 * penalty * weight * weight;
    gradient[index] = penalty * weight;
  }
  const intercept = weights[width] as number;
  let interceptGradient = 0;
  for (let row = 0; row < rows; row += 1) {
    const end = starts[row + 1] as number;
    let score = intercept;
    for (let at = starts[row] as number; at < end; at += 1) {
      score += (values[at] as number) * (weights[columns[at] as number] as number);
    }
    const target = targets[row] as number;
    const p = 1 / (1 + Math.exp(-score));
    loss += (score > 0 ? score + Math.log1p(Math.exp(-score)) : Math.log1p(Math.exp(score))) - target * score;
    const error = p - target;
    interceptGradient += error;
    for (let at = starts[row] as number; at < end; at += 1) {
      const column = columns[at] as number;
      gradient[column] = (gradient[column] as number) + error * (values[at] as number);
    }
  }
  gradient[width] = interceptGradient;
  return loss;
}

export function scoreSparse({ rows, width, starts, columns, values }: Sparse, weights: Float64Array): Float64Array {
  const scores = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    let score = weights[width] as number;
    for (let at = starts[row] as number; at < (starts[row + 1] as number); at += 1) {
      score += (values[at] as number) * (weights[columns[at] as number] as number);
    }
    scores[row] = score;
  }
  return scores;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] as number) * (b[index] as number);
  return sum;
}

function addScaled(to: Float64Array, from: Float64Array, scale: number): void {
  for (let index = 0; index < to.length; index += 1)
    to[index] = (to[index] as number) + scale * (from[index] as number);
}
