/** Metrics by the names that tasks use, so that tasks never seen before find theirs. */
import {
  accuracy,
  areaUnderRoc,
  atThreshold,
  averagePrecision,
  brier,
  capture,
  cardPrecision,
  correlation,
  logLoss,
  type Metric,
  meanAbsolute,
  ndcgPerGroup,
  perGroup,
  precisionAtCount,
  precisionPerGroup,
  recallAtCount,
  reciprocalRankPerGroup,
  rootMeanSquare,
  sum,
  totalOverActual,
} from "./metrics.ts";
import { auuc, qini, upliftAt } from "./uplift-metrics.ts";

/** The test rows as metrics take them. */
export interface Scored {
  /** Labels, gains, or what was bought. */
  readonly actual: Float64Array;
  readonly scores: Float64Array;
  readonly groups?: readonly string[];
  readonly days?: readonly string[];
  readonly treated?: Float64Array;
}

type Pattern = readonly [RegExp, (scored: Scored, match: RegExpMatchArray) => Metric | undefined];

const patterns: readonly Pattern[] = [
  [/^(roc_?)?auc$/, ({ actual, scores }) => areaUnderRoc(actual, scores)],
  [/^(ap|average_precision|pr_?auc|auprc)$/, ({ actual, scores }) => averagePrecision(actual, scores)],
  [/^log_?loss$/, ({ actual, scores }) => logLoss(actual, scores)],
  [/^acc(uracy)?(@0?\.5)?$/, ({ actual, scores }) => accuracy(actual, scores)],
  [/^brier(_score)?$/, ({ actual, scores }) => brier(actual, scores)],
  [
    /^(f1|precision|recall)@(0?\.\d+)$/,
    ({ actual, scores }, [, of, cut]) => thresholded(actual, scores, of, Number(cut)),
  ],
  [/^(f1|precision|recall)$/, ({ actual, scores }, [, of]) => thresholded(actual, scores, of, 0.5)],
  [
    /^(precision|recall|lift)@(\d+(?:\.\d+)?%|\d+|n)$/,
    ({ actual, scores }, [, of, depth]) => atDepth(actual, scores, of, depth),
  ],
  [
    /^ndcg(?:@(\d+))?(?: per .+)?$/,
    ({ actual, scores, groups }, [, count]) =>
      groups && ndcgPerGroup(actual, scores, groups, count ? Number(count) : Infinity),
  ],
  [
    /^(?:precision|p)@(\d+) per .+$/,
    ({ actual, scores, groups }, [, count]) => groups && precisionPerGroup(actual, scores, groups, Number(count)),
  ],
  [
    /^(?:map|ap) per .+$|^map$/,
    ({ actual, scores, groups }) => groups && perGroup(averagePrecision, actual, scores, groups),
  ],
  [/^auc per .+$/, ({ actual, scores, groups }) => groups && perGroup(areaUnderRoc, actual, scores, groups)],
  [/^mrr(?: per .+)?$/, ({ actual, scores, groups }) => groups && reciprocalRankPerGroup(actual, scores, groups)],
  [
    /^card_precision@(\d+)$/,
    ({ actual, scores, groups, days }, [, count]) =>
      groups && days && cardPrecision(actual, scores, groups, days, Number(count)),
  ],
  [/^qini$/, ({ actual, scores, treated }) => treated && qini(actual, scores, treated)],
  [/^auuc$/, ({ actual, scores, treated }) => treated && auuc(actual, scores, treated)],
  [
    /^uplift@(\d+(?:\.\d+)?)%$/,
    ({ actual, scores, treated }, [, percent]) => treated && upliftAt(actual, scores, treated, Number(percent) / 100),
  ],
  [/^rmse$/, ({ actual, scores }) => rootMeanSquare(actual, scores)],
  [/^mae$/, ({ actual, scores }) => meanAbsolute(actual, scores)],
  [/^corr(elation)?$/, ({ actual, scores }) => correlation(actual, scores)],
  [/^total\/actual$/, ({ actual, scores }) => totalOverActual(actual, scores)],
  [
    /^top(\d+(?:\.\d+)?)%_capture$/,
    ({ actual, scores }, [, percent]) => capture(actual, scores, Number(percent) / 100),
  ],
];

/** Null for a metric that nobody here knows, that the task lacks a column for, or that is not defined on these rows. */
export function measure(name: string, scored: Scored): number | null {
  const wanted = name.trim().toLowerCase();
  for (const [pattern, metric] of patterns) {
    const match = wanted.match(pattern);
    if (match === null) continue;
    const value = metric(scored, match);
    return value === undefined || !Number.isFinite(value) ? null : value;
  }
  return null;
}

export function isKnown(name: string): boolean {
  return patterns.some(([pattern]) => pattern.test(name.trim().toLowerCase()));
}

function thresholded(actual: Float64Array, scores: Float64Array, of: string | undefined, cut: number): Metric {
  const { f1, precision, recall } = atThreshold(actual, scores, cut);
  return of === "f1" ? f1 : of === "recall" ? recall : precision;
}

/** @param depth `10%` of all rows, `100` rows, or `n`: as many as there are positives */
function atDepth(actual: Float64Array, scores: Float64Array, of: string | undefined, depth = "n"): Metric {
  const positives = sum(actual.length, (row) => ((actual[row] as number) > 0 ? 1 : 0));
  const count = depth === "n" ? positives : countOf(depth, actual.length);
  if (of === "recall") return recallAtCount(actual, scores, count);
  const precision = precisionAtCount(actual, scores, count);
  return of === "lift" ? precision / (positives / actual.length) : precision;
}

/** Shares as the reference multiplies them: the share first, then rounded down. */
function countOf(depth: string, rows: number): number {
  return depth.endsWith("%") ? Math.floor(rows * (Number(depth.slice(0, -1)) / 100)) : Number(depth);
}

/** −1 where less is better, 1 where more is. */
function directionOf(name: string): 1 | -1 {
  return /^(log_?loss|brier|rmse|mae)/.test(name.trim().toLowerCase()) ? -1 : 1;
}

/** Ratios that should be 1 are compared by how far they are from it. */
export function goodness(name: string, value: number): number {
  return name === "total/actual" ? -Math.abs(1 - value) : directionOf(name) * value;
}
