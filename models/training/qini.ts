/**
 * How well effects order customers who were held back from training, by the Qini coefficient (Radcliffe 2007): the area
 * between the curve of extra orders and that of a random order, over that of a perfect order. 0 is no model at all.
 */
import { qini, upliftAt } from "../benchmark/uplift-metrics.ts";
import { seeded } from "./random.ts";

export interface Judged {
  readonly label: number;
  readonly treated: number;
  /** Rows of one customer are drawn together. */
  readonly customer: string;
}

export interface Ranking {
  readonly name: string;
  /** One a row. */
  readonly scores: readonly number[];
}

export interface Compared {
  readonly model: Readonly<Record<string, number>>;
  /** By name: its Qini, and the low end of the 95 % interval of how far the model's lies above it. */
  readonly rivals: Readonly<Record<string, { readonly qini: number; readonly qini_lead_low: number }>>;
}

const resamples = 300;
/** Of the customers, those with the largest effects. */
const share = 0.3;

/** By bootstrap over customers (percentiles), the same draws for all. */
export function compareRankings(
  rows: readonly Judged[],
  model: readonly number[],
  rivals: readonly Ranking[],
  seed: number,
): Compared {
  const all = rows.map((_, row) => row);
  const qiniOf = (scores: readonly number[], drawn: readonly number[]) =>
    qini(
      drawn.map((row) => rows[row]?.label ?? 0),
      drawn.map((row) => scores[row] ?? 0),
      drawn.map((row) => rows[row]?.treated ?? 0),
    );
  const random = seeded(seed);
  const byCustomer = [...groupedBy(all, (row) => rows[row]?.customer ?? "").values()];
  const drawn = Array.from({ length: resamples }, () => {
    const picked = byCustomer.flatMap(() => byCustomer[Math.floor(random() * byCustomer.length)] ?? []);
    const own = qiniOf(model, picked);
    return { own, leads: rivals.map(({ scores }) => own - qiniOf(scores, picked)) };
  });
  const own = drawn.map((each) => each.own);
  const [labels, treated] = [rows.map((row) => row.label), rows.map((row) => row.treated)];
  return {
    model: {
      qini: qiniOf(model, all),
      qini_low: quantile(own, 0.025),
      qini_high: quantile(own, 0.975),
      effect: effectOf(rows),
      effect_of_best_30: upliftAt(labels, model, treated, share),
    },
    rivals: Object.fromEntries(
      rivals.map(({ name, scores }, at) => [
        name,
        {
          qini: qiniOf(scores, all),
          qini_lead_low: quantile(
            drawn.map(({ leads }) => leads[at] ?? Number.NaN),
            0.025,
          ),
        },
      ]),
    ),
  };
}

/** The rate of the treated less that of the others; NaN without either. */
export function effectOf(rows: readonly Pick<Judged, "label" | "treated">[]): number {
  const rate = (arm: number) => {
    const own = rows.filter(({ treated }) => treated === arm);
    return own.reduce((sum, { label }) => sum + label, 0) / own.length;
  };
  return rate(1) - rate(0);
}

export function groupedBy<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group === undefined) groups.set(key(row), [row]);
    else group.push(row);
  }
  return groups;
}

function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(at * sorted.length))] ?? Number.NaN;
}
