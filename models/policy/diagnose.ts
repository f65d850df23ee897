/** Whether a log can say anything of a policy. */
import type { LoggedAction } from "./estimate.ts";

export interface Diagnosis {
  readonly rows: number;
  /** Near 1 where the log has everything that the policy does; less is what it never tried. */
  readonly meanWeight: number;
  readonly maxWeight: number;
  /** As many rows logged by the policy itself would say as much: (Σw)² / Σw² (Kish 1965). */
  readonly effectiveRows: number;
  /** Share of the weight that a cut at `clip` takes away; 0 without. */
  readonly clippedShare: number;
  /**
   * unsupported: the mean weight is below 1 by more than chance (three standard errors), so the policy shows what the log
   * never did, and no estimate but the direct method, which guesses, says anything of that part. scarce: too few
   * effective rows for an interval to hold what it says.
   */
  readonly support: "good" | "scarce" | "unsupported";
}

/** Fewer say nothing: an interval by the normal distribution rests on one or two rows with large weights. */
const effectiveRowsMin = 100;

export function diagnose(rows: readonly LoggedAction[], clip = Number.POSITIVE_INFINITY): Diagnosis {
  let [sum, squares, kept, largest] = [0, 0, 0, 0];
  for (const { target, propensity } of rows) {
    const weight = target / propensity;
    sum += weight;
    squares += weight * weight;
    kept += Math.min(clip, weight);
    largest = Math.max(largest, weight);
  }
  const count = rows.length;
  const mean = sum / count;
  const error = Math.sqrt(Math.max(0, squares / count - mean * mean) / count);
  const effectiveRows = squares === 0 ? 0 : (sum * sum) / squares;
  return {
    rows: count,
    meanWeight: mean,
    maxWeight: largest,
    effectiveRows,
    clippedShare: sum === 0 ? 0 : 1 - kept / sum,
    support: supportOf(mean, error, effectiveRows),
  };
}

function supportOf(mean: number, error: number, effectiveRows: number): Diagnosis["support"] {
  if (mean === 0 || mean < 1 - Math.max(1e-9, 3 * error)) return "unsupported";
  return effectiveRows < effectiveRowsMin ? "scarce" : "good";
}
