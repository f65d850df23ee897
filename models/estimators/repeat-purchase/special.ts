/** Special functions that likelihoods of purchases need. */

const lanczos = [
  0.999_999_999_999_809_9, 676.520_368_121_885_1, -1259.139_216_722_402_8, 771.323_428_777_653_1,
  -176.615_029_162_140_6, 12.507_343_278_686_905, -0.138_571_095_265_720_12, 9.984_369_578_019_572e-6,
  1.505_632_735_149_311_6e-7,
] as const;

/** Of a positive number (Lanczos 1964, g = 7): good to some 14 digits. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  const t = z + 7.5;
  let sum: number = lanczos[0];
  for (let k = 1; k < lanczos.length; k += 1) sum += (lanczos[k] as number) / (z + k);
  return 0.918_938_533_204_672_8 + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

const termsMax = 20_000;

/** Gauss's ₂F₁(a, b; c; z) for 0 ≤ z < 1 by its series. */
export function hypergeometric(a: number, b: number, c: number, z: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 0; k < termsMax; k += 1) {
    term *= (((a + k) * (b + k)) / ((c + k) * (k + 1))) * z;
    sum += term;
    if (Math.abs(term) < 1e-13 * Math.abs(sum)) break;
  }
  return sum;
}
