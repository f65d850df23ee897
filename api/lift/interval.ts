/** Differences and ratios of two independent means, with 95 % intervals. */
import { normal975, student975 } from "./quantile.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Estimate extends Interval {
  readonly value: number;
}

/** A mean, and the variance of that mean: of the sample ÷ n. */
export interface Mean {
  readonly n: number;
  readonly mean: number;
  readonly variance: number;
}

/**
 * B. L. Welch, "The generalization of 'Student's' problem when several different population variances are involved",
 * Biometrika 34 (1947) 28–35. The arms have different sizes and, where the campaign works, different variances.
 */
export function differenceOfMeans(a: Mean, b: Mean): Estimate {
  const value = a.mean - b.mean;
  const half = welchQuantile(a, b) * Math.sqrt(a.variance + b.variance);
  return { value, low: value - half, high: value + half };
}

/** Of the degrees of freedom that Welch and Satterthwaite give to the two variances. */
export function welchQuantile(a: Mean, b: Mean): number {
  const both = a.variance + b.variance;
  if (both === 0) return normal975;
  const degrees = both ** 2 / (a.variance ** 2 / (a.n - 1) + b.variance ** 2 / (b.n - 1));
  return student975(degrees);
}

export interface Share {
  readonly n: number;
  readonly count: number;
}

/** E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927) 209–212. */
export function wilson({ n, count }: Share): Interval {
  const z = normal975;
  const p = count / n;
  const middle = p + z ** 2 / (2 * n);
  const half = z * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2));
  const scale = 1 + z ** 2 / n;
  return { low: Math.max(0, (middle - half) / scale), high: Math.min(1, (middle + half) / scale) };
}

/**
 * R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
 * methods", Statistics in Medicine 17 (1998) 873–890, method 10. Holds where few have converted, where the normal
 * approximation is too narrow.
 */
export function differenceOfShares(a: Share, b: Share): Estimate {
  const [p, q] = [a.count / a.n, b.count / b.n];
  const [ofA, ofB] = [wilson(a), wilson(b)];
  return {
    value: p - q,
    low: p - q - Math.hypot(p - ofA.low, ofB.high - q),
    high: p - q + Math.hypot(ofA.high - p, q - ofB.low),
  };
}

/** An estimate with its variance. */
interface Part {
  readonly value: number;
  readonly variance: number;
}

/**
 * E. C. Fieller, "Some problems in interval estimation", Journal of the Royal Statistical Society B 16 (1954) 175–185:
 * all ratios that the data do not rule out. Undefined where they are not one interval: the denominator may be nothing.
 *
 * @param covariance of the two estimates.
 */
export function ratio(above: Part, below: Part, covariance: number, quantile: number): Estimate | undefined {
  const square = quantile ** 2;
  // a·ρ² − 2·b·ρ + c ≤ 0
  const a = below.value ** 2 - square * below.variance;
  const b = above.value * below.value - square * covariance;
  const c = above.value ** 2 - square * above.variance;
  if (!(a > 0)) return undefined;
  const root = Math.sqrt(Math.max(0, b ** 2 - a * c));
  return { value: above.value / below.value, low: (b - root) / a, high: (b + root) / a };
}

/** a ÷ b − 1: how much more, of what there is without. */
export function relativeDifference(a: Mean, b: Mean): Estimate | undefined {
  const [above, below] = [a, b].map(({ mean, variance }) => ({ value: mean, variance })) as [Part, Part];
  const found = ratio(above, below, 0, welchQuantile(a, b));
  return found && { value: found.value - 1, low: found.low - 1, high: found.high - 1 };
}
