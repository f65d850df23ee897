/**
 * Scores in a request: synchronous, never throwing, some hundredths of a millisecond a row. A model that is absent or
 * refused is "unavailable" and the caller takes the documented fallback; nothing here guesses.
 */
import type { Logger } from "pino";
import { type DenseNet, forward } from "./dense.ts";
import { type FeatureSet, named, rawVector } from "./features/feature.ts";
import { normalise } from "./features/normalise.ts";
import { type OfferInput, personalisationFeatures } from "./features/personalisation.ts";
import { type RiskInput, riskFeatures } from "./features/risk.ts";
import type { Manifest, ModelName, PersonalisationManifest, RiskManifest } from "./registry/manifest.ts";
import { readChampions, readModel, registryDirectory, type StoredModel } from "./registry/store.ts";

export interface RiskScore {
  /** 0 (ordinary) to 1; null when unavailable. */
  readonly score: number | null;
  readonly action: "allow" | "flag";
  /** Sentences a reviewer understands, strongest first. */
  readonly reasons: readonly string[];
  /** "name@version", null when unavailable. */
  readonly model: string | null;
  /** The vector that was scored, by feature name; null when unavailable. */
  readonly features: Readonly<Record<string, number>> | null;
}

interface OfferScore {
  /** That the customer redeems the offer. */
  readonly probability: number;
  /** The vector that was scored, by feature name. */
  readonly features: Readonly<Record<string, number>>;
}

export interface OfferScores {
  readonly model: { readonly name: string; readonly version: string };
  /** One a given input, in the order given. */
  readonly offers: readonly OfferScore[];
}

export interface Models {
  scoreRisk(input: RiskInput): RiskScore;
  /** "unavailable": rank by history instead, see `api/offers`. */
  scoreOffers(inputs: readonly OfferInput[]): OfferScores | "unavailable";
}

export interface LoadOptions {
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** Default: the registry of this source tree. */
  readonly directory?: string;
}

/** Never rejects: what cannot be loaded is logged and unavailable. */
export async function loadModels({ log, directory = registryDirectory }: LoadOptions): Promise<Models> {
  const personalisation = await loadChampion(log, directory, "personalisation", personalisationFeatures);
  const risk = await loadChampion(log, directory, "risk", riskFeatures);
  return {
    scoreRisk: (input) => guarded(log, "risk", noRisk, () => (risk === null ? noRisk : scoreRisk(risk, input))),
    scoreOffers: (inputs) =>
      guarded(log, "personalisation", "unavailable", () =>
        personalisation === null ? "unavailable" : scoreOffers(personalisation, inputs),
      ),
  };
}

const noRisk: RiskScore = { score: null, action: "allow", reasons: [], model: null, features: null };

async function loadChampion<N extends ModelName>(
  log: LoadOptions["log"],
  directory: string,
  name: N,
  set: FeatureSet<never>,
): Promise<StoredModel<Extract<Manifest, { name: N }>> | null> {
  try {
    const version = (await readChampions(directory))[name];
    if (version === undefined) {
      log.info({ model: name }, "no champion: the fallback serves");
      return null;
    }
    const model = await readModel(directory, name, version, set.hash);
    log.info({ model: name, version }, "model loaded");
    return model;
  } catch (error) {
    log.error({ model: name, err: error }, "the champion was refused: the fallback serves");
    return null;
  }
}

function guarded<T>(log: LoadOptions["log"], model: ModelName, fallback: T, score: () => T): T {
  try {
    return score();
  } catch (error) {
    log.error({ model, err: error }, "scoring failed: the fallback serves");
    return fallback;
  }
}

function scoreRisk({ manifest, net }: StoredModel<RiskManifest>, input: RiskInput): RiskScore {
  const raw = rawVector(riskFeatures, input);
  const vector = normalise(riskFeatures, manifest.normaliser, raw, false);
  const parts = squaredErrors(net, vector);
  const error = parts.reduce((sum, part) => sum + part, 0) / parts.length;
  if (!Number.isFinite(error)) throw new RangeError("the reconstruction error is not a number");
  const score = percentile(manifest.anomaly.error_quantiles, error);
  const flagged = score >= manifest.anomaly.flag_quantile;
  return {
    score,
    action: flagged ? "flag" : "allow",
    reasons: flagged ? explain(manifest, raw, parts) : [],
    model: `${manifest.name}@${manifest.version}`,
    features: named(riskFeatures, raw),
  };
}

/** Per feature, how far the autoencoder is from giving back what it was shown. Their mean is the anomaly. */
export function squaredErrors(net: DenseNet, vector: Float32Array): number[] {
  const out = forward(net, vector);
  return Array.from(vector, (value, index) => (value - (out[index] ?? 0)) ** 2);
}

/** Where an error lies among evenly spaced ascending quantiles: 0 to 1, linear in between. */
export function percentile(quantiles: readonly number[], error: number): number {
  const last = quantiles.length - 1;
  let low = 0;
  let high = last;
  if (error < (quantiles[0] ?? 0)) return 0;
  if (error >= (quantiles[last] ?? 0)) return 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (error < (quantiles[middle] ?? 0)) high = middle;
    else low = middle;
  }
  const from = quantiles[low] ?? 0;
  const to = quantiles[high] ?? from;
  return (low + (to > from ? (error - from) / (to - from) : 0)) / last;
}

/** At most three sentences, each for a feature that carries at least a tenth of the anomaly. */
function explain(manifest: RiskManifest, raw: readonly number[], parts: readonly number[]): string[] {
  const total = parts.reduce((sum, part) => sum + part, 0);
  const ranked = riskFeatures.features
    .map((feature, index) => ({ feature, index, share: total > 0 ? (parts[index] ?? 0) / total : 0 }))
    .sort((a, b) => b.share - a.share)
    .filter(({ share }, rank) => rank === 0 || share >= 0.1)
    .slice(0, 3);
  const sentences = ranked.map(({ feature, index }) =>
    feature.text(raw[index] ?? feature.default, manifest.normaliser[index]?.median ?? feature.default),
  );
  return [...new Set(sentences)];
}

function scoreOffers(
  { manifest, net }: StoredModel<PersonalisationManifest>,
  inputs: readonly OfferInput[],
): OfferScores {
  return {
    model: { name: manifest.name, version: manifest.version },
    offers: inputs.map((input) => {
      const raw = rawVector(personalisationFeatures, input);
      const logit = forward(net, normalise(personalisationFeatures, manifest.normaliser, raw, true))[0] ?? Number.NaN;
      const probability = calibrated(manifest.calibration, logit);
      if (!Number.isFinite(probability)) throw new RangeError("the probability is not a number");
      return { probability, features: named(personalisationFeatures, raw) };
    }),
  };
}

export function calibrated(calibration: PersonalisationManifest["calibration"], logit: number): number {
  return 1 / (1 + Math.exp(-(calibration.slope * logit + calibration.intercept)));
}
