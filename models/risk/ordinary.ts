/**
 * How surprising a value is among ordinary ones: −ln of the share of ordinary values that are at least as high. Sums of
 * it are Fisher's method of combining tests (Statistical Methods for Research Workers, 1925).
 *
 * Up to a quantile the share is counted. Beyond it there are too few values to count, and the tail is taken to be
 * exponential with the mean excess over that quantile: peaks over threshold (Davison and Smith, "Models for exceedances
 * over high thresholds", 1990). So scores go on rising where every ordinary value has been left behind, and a threshold of
 * 0.9999 means something after a few thousand rows.
 */
import { z } from "zod";

export const ordinaryRangeSchema = z.object({
  /** At evenly spaced shares from 0 to `counted`, ascending. */
  quantiles: z.array(z.number()).min(2),
  /** The share up to which values are counted. */
  counted: z.number().gt(0).lt(1),
  /** Mean excess beyond it. */
  excess: z.number().gt(0),
});
export type OrdinaryRange = z.infer<typeof ordinaryRangeSchema>;

const steps = 400;
/** The tail begins where at least so many values lie beyond. */
const beyondMin = 20;
const shares = [0.995, 0.99, 0.98, 0.95, 0.9] as const;

/** @throws RangeError without values. */
export function fitOrdinary(values: readonly number[]): OrdinaryRange {
  if (values.length === 0) throw new RangeError("what is ordinary cannot be learnt from nothing");
  const sorted = Float64Array.from(values).sort();
  const counted = shares.find((share) => sorted.length * (1 - share) >= beyondMin) ?? 0.9;
  const quantile = (share: number) => interpolate(sorted, share * (sorted.length - 1));
  const quantiles = Array.from({ length: steps + 1 }, (_, step) => quantile((step / steps) * counted));
  const from = quantiles[steps] ?? 0;
  const beyond = sorted.filter((value) => value > from);
  const mean = beyond.reduce((sum, value) => sum + value - from, 0) / Math.max(1, beyond.length);
  // Many equal values leave nothing beyond: the slope of the body then stands in.
  const slope = (from - quantile(0.5)) / Math.log(0.5 / (1 - counted));
  const excess = Math.max(mean, slope / 4);
  return { quantiles, counted, excess: excess > 0 && Number.isFinite(excess) ? excess : 1 };
}

function interpolate(sorted: Float64Array, at: number): number {
  const low = sorted[Math.floor(at)] ?? 0;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (at - Math.floor(at)) * (high - low);
}

/** Never negative, never falling with the value, NaN for NaN. */
export function surprise({ quantiles, counted, excess }: OrdinaryRange, value: number): number {
  const last = quantiles.length - 1;
  const from = quantiles[last] ?? 0;
  if (Number.isNaN(value)) return value;
  if (value >= from) return -Math.log(1 - counted) + (value - from) / excess;
  if (value < (quantiles[0] ?? 0)) return 0;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (value < (quantiles[middle] ?? 0)) high = middle;
    else low = middle;
  }
  const left = quantiles[low] ?? 0;
  const right = quantiles[high] ?? left;
  const share = ((low + (right > left ? (value - left) / (right - left) : 0)) / last) * counted;
  return -Math.log(1 - share);
}
