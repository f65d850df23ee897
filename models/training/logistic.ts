/** Logistic regression by Newton's method: the baseline that a network must beat, and Platt's calibration. */

export interface Logistic {
  readonly weights: readonly number[];
  readonly intercept: number;
}

const iterationsMax = 50;

/** @param ridge L2 penalty on the weights, not on the intercept; above 0 it keeps separable data finite. */
export function fitLogistic(rows: readonly ArrayLike<number>[], labels: readonly number[], ridge: number): Logistic {
  const width = (rows[0]?.length ?? 0) + 1;
  let beta = new Array<number>(width).fill(0);
  for (let iteration = 0; iteration < iterationsMax; iteration += 1) {
    const gradient = new Array<number>(width).fill(0);
    const hessian = Array.from({ length: width }, () => new Array<number>(width).fill(0));
    for (const [index, row] of rows.entries()) {
      const x = [1, ...Array.from(row)];
      const p = sigmoid(x.reduce((sum, value, at) => sum + value * (beta[at] ?? 0), 0));
      const error = (labels[index] ?? 0) - p;
      const weight = Math.max(1e-9, p * (1 - p));
      for (const [i, xi] of x.entries()) {
        gradient[i] = (gradient[i] ?? 0) + error * xi;
        const line = hessian[i] ?? [];
        for (let j = 0; j <= i; j += 1) line[j] = (line[j] ?? 0) + weight * xi * (x[j] ?? 0);
      }
    }
    for (let i = 0; i < width; i += 1) {
      const line = hessian[i] ?? [];
      const penalty = i === 0 ? 1e-9 : ridge;
      gradient[i] = (gradient[i] ?? 0) - penalty * (beta[i] ?? 0);
      line[i] = (line[i] ?? 0) + penalty;
      for (let j = i + 1; j < width; j += 1) line[j] = hessian[j]?.[i] ?? 0;
    }
    const step = solve(hessian, gradient);
    beta = beta.map((value, at) => value + (step[at] ?? 0));
    if (step.every((value) => Math.abs(value) < 1e-9)) break;
  }
  return { intercept: beta[0] ?? 0, weights: beta.slice(1) };
}

export function predictLogistic(model: Logistic, row: ArrayLike<number>): number {
  return sigmoid(model.weights.reduce((sum, weight, at) => sum + weight * (row[at] ?? 0), model.intercept));
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

/** Gaussian elimination with partial pivoting. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((line, index) => [...line, right[index] ?? 0]);
  const size = rows.length;
  for (let column = 0; column < size; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < size; row += 1) {
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[pivot]?.[column] ?? 0)) pivot = row;
    }
    const lead = rows[pivot] ?? [];
    rows[pivot] = rows[column] ?? [];
    rows[column] = lead;
    for (let row = column + 1; row < size; row += 1) {
      const line = rows[row] ?? [];
      const factor = (line[column] ?? 0) / (lead[column] ?? 1);
      for (let at = column; at <= size; at += 1) line[at] = (line[at] ?? 0) - factor * (lead[at] ?? 0);
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let row = size - 1; row >= 0; row -= 1) {
    const line = rows[row] ?? [];
    let rest = line[size] ?? 0;
    for (let at = row + 1; at < size; at += 1) rest -= (line[at] ?? 0) * (solution[at] ?? 0);
    solution[row] = rest / (line[row] ?? 1);
  }
  return solution;
}
