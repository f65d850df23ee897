/**
 * Controlled experiments with pre-experiment data: A. Deng, Y. Xu, R. Kohavi, T. Walker, "Improving the sensitivity of
 * online controlled experiments by utilizing pre-experiment data", WSDM 2013, 123–132. What customers did before the
 * campaign could touch them says much of what they do after; taking it out leaves the same difference with less noise.
 */
import type { Mean } from "./interval.ts";
import { deviations, type Moments } from "./moments.ts";

export interface Adjusted {
  readonly theta: number;
  readonly treated: Mean;
  readonly heldOut: Mean;
  /** Share of the difference's variance that is gone. */
  readonly varianceReduction: number;
}

/**
 * θ is pooled from within the arms, so that the difference between them does not leak into it. Undefined without
 * history: nobody did anything before, or everybody the same.
 */
export function adjust(treated: Moments, heldOut: Moments): Adjusted | undefined {
  const arms = [treated, heldOut];
  const xx = arms.reduce((sum, arm) => sum + deviations(arm.n, arm.xx, arm.x, arm.x), 0);
  const xy = arms.reduce((sum, arm) => sum + deviations(arm.n, arm.xy, arm.x, arm.y), 0);
  const enough = 1e-9 * arms.reduce((sum, arm) => sum + arm.xx, 0);
  if (!(xx > enough)) return undefined;
  const theta = xy / xx;
  const overall = (treated.x + heldOut.x) / (treated.n + heldOut.n);
  const [a, b] = [adjustedMean(treated, theta, overall), adjustedMean(heldOut, theta, overall)];
  const plain = varianceOfMean(treated, 0) + varianceOfMean(heldOut, 0);
  return {
    theta,
    treated: a,
    heldOut: b,
    varianceReduction: plain > 0 ? 1 - (a.variance + b.variance) / plain : 0,
  };
}

function adjustedMean(arm: Moments, theta: number, overall: number): Mean {
  return {
    n: arm.n,
    mean: arm.y / arm.n - theta * (arm.x / arm.n - overall),
    variance: varianceOfMean(arm, theta),
  };
}

/** Of the mean of y − θ·x. */
function varianceOfMean(arm: Moments, theta: number): number {
  const yy = deviations(arm.n, arm.yy, arm.y, arm.y);
  const xx = deviations(arm.n, arm.xx, arm.x, arm.x);
  const xy = deviations(arm.n, arm.xy, arm.x, arm.y);
  return Math.max(0, yy - 2 * theta * xy + theta ** 2 * xx) / (arm.n - 1) / arm.n;
}
