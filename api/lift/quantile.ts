/** Quantiles of 95 % two-sided intervals. */

/** Φ⁻¹(0.975). */
export const normal975 = 1.959963984540054;

/**
 * Student's t, 97.5 % quantile, by G. W. Hill, "Algorithm 396: Student's t-quantiles", Communications of the ACM 13
 * (1970) 619–620. Good to five digits and better the more degrees of freedom there are; these need not be whole, as
 * Welch's are not.
 *
 * @param df degrees of freedom, at least 1.
 */
export function student975(df: number): number {
  const p = 0.05;
  if (!Number.isFinite(df)) return normal975;
  if (df <= 1) return 1 / Math.tan((p * Math.PI) / 2);
  if (df === 2) return Math.sqrt(2 / (p * (2 - p)) - 2);
  const a = 1 / (df - 0.5);
  const b = 48 / a ** 2;
  let c = ((20_700 * a) / b - 98) * a ** 2 - 16 * a + 96.36;
  const d = ((94.5 / (b + c) - 3) / b + 1) * Math.sqrt((a * Math.PI) / 2) * df;
  let y = (d * p) ** (2 / df);
  if (y > 0.05 + a) {
    const x = -normal975;
    y = x ** 2;
    if (df < 5) c += 0.3 * (df - 4.5) * (x + 0.6);
    c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b;
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x;
    y = Math.expm1(a * y ** 2);
  } else {
    y =
      ((1 / (((df + 6) / (df * y) - 0.089 * d - 0.822) * (df + 2) * 3) + 0.5 / (df + 4)) * y - 1) *
        ((df + 1) / (df + 2)) +
      1 / y;
  }
  return Math.sqrt(df * y);
}
