/** Standardisation learnt from the training rows, for the baselines. */
import type { FeatureSet } from "./feature.ts";

interface Scale {
  readonly feature: string;
  /** In scaled space, as `low` and `high`. */
  readonly mean: number;
  /** 0 when the training rows all had the same value: the feature is then ignored. */
  readonly std: number;
  /** The 0.1 % and 99.9 % quantiles: a regression says nothing sensible beyond what it was shown. */
  readonly low: number;
  readonly high: number;
}
export type Normaliser = readonly Scale[];

function scaled(scale: "none" | "log1p", value: number): number {
  return scale === "log1p" ? Math.sign(value) * Math.log1p(Math.abs(value)) : value;
}

/** @param bounded false keeps values beyond the training range, as an anomaly detector must see them (up to 12 deviations). */
export function normalise<Input>(
  set: FeatureSet<Input>,
  normaliser: Normaliser,
  raw: readonly number[],
  bounded: boolean,
): Float32Array {
  const out = new Float32Array(set.features.length);
  for (const [index, feature] of set.features.entries()) {
    const learnt = normaliser[index];
    if (learnt === undefined || learnt.std === 0) continue;
    const value = scaled(feature.scale, raw[index] ?? feature.default);
    const inRange = bounded ? Math.min(learnt.high, Math.max(learnt.low, value)) : value;
    out[index] = Math.min(12, Math.max(-12, (inRange - learnt.mean) / learnt.std));
  }
  return out;
}

/**
 * @param constant what to do with a feature that never varies: "ignore" it, since nothing was learnt of it, or take a
 * deviation of one ("unit"), since for an anomaly detector a value never seen before is news.
 * @throws RangeError without rows.
 */
export function fitNormaliser<Input>(
  set: FeatureSet<Input>,
  rows: readonly (readonly number[])[],
  constant: "ignore" | "unit",
): Normaliser {
  if (rows.length === 0) throw new RangeError("a normaliser needs rows");
  return set.features.map((feature, index) => {
    const raw = rows.map((row) => row[index] ?? feature.default).sort((a, b) => a - b);
    const values = raw.map((value) => scaled(feature.scale, value));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const std = Math.sqrt(variance);
    const at = (list: readonly number[], share: number) => list[Math.round(share * (list.length - 1))] ?? 0;
    return {
      feature: feature.name,
      mean,
      std: std < 1e-9 ? { ignore: 0, unit: 1 }[constant] : std,
      low: at(values, 0.001),
      high: at(values, 0.999),
    };
  });
}
