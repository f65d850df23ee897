/** The risk model in service: one row at a time, plain code. */
import { loadAnomaly } from "../estimators/anomaly/load.ts";
import { loadBinary } from "../estimators/tabular/load.ts";
import type { ModelFiles, RiskManifest } from "../registry/manifest.ts";
import { type Combined, combine, shareOut } from "./combine.ts";

export interface RiskScorer {
  score(row: readonly number[]): number;
  /** Each feature's part of the score, in the order of the row; they sum to it. */
  contributions(row: readonly number[]): number[];
}

/** In the registry the files of each model lie below its name. */
export const riskParts = { anomaly: "anomaly/", supervised: "supervised/" } as const;

/** @throws whatever an estimator finds wrong with its files. */
export function loadRisk({ combination }: Pick<RiskManifest, "combination">, files: ModelFiles): RiskScorer {
  const anomaly = loadAnomaly(below(files, riskParts.anomaly));
  const supervised = combination.supervised === null ? null : loadBinary(below(files, riskParts.supervised));
  const together = (row: readonly number[], strangeness: number): Combined =>
    combine(combination, {
      anomaly: strangeness,
      supervised: supervised === null ? null : logOdds(supervised.predictRow(row)),
    });
  return {
    score: (row) => together(row, anomaly.scoreRow(row)).score,
    contributions: (row) => {
      const strange = anomaly.explainRow(row);
      const known = supervised === null ? null : supervised.contributionsOfRow(row);
      return shareOut(together(row, strange.score), strange.contributions, known);
    },
  };
}

export function logOdds(probability: number): number {
  const tiny = 1e-9;
  const inside = Math.min(1 - tiny, Math.max(tiny, probability));
  return Math.log(inside / (1 - inside));
}

function below(files: ModelFiles, prefix: string): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.entries(files)
      .filter(([path]) => path.startsWith(prefix))
      .map(([path, bytes]) => [path.slice(prefix.length), bytes]),
  );
}
