/**
 * One score of what the two risk models say.
 *
 * Each model's value becomes a surprise (see `ordinary.ts`): s = −ln P(an ordinary attempt is at least as strange).
 * Without labels the score is 1 − exp(−s) of the anomaly: the share of ordinary attempts that are less strange. With
 * labels t = s(anomaly) + weight × s(supervised), and the score is the same of the surprise of t. Either way a score of
 * 0.995 is reached by one ordinary attempt in two hundred, whichever model gives it: scores are comparable numbers.
 *
 * The score is shared out over the features: the anomaly's part by its contributions, the supervised part by those
 * of its contributions that speak for abuse. All parts sum to the score; its base is 0.
 */
import type { RiskManifest } from "../registry/manifest.ts";
import { surprise } from "./ordinary.ts";

export interface RiskValues {
  readonly anomaly: number;
  /** Log-odds of abuse; null without a supervised model. */
  readonly supervised: number | null;
}

export interface Combined {
  readonly score: number;
  /** The anomaly's part of the score, 0 to 1. */
  readonly anomalyShare: number;
}

/** @throws RangeError when a value is not a number. */
export function combine(combination: RiskManifest["combination"], values: RiskValues): Combined {
  const strange = surprise(combination.anomaly, values.anomaly);
  const { supervised } = combination;
  const known =
    supervised === null || values.supervised === null
      ? 0
      : supervised.weight * surprise(supervised.range, values.supervised);
  const total = strange + known;
  const score = -Math.expm1(-(supervised === null ? total : surprise(supervised.both, total)));
  if (!Number.isFinite(score)) throw new RangeError("the score is not a number");
  return { score, anomalyShare: total > 0 ? strange / total : 1 };
}

/** Shares of a score over features. @param supervised in log-odds; only what speaks for abuse counts. */
export function shareOut(
  { score, anomalyShare }: Combined,
  anomaly: ArrayLike<number>,
  supervised: ArrayLike<number> | null,
): number[] {
  const strange = normalised(Array.from(anomaly));
  const known = supervised === null ? null : normalised(Array.from(supervised, (part) => Math.max(0, part)));
  // Where nothing speaks for abuse the anomaly answers for the whole.
  const share = known === null ? 1 : strange === null ? 0 : anomalyShare;
  return Array.from(anomaly, (_, at) => score * (share * (strange?.[at] ?? 0) + (1 - share) * (known?.[at] ?? 0)));
}

function normalised(parts: readonly number[]): number[] | null {
  const sum = parts.reduce((total, part) => total + part, 0);
  return sum > 0 && Number.isFinite(sum) ? parts.map((part) => part / sum) : null;
}
