/**
 * The weights at which members' log-odds are summed: logistic regression over what they said of rows they had not seen,
 * with no weight below zero (Wolpert 1992; Breiman 1996 on the sign). Its slope and intercept also calibrate the sum.
 */

export interface Stack {
  readonly weights: readonly number[];
  readonly intercept: number;
}

const iterationsMax = 40;
/** Pulls towards the members' plain average, in rows' worth: it settles the matter where rows are few. */
const ridge = 30;

/** @param logits per member, per row */
export function fitStack(logits: readonly Float64Array[], labels: ArrayLike<number>): Stack {
  const count = logits.length;
  const prior = 1 / count;
  const weights = new Array<number>(count).fill(prior);
  let intercept = 0;
  // A weight that wants below zero stays there for good: with so few members that is the constrained optimum or near it.
  const active = new Set(weights.keys());
  for (let iteration = 0; iteration < iterationsMax; iteration += 1) {
    const at = [...active];
    const step = newtonStep(at, logits, labels, weights, intercept, prior);
    let moved = Math.abs(step[at.length] ?? 0);
    intercept += step[at.length] ?? 0;
    for (const [index, member] of at.entries()) {
      const next = (weights[member] ?? 0) + (step[index] ?? 0);
      moved = Math.max(moved, Math.abs(step[index] ?? 0));
      weights[member] = Math.max(0, next);
      if (next < 0 && active.size > 1) active.delete(member);
    }
    if (moved < 1e-8) break;
  }
  return { weights, intercept };
}

function newtonStep(
  active: readonly number[],
  logits: readonly Float64Array[],
  labels: ArrayLike<number>,
  weights: readonly number[],
  intercept: number,
  prior: number,
): number[] {
  const size = active.length + 1;
  const gradient = new Array<number>(size).fill(0);
  const hessian = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const x = new Array<number>(size).fill(1);
  for (let row = 0; row < labels.length; row += 1) {
    let score = intercept;
    for (const [index, member] of active.entries()) {
      x[index] = logits[member]?.[row] ?? 0;
      score += (weights[member] ?? 0) * (x[index] ?? 0);
    }
    const p = 1 / (1 + Math.exp(-score));
    const weight = Math.max(1e-9, p * (1 - p));
    const error = (labels[row] as number) - p;
    for (let i = 0; i < size; i += 1) {
      const xi = x[i] as number;
      gradient[i] = (gradient[i] as number) + error * xi;
      const line = hessian[i] as number[];
      for (let j = 0; j <= i; j += 1) line[j] = (line[j] as number) + weight * xi * (x[j] as number);
    }
  }
  for (const [index, member] of active.entries()) {
    gradient[index] = (gradient[index] as number) - ridge * ((weights[member] ?? 0) - prior);
    const line = hessian[index] as number[];
    line[index] = (line[index] as number) + ridge;
  }
  return solve(hessian, gradient);
}

/** Cholesky's; only the lower half of the matrix is read. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const size = right.length;
  const lower = matrix.map((line) => [...line]);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = lower[i]?.[j] ?? 0;
      for (let k = 0; k < j; k += 1) sum -= (lower[i]?.[k] ?? 0) * (lower[j]?.[k] ?? 0);
      (lower[i] as number[])[j] = i === j ? Math.sqrt(Math.max(1e-9, sum)) : sum / (lower[j]?.[j] ?? 1);
    }
  }
  const forward: number[] = [];
  for (let i = 0; i < size; i += 1) {
    let sum = right[i] ?? 0;
    for (let k = 0; k < i; k += 1) sum -= (lower[i]?.[k] ?? 0) * (forward[k] ?? 0);
    forward.push(sum / (lower[i]?.[i] ?? 1));
  }
  const solution = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i -= 1) {
    let sum = forward[i] ?? 0;
    for (let k = i + 1; k < size; k += 1) sum -= (lower[k]?.[i] ?? 0) * (solution[k] ?? 0);
    solution[i] = sum / (lower[i]?.[i] ?? 1);
  }
  return solution;
}

export function applyStack({ weights, intercept }: Stack, logits: readonly Float64Array[]): Float64Array {
  const rows = logits[0]?.length ?? 0;
  return Float64Array.from({ length: rows }, (_, row) =>
    logits.reduce((sum, member, at) => sum + (weights[at] ?? 0) * (member[row] as number), intercept),
  );
}
