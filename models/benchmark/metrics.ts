/**
 * How good scores are, as public benchmarks define it (scikit-learn, scikit-uplift): the order of equal scores, the
 * rounding of shares and the perfect curves follow them exactly, since figures are laid beside figures of others.
 */

/** NaN where a figure is not defined, such as the ROC area of rows of one class. */
export type Metric = number;

export type Values = ArrayLike<number>;

/** Area under the ROC curve, ties counted half. */
export function areaUnderRoc(labels: Values, scores: Values): Metric {
  const order = sortDescending(scores);
  let positives = 0;
  let negatives = 0;
  let area = 0;
  for (const [start, end] of ties(order, scores)) {
    let here = 0;
    for (let at = start; at < end; at += 1) here += positive(labels, order[at]);
    const others = end - start - here;
    area += others * (positives + here / 2);
    positives += here;
    negatives += others;
  }
  return positives * negatives === 0 ? Number.NaN : area / (positives * negatives);
}

/** The sum of the precision at each positive, rows of one score taken together. */
export function averagePrecision(labels: Values, scores: Values): Metric {
  const order = sortDescending(scores);
  let found = 0;
  let sum = 0;
  for (const [start, end] of ties(order, scores)) {
    let here = 0;
    for (let at = start; at < end; at += 1) here += positive(labels, order[at]);
    found += here;
    sum += here * (found / end);
  }
  return found === 0 ? Number.NaN : sum / found;
}

export function logLoss(labels: Values, probabilities: Values): Metric {
  const tiny = 2.220446049250313e-16;
  return meanOver(labels, (row) => {
    const p = Math.min(1 - tiny, Math.max(tiny, probabilities[row] as number));
    return -Math.log(positive(labels, row) === 1 ? p : 1 - p);
  });
}

export function accuracy(labels: Values, probabilities: Values): Metric {
  return meanOver(labels, (row) => (((probabilities[row] as number) >= 0.5 ? 1 : 0) === positive(labels, row) ? 1 : 0));
}

export function brier(labels: Values, probabilities: Values): Metric {
  return meanOver(labels, (row) => ((probabilities[row] as number) - positive(labels, row)) ** 2);
}

interface Confusion {
  readonly precision: Metric;
  readonly recall: Metric;
  readonly f1: Metric;
}

export function atThreshold(labels: Values, probabilities: Values, threshold: number): Confusion {
  let hits = 0;
  let called = 0;
  let positives = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const says = (probabilities[row] as number) >= threshold ? 1 : 0;
    called += says;
    positives += positive(labels, row);
    hits += says * positive(labels, row);
  }
  return {
    precision: called === 0 ? 0 : hits / called,
    recall: positives === 0 ? 0 : hits / positives,
    f1: called + positives === 0 ? 0 : (2 * hits) / (called + positives),
  };
}

/** The share of positives among the `count` highest scores; rows of one score in file order. */
export function precisionAtCount(labels: Values, scores: Values, count: number): Metric {
  const order = sortDescending(scores).subarray(0, count);
  return order.length === 0 ? Number.NaN : order.reduce((sum, row) => sum + positive(labels, row), 0) / order.length;
}

/** The share of all positives that the `count` highest scores hold. */
export function recallAtCount(labels: Values, scores: Values, count: number): Metric {
  const all = sum(labels.length, (row) => positive(labels, row));
  return all === 0 ? Number.NaN : (precisionAtCount(labels, scores, count) * Math.min(count, labels.length)) / all;
}

/**
 * Mean over the groups that have rows of different gain: gain over log2(rank + 1), rows of one score sharing the mean
 * discount of their ranks, divided by the best order's (scikit-learn's `ndcg_score`).
 */
export function ndcgPerGroup(gains: Values, scores: Values, groups: readonly string[], count: number): Metric {
  return meanOfGroups(groups, gains, (rows) => {
    const local = Float64Array.from(rows, (row) => scores[row] as number);
    const gain = Float64Array.from(rows, (row) => gains[row] as number);
    return discounted(gain, local, count) / discounted(gain, gain, count);
  });
}

function discounted(gains: Float64Array, scores: Float64Array, count: number): number {
  const order = sortDescending(scores);
  let total = 0;
  for (const [start, end] of ties(order, scores)) {
    let gain = 0;
    let discount = 0;
    for (let at = start; at < end; at += 1) {
      gain += gains[order[at] as number] as number;
      if (at < count) discount += 1 / Math.log2(at + 2);
    }
    total += (gain / (end - start)) * discount;
  }
  return total;
}

/** The share of positives among each group's `count` best, averaged over the groups that have both kinds. */
export function precisionPerGroup(labels: Values, scores: Values, groups: readonly string[], count: number): Metric {
  return meanOfGroups(groups, labels, (rows) => {
    const local = Float64Array.from(rows, (row) => scores[row] as number);
    const order = sortDescending(local).subarray(0, count);
    return order.reduce((total, at) => total + positive(labels, rows[at]), 0) / Math.min(count, rows.length);
  });
}

/** One over the rank of each group's first positive, averaged over the groups that have both kinds. */
export function reciprocalRankPerGroup(labels: Values, scores: Values, groups: readonly string[]): Metric {
  return meanOfGroups(groups, labels, (rows) => {
    const order = sortDescending(Float64Array.from(rows, (row) => scores[row] as number));
    return 1 / (order.findIndex((at) => positive(labels, rows[at]) === 1) + 1);
  });
}

/** Average precision or ROC area within each group, averaged. */
export function perGroup(
  metric: (labels: Values, scores: Values) => Metric,
  labels: Values,
  scores: Values,
  groups: readonly string[],
): Metric {
  const pick = (values: Values, rows: readonly number[]) => Float64Array.from(rows, (row) => values[row] as number);
  return meanOfGroups(groups, labels, (rows) => metric(pick(labels, rows), pick(scores, rows)));
}

function meanOfGroups(groups: readonly string[], labels: Values, metric: (rows: readonly number[]) => Metric): Metric {
  const byGroup = rowsByGroup(groups);
  const values: number[] = [];
  for (const rows of byGroup.values()) {
    const first = labels[rows[0] as number];
    if (rows.some((row) => labels[row] !== first)) values.push(metric(rows));
  }
  return values.length === 0 ? Number.NaN : values.reduce((total, value) => total + value, 0) / values.length;
}

function rowsByGroup(groups: readonly string[]): Map<string, number[]> {
  const byGroup = new Map<string, number[]>();
  for (const [row, group] of groups.entries()) {
    const rows = byGroup.get(group);
    if (rows === undefined) byGroup.set(group, [row]);
    else rows.push(row);
  }
  return byGroup;
}

/**
 * Per day: each card's highest score, the `count` highest cards, the share of them with a fraud that day; cards caught
 * on an earlier day are left out. Mean over the days (Fraud Detection Handbook, chapter 4).
 */
export function cardPrecision(
  labels: Values,
  scores: Values,
  cards: readonly string[],
  days: readonly string[],
  count: number,
): Metric {
  const caught = new Set<string>();
  const byDay = [...rowsByGroup(days)].sort(([a], [b]) => (a < b ? -1 : 1));
  let total = 0;
  for (const [, rows] of byDay) {
    const best = new Map<string, { score: number; fraud: boolean }>();
    for (const row of rows) {
      const card = cards[row] as string;
      if (caught.has(card)) continue;
      const score = scores[row] as number;
      const before = best.get(card);
      best.set(card, {
        score: Math.max(before?.score ?? Number.NEGATIVE_INFINITY, score),
        fraud: before?.fraud === true || positive(labels, row) === 1,
      });
    }
    const top = [...best].sort(([, a], [, b]) => b.score - a.score).slice(0, count);
    const found = top.filter(([, { fraud }]) => fraud).map(([card]) => card);
    for (const card of found) caught.add(card);
    total += found.length / count;
  }
  return byDay.length === 0 ? Number.NaN : total / byDay.length;
}

export function rootMeanSquare(actual: Values, predicted: Values): Metric {
  return Math.sqrt(meanOver(actual, (row) => ((predicted[row] as number) - (actual[row] as number)) ** 2));
}

export function meanAbsolute(actual: Values, predicted: Values): Metric {
  return meanOver(actual, (row) => Math.abs((predicted[row] as number) - (actual[row] as number)));
}

/** Pearson's. NaN when either side is constant. */
export function correlation(actual: Values, predicted: Values): Metric {
  const a = meanOver(actual, (row) => actual[row] as number);
  const p = meanOver(predicted, (row) => predicted[row] as number);
  const rows = actual.length;
  const both = sum(rows, (row) => ((actual[row] as number) - a) * ((predicted[row] as number) - p));
  const spread = Math.sqrt(
    sum(rows, (row) => ((actual[row] as number) - a) ** 2) * sum(rows, (row) => ((predicted[row] as number) - p) ** 2),
  );
  return spread === 0 ? Number.NaN : both / spread;
}

export function totalOverActual(actual: Values, predicted: Values): Metric {
  return sum(predicted.length, (row) => predicted[row] as number) / sum(actual.length, (row) => actual[row] as number);
}

/** The share of everything bought that the share of customers with the highest prediction bought. */
export function capture(actual: Values, predicted: Values, share: number): Metric {
  const order = sortDescending(predicted).subarray(0, Math.floor(share * predicted.length));
  return (
    order.reduce((total, row) => total + (actual[row] as number), 0) /
    sum(actual.length, (row) => actual[row] as number)
  );
}

export function sum(length: number, of: (row: number) => number): number {
  let total = 0;
  for (let row = 0; row < length; row += 1) total += of(row);
  return total;
}

function meanOver(values: Values, of: (row: number) => number): number {
  return values.length === 0 ? Number.NaN : sum(values.length, of) / values.length;
}

function positive(labels: Values, row: number | undefined): 0 | 1 {
  return (labels[row ?? 0] as number) > 0 ? 1 : 0;
}

/** Rows by falling score; equal scores in file order. */
export function sortDescending(scores: Values): Uint32Array {
  return Uint32Array.from({ length: scores.length }, (_, row) => row).sort(
    (a, b) => (scores[b] as number) - (scores[a] as number) || a - b,
  );
}

/** The stretches of an order that have one score, as [start, end). */
export function* ties(order: Uint32Array, scores: Values): Generator<[number, number]> {
  for (let start = 0; start < order.length; ) {
    const score = scores[order[start] as number];
    let end = start + 1;
    while (end < order.length && scores[order[end] as number] === score) end += 1;
    yield [start, end];
    start = end;
  }
}
