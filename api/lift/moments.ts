/** What is kept of a metric of an arm: sums over its customers, enough for every figure of a report. */

export interface Moments {
  /** Customers. */
  readonly n: number;
  /** Σy, Σy²: in the window. */
  readonly y: number;
  readonly yy: number;
  /** Σx, Σx², Σxy: the same customers before the campaign could touch them. */
  readonly x: number;
  readonly xx: number;
  readonly xy: number;
}

export function momentsOf(pairs: Iterable<readonly [y: number, x: number]>): Moments {
  const sums = { n: 0, y: 0, yy: 0, x: 0, xx: 0, xy: 0 };
  for (const [y, x] of pairs) addTo(sums, y, x);
  return sums;
}

/** One more customer. */
export function addTo(sums: { -readonly [Sum in keyof Moments]: number }, y: number, x: number): void {
  sums.n += 1;
  sums.y += y;
  sums.yy += y * y;
  sums.x += x;
  sums.xx += x * x;
  sums.xy += x * y;
}

/** Sum of products of deviations from the means; rounding may leave a hair below zero where there is none. */
export function deviations(n: number, sumOfProducts: number, sumA: number, sumB: number): number {
  return sumOfProducts - (sumA * sumB) / n;
}

/** Of the sample, with n − 1. */
export function variance({ n, y, yy }: Pick<Moments, "n" | "y" | "yy">): number {
  return Math.max(0, deviations(n, yy, y, y)) / (n - 1);
}
