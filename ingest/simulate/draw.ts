/** Draws from a seeded generator: the same seed plans the same traffic. */
import { seeded } from "../../models/training/random.ts";

export interface Draw {
  /** Uniform in [0, 1). */
  unit(): number;
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  normal(mean: number, deviation: number): number;
  /** With the given mean; shapes below 1 have many small values and a long tail. */
  gamma(shape: number, mean: number): number;
  poisson(mean: number): number;
  /** Lower-case letters and digits. */
  token(length: number): string;
}

export function createDraw(seed: number): Draw {
  const unit = seeded(seed);
  const draw: Draw = {
    unit,
    whole: (low, high) => low + Math.floor(unit() * (high - low + 1)),
    chance: (probability) => unit() < probability,
    pick: (from) => {
      const picked = from[Math.floor(unit() * from.length)];
      if (picked === undefined) throw new RangeError("nothing to pick from");
      return picked;
    },
    // Box and Muller 1958.
    normal: (mean, deviation) =>
      mean + deviation * Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit()),
    gamma: (shape, mean) => (mean / shape) * standardGamma(draw, shape),
    // Knuth's product of uniforms; the means here are small.
    poisson: (mean) => {
      const floor = Math.exp(-mean);
      let count = 0;
      for (let product = unit(); product > floor; product *= unit()) count += 1;
      return count;
    },
    token: (length) =>
      Array.from({ length }, () => "abcdefghijkmnpqrstuvwxyz23456789"[Math.floor(unit() * 32)]).join(""),
  };
  return draw;
}

/** Marsaglia and Tsang 2000; below 1 by their boost U^(1/shape). */
function standardGamma(draw: Draw, shape: number): number {
  if (shape < 1) return standardGamma(draw, shape + 1) * (1 - draw.unit()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = draw.normal(0, 1);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - draw.unit()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
