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

/** One feature's part in a score. */
export interface RiskReason {
  readonly feature: string;
  /** As it was scored, default filled in. */
  readonly value: number;
  /** All contributions of a score sum to its distance from the base, which is 0. */
  readonly contribution: number;
  /** A sentence a reviewer understands. */
  readonly text: string;
}

/** What the model alone says; what follows from it is a matter of rules and policies, see `api/risk`. */
export interface RiskScore {
  /** 0 (ordinary) to 1, comparable between models; null when unavailable. */
  readonly score: number | null;
  /** "name@version", null when unavailable. */
  readonly model: string | null;
  /** The vector that was scored, by feature name; null when unavailable. */
  readonly features: Readonly<Record<string, number>> | null;
  /** Every feature that moved the score, strongest first; the same for the same vector and model. */
  readonly reasons: readonly RiskReason[];
}

/** A score at or above it is flagged where nothing else is said: about one in a hundred of honest attempts, or fewer. */
export const flagThreshold = 0.99;

interface OfferScore {
  /** That the customer redeems the offer. */
  readonly probability: number;
  /** The vector that was scored, by feature name. */
  readonly features: Readonly<Record<string, number>>;
  /** By feature, in log-odds: they sum to the offer's log-odds less those of an average example of training. */
  readonly contributions: Readonly<Record<string, number>>;
}

export interface OfferScores {
  readonly model: { readonly name: string; readonly version: string };
  /** One a given input, in the order given. */
  readonly offers: readonly OfferScore[];
}

export interface Models {
  scoreRisk(projectId: string, input: RiskInput): RiskScore;
  /** "unavailable": rank by history instead, see `api/offers`. */
  scoreOffers(projectId: string, inputs: readonly OfferInput[]): OfferScores | "unavailable";
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
    scoreRisk: (_, input) => guarded(log, "risk", noRisk, () => (risk === null ? noRisk : scoreRisk(risk, input))),
    scoreOffers: (_, inputs) =>
      guarded(log, "personalisation", "unavailable", () =>
        personalisation === null ? "unavailable" : scoreOffers(personalisation, inputs),
      ),
  };
}

const noRisk: RiskScore = { score: null, model: null, features: null, reasons: [] };

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
  return {
    score,
    model: `${manifest.name}@${manifest.version}`,
    features: named(riskFeatures, raw),
    reasons: explain(manifest, raw, parts, score),
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

/** Each feature's share of the anomaly, times the score. */
function explain(manifest: RiskManifest, raw: readonly number[], parts: readonly number[], score: number) {
  const total = parts.reduce((sum, part) => sum + part, 0);
  return riskFeatures.features
    .map((feature, index): RiskReason => {
      const value = raw[index] ?? feature.default;
      const share = total > 0 ? (parts[index] ?? 0) / total : 0;
      const usual = manifest.normaliser[index]?.median ?? feature.default;
      return { feature: feature.name, value, contribution: share * score, text: feature.text(value, usual) };
    })
    .filter(({ contribution }) => contribution > 0)
    .sort((a, b) => b.contribution - a.contribution);
}

function scoreOffers(
  { manifest, net }: StoredModel<PersonalisationManifest>,
  inputs: readonly OfferInput[],
): OfferScores {
  return {
    model: { name: manifest.name, version: manifest.version },
    offers: inputs.map((input) => {
      const raw = rawVector(personalisationFeatures, input);
      const vector = normalise(personalisationFeatures, manifest.normaliser, raw, true);
      const logit = forward(net, vector)[0] ?? Number.NaN;
      const probability = calibrated(manifest.calibration, logit);
      if (!Number.isFinite(probability)) throw new RangeError("the probability is not a number");
      return {
        probability,
        features: named(personalisationFeatures, raw),
        contributions: leaveOneOut(net, vector, logit, manifest.calibration.slope),
      };
    }),
  };
}

/** What each input adds to the log-odds against the average of training, scaled so that they sum to the whole. */
function leaveOneOut(net: DenseNet, vector: Float32Array, logit: number, slope: number): Record<string, number> {
  const base = forward(net, new Float32Array(vector.length))[0] ?? 0;
  const alone = personalisationFeatures.features.map((_, index) => {
    const without = vector.slice();
    without[index] = 0;
    return logit - (forward(net, without)[0] ?? 0);
  });
  const rest = (logit - base - alone.reduce((sum, part) => sum + part, 0)) / alone.length;
  return Object.fromEntries(
    personalisationFeatures.features.map(({ name }, index) => [name, slope * ((alone[index] ?? 0) + rest)]),
  );
}

export function calibrated(calibration: PersonalisationManifest["calibration"], logit: number): number {
  return 1 / (1 + Math.exp(-(calibration.slope * logit + calibration.intercept)));
}
