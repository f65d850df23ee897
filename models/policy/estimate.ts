/**
 * What a policy would have earned, from the log of another: inverse propensity scoring (IPS; Horvitz & Thompson 1952),
 * self-normalised (SNIPS; Swaminathan & Joachims, NIPS 2015), the direct method (DM), and doubly robust (DR; Dudík,
 * Langford & Li, ICML 2011).
 *
 * A row is an action that was shown. Where a decision shows several in order, each place is a row with the probability of
 * that action at that place, and the reward of a place is taken to come from what stands there, whatever stands around it
 * (the item-position model: Li et al., KDD 2018). Values are per decision: sums over its places.
 */
import { resampled, type Sums } from "./bootstrap.ts";

export interface LoggedAction {
  /** The decision that it belongs to. */
  readonly decision: string | number;
  /** Whose decisions depend on each other: a customer. Intervals resample and sum by it. */
  readonly cluster: string | number;
  /** What followed. */
  readonly reward: number;
  /** The logging policy's probability of it, above 0. */
  readonly propensity: number;
  /** The probability of it under the policy in question. */
  readonly target: number;
  /** The reward that a model expects of it; 0 without a model. */
  readonly predicted: number;
  /** The reward that the model expects of the policy in question here: over its actions, by their probability. */
  readonly predictedOfTarget: number;
}

export const estimators = ["ips", "snips", "dm", "dr"] as const;
export type Estimator = (typeof estimators)[number];

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Estimate {
  readonly value: number;
  readonly standardError: number;
  /** 95 %, by the normal distribution: needs enough clusters with a reward. */
  readonly normal: Interval;
  /** 95 %, by resampling clusters; undefined when none was asked for. */
  readonly bootstrap: Interval | undefined;
}

export interface EstimateOptions {
  /**
   * The largest weight. What is above counts as this: less variance for a bias towards the log, of at most what the cut
   * weights stood for (Ionides 2008). Undefined: none is cut.
   */
  readonly clip?: number;
  /** How often to resample; 0: no bootstrap. */
  readonly resamples: number;
  readonly seed: number;
}

export type Estimates = Readonly<Record<Estimator, Estimate>>;

/** @throws RangeError without rows, or for one whose logging probability is not above 0. */
export function estimateValue(rows: readonly LoggedAction[], options: EstimateOptions): Estimates {
  const sums = sumByCluster(rows, options.clip ?? Number.POSITIVE_INFINITY);
  const draws =
    options.resamples === 0 ? undefined : resampled(sums, options.resamples, options.seed, (total) => valuesOf(total));
  const total = totalOf(sums);
  const values = valuesOf(total);
  return Object.fromEntries(
    estimators.map((estimator) => {
      const value = values[estimator];
      const standardError = errorOf(estimator, value, sums, total);
      const bounds = draws?.map((draw) => draw[estimator]).sort((a, b) => a - b);
      return [
        estimator,
        {
          value,
          standardError,
          normal: { low: value - quantile * standardError, high: value + quantile * standardError },
          bootstrap: bounds && { low: at(bounds, 0.025), high: at(bounds, 0.975) },
        },
      ];
    }),
  ) as Record<Estimator, Estimate>;
}

/** The 97.5 % quantile of the normal distribution. */
const quantile = 1.959964;

function sumByCluster(rows: readonly LoggedAction[], clip: number): Sums[] {
  if (rows.length === 0) throw new RangeError("an estimate needs rows");
  const clusters = new Map<string | number, { -readonly [K in keyof Sums]: number }>();
  const decisions = new Set<string | number>();
  for (const row of rows) {
    if (!(row.propensity > 0)) throw new RangeError("a logged action has a propensity above 0");
    let sums = clusters.get(row.cluster);
    if (sums === undefined) {
      sums = { decisions: 0, rows: 0, weight: 0, weighted: 0, direct: 0, residual: 0 };
      clusters.set(row.cluster, sums);
    }
    const weight = Math.min(clip, row.target / row.propensity);
    if (!decisions.has(row.decision)) {
      decisions.add(row.decision);
      sums.decisions += 1;
    }
    sums.rows += 1;
    sums.weight += weight;
    sums.weighted += weight * row.reward;
    sums.direct += row.predictedOfTarget;
    sums.residual += weight * (row.reward - row.predicted);
  }
  return [...clusters.values()];
}

function totalOf(sums: readonly Sums[]): Sums {
  const total = { decisions: 0, rows: 0, weight: 0, weighted: 0, direct: 0, residual: 0 };
  for (const each of sums) for (const key of Object.keys(total) as (keyof Sums)[]) total[key] += each[key];
  return total;
}

function valuesOf({ decisions, rows, weight, weighted, direct, residual }: Sums): Record<Estimator, number> {
  return {
    ips: weighted / decisions,
    // Nothing of the log looks like the policy: nothing is known of it, and 0 would be a claim.
    snips: weight === 0 ? Number.NaN : (weighted / weight) * (rows / decisions),
    dm: direct / decisions,
    dr: (direct + residual) / decisions,
  };
}

/** By the delta method: each estimate is a ratio of sums over clusters, which are independent of each other. */
function errorOf(estimator: Estimator, value: number, sums: readonly Sums[], total: Sums): number {
  const clusters = sums.length;
  if (clusters < 2) return Number.NaN;
  const scale = total.rows / (total.weight * total.decisions);
  let squares = 0;
  for (const cluster of sums) {
    const own = {
      ips: cluster.weighted / total.decisions,
      snips: scale * cluster.weighted - value * (cluster.weight / total.weight - cluster.rows / total.rows),
      dm: cluster.direct / total.decisions,
      dr: (cluster.direct + cluster.residual) / total.decisions,
    }[estimator];
    squares += (own - (value * cluster.decisions) / total.decisions) ** 2;
  }
  return Math.sqrt((squares * clusters) / (clusters - 1));
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
}
