/** Qini, AUUC and uplift@k as scikit-uplift defines them; see `metrics.ts`. */
import { type Metric, sortDescending, ties, type Values } from "./metrics.ts";

interface Point {
  /** Rows so far, treated ones among them, and the positives of both kinds. */
  readonly rows: number;
  readonly treated: number;
  readonly positiveTreated: number;
  readonly positiveControl: number;
}

type Curve = (point: Point) => number;

const qiniCurve: Curve = ({ rows, treated, positiveTreated, positiveControl }) =>
  positiveTreated - ratio(positiveControl * treated, rows - treated);

const upliftCurve: Curve = ({ rows, treated, positiveTreated, positiveControl }) =>
  (ratio(positiveTreated, treated) - ratio(positiveControl, rows - treated)) * rows;

/** The area between the curve and the line to its end, over the same area for the perfect order. */
export function qini(labels: Values, scores: Values, treated: Values): Metric {
  const perfect = Float64Array.from(
    labels,
    (y, row) => y * (treated[row] as number) - y * (1 - (treated[row] as number)),
  );
  return areaOver(qiniCurve, labels, scores, treated) / areaOver(qiniCurve, labels, perfect, treated);
}

export function auuc(labels: Values, scores: Values, treated: Values): Metric {
  let controlPositives = 0;
  let treatedNegatives = 0;
  for (let row = 0; row < labels.length; row += 1) {
    if (labels[row] === 1 && treated[row] === 0) controlPositives += 1;
    if (labels[row] === 0 && treated[row] === 1) treatedNegatives += 1;
  }
  const ofLabel = controlPositives > treatedNegatives;
  const perfect = Float64Array.from(labels, (y, row) => {
    const w = treated[row] as number;
    return 2 * (y === w ? 1 : 0) + (ofLabel ? y : w);
  });
  return areaOver(upliftCurve, labels, scores, treated) / areaOver(upliftCurve, labels, perfect, treated);
}

/** The positive rate of the treated minus that of the others, among the share of all rows with the highest scores. */
export function upliftAt(labels: Values, scores: Values, treated: Values, share: number): Metric {
  // The reference reverses an ascending stable sort: of equal scores the later row comes first.
  const order = reversedTies(scores).subarray(0, Math.floor(labels.length * share));
  const rows = [0, 0];
  const positives = [0, 0];
  for (const row of order) {
    const arm = treated[row] === 1 ? 1 : 0;
    rows[arm] = (rows[arm] as number) + 1;
    positives[arm] = (positives[arm] as number) + (labels[row] as number);
  }
  return (positives[1] as number) / (rows[1] as number) - (positives[0] as number) / (rows[0] as number);
}

function reversedTies(scores: Values): Uint32Array {
  return Uint32Array.from({ length: scores.length }, (_, row) => row).sort(
    (a, b) => (scores[b] as number) - (scores[a] as number) || b - a,
  );
}

function areaOver(curve: Curve, labels: Values, scores: Values, treated: Values): number {
  const order = sortDescending(scores);
  let at = { rows: 0, treated: 0, positiveTreated: 0, positiveControl: 0 };
  let before = 0;
  let area = 0;
  for (const [start, end] of ties(order, scores)) {
    let { treated: t, positiveTreated, positiveControl } = at;
    for (let index = start; index < end; index += 1) {
      const row = order[index] as number;
      const y = labels[row] as number;
      const w = treated[row] as number;
      t += w;
      positiveTreated += y * w;
      positiveControl += y * (1 - w);
    }
    at = { rows: end, treated: t, positiveTreated, positiveControl };
    const value = curve(at);
    area += ((before + value) / 2) * (end - start);
    before = value;
  }
  return area - (before * at.rows) / 2;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
