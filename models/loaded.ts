/** From a verified model to one that scores, and proof that it scores as it did when it was made. */
import type { FeatureSet } from "./features/feature.ts";
import { personalisationFeatures } from "./features/personalisation.ts";
import { riskFeatures } from "./features/risk.ts";
import { upliftFeatures } from "./features/uplift.ts";
import { loadOffers, type OfferScorer } from "./personalisation/score.ts";
import type { Manifest, ModelFiles, ModelName } from "./registry/manifest.ts";
import { ModelRefused, type StoredModel } from "./registry/refuse.ts";
import { loadRisk, type RiskScorer } from "./risk/score.ts";
import { loadEffects, type UpliftScorer } from "./uplift/score.ts";

interface Known {
  readonly version: string;
  /** By feature, in the order of the set: what was usual in training. */
  readonly usual: readonly number[];
  readonly bytes: number;
}

export interface LoadedRisk extends Known {
  readonly name: "risk";
  readonly scorer: RiskScorer;
}

export interface LoadedOffers extends Known {
  readonly name: "personalisation";
  readonly scorer: OfferScorer;
}

interface LoadedUplift extends Known {
  readonly name: "uplift";
  readonly scorer: UpliftScorer;
}

export type Loaded = LoadedRisk | LoadedOffers | LoadedUplift;

/** What reads and makes the files of each model; a change that old files do not survive is another version. */
export const estimators = {
  risk: { name: "anomaly+tabular", version: 1 },
  personalisation: { name: "tabular", version: 1 },
  uplift: { name: "uplift+tabular", version: 1 },
} as const satisfies Record<ModelName, { name: string; version: number }>;

export const featureSets: Readonly<Record<ModelName, FeatureSet<never>>> = {
  risk: riskFeatures,
  personalisation: personalisationFeatures,
  uplift: upliftFeatures,
};

/** A score may differ by so much: other processors round transcendental functions otherwise. */
const tolerance = 1e-6;

/** @throws ModelRefused when it was made for other features or by other code, or does not score as it did. */
export function loadModel({ manifest, files }: StoredModel): Loaded {
  const set = featureSets[manifest.name];
  const estimator = estimators[manifest.name];
  if (manifest.estimator.name !== estimator.name || manifest.estimator.version !== estimator.version) {
    throw new ModelRefused(`it was made by ${manifest.estimator.name} ${manifest.estimator.version}: train again`);
  }
  if (manifest.feature_set.hash !== set.hash || manifest.features.length !== set.features.length) {
    throw new ModelRefused("it was trained on another feature set: train again");
  }
  const known = {
    version: manifest.version,
    usual: manifest.features.map(({ usual }) => usual),
    bytes: Object.values(files).reduce((sum, bytes) => sum + bytes.byteLength, 0),
  };
  try {
    const loaded = toLoaded(manifest, known, files);
    const score = scoreOf(loaded);
    for (const { row, score: expected } of manifest.probe) {
      const given = score(row as number[]);
      // Not "greater": NaN differs from everything.
      if (!(Math.abs(given - expected) <= tolerance)) {
        throw new ModelRefused(`it gives ${given} where it gave ${expected} when it was made`);
      }
    }
    return loaded;
  } catch (error) {
    if (error instanceof ModelRefused) throw error;
    throw new ModelRefused(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function toLoaded(manifest: Manifest, known: Known, files: ModelFiles): Loaded {
  switch (manifest.name) {
    case "risk":
      return { ...known, name: "risk", scorer: loadRisk(manifest, files) };
    case "personalisation":
      return { ...known, name: "personalisation", scorer: loadOffers(files) };
    case "uplift":
      return { ...known, name: "uplift", scorer: loadEffects(files) };
  }
}

function scoreOf(loaded: Loaded): (row: readonly number[]) => number {
  switch (loaded.name) {
    case "risk":
      return loaded.scorer.score;
    case "personalisation":
      return loaded.scorer.probability;
    case "uplift":
      return loaded.scorer.effect;
  }
}
