/** Trains the anomaly model. There are no labels: it is judged by how well it tells made-up abuse from the test rows. */
import { parseDenseNet } from "../dense.ts";
import { fitNormaliser, type Normaliser, normalise } from "../features/normalise.ts";
import { riskFeatures } from "../features/risk.ts";
import type { RiskManifest } from "../registry/manifest.ts";
import type { Runtime } from "../runtime.ts";
import { percentile, squaredErrors } from "../serving.ts";
import { type Example, splitByTime, TooLittleData } from "../training/examples.ts";
import { type FitData, filesOf, fitNetwork } from "../training/fit.ts";
import { describeTraining } from "../training/manifest.ts";
import { areaUnderRoc, averagePrecision } from "../training/metrics.ts";
import type { Progress, Trained } from "../training/report.ts";
import { disguise } from "./abuse.ts";
import { autoencoder } from "./architecture.ts";

const minimumRedemptions = 300;

/** One redemption in two hundred of the kind seen in training is flagged. */
const flagQuantile = 0.995;
const quantiles = 1000;

/** @throws TooLittleData */
export async function trainRisk(
  { tf, backend }: Runtime,
  examples: readonly Example[],
  seed: number,
  progress: Progress,
): Promise<Trained<RiskManifest>> {
  if (examples.length < minimumRedemptions) {
    throw new TooLittleData(`${examples.length} redemptions; it takes ${minimumRedemptions}`);
  }
  const split = splitByTime(examples);
  if (Object.values(split).some((part) => part.length === 0)) {
    throw new TooLittleData(`${examples.length} redemptions, but of so few moments that they cannot be split by time`);
  }
  const normaliser = fitNormaliser(
    riskFeatures,
    split.train.map((example) => example.features),
    "unit",
  );
  const model = autoencoder(tf, riskFeatures.features.length, seed);
  const epochs = await fitNetwork(tf, model, toData(normaliser, split.train), toData(normaliser, split.validation), {
    seed,
    batchSize: 64,
    epochsMax: 200,
    patience: 15,
    onEpoch: (epoch, loss, held) => progress.onEpoch("risk", epoch, loss, held),
  });
  const files = await filesOf(model);
  model.dispose();

  const net = parseDenseNet(JSON.parse(files.modelJson), files.weights);
  const error = (features: readonly number[]) => mean(squaredErrors(net, vector(normaliser, features)));
  const zScore = (features: readonly number[]) => mean(vector(normaliser, features).map((value) => value ** 2));
  const anomaly = {
    error_quantiles: evenQuantiles(split.train.map((example) => error(example.features))),
    flag_quantile: flagQuantile,
  };
  const description = { examples, split, labelled: false, normaliser, seed, epochs, backend, files };
  const abused = disguise(split.test, seed);
  const flagged = (rows: readonly Example[]) =>
    mean(rows.map((row) => (percentile(anomaly.error_quantiles, error(row.features)) >= flagQuantile ? 1 : 0)));
  const manifest: RiskManifest = {
    name: "risk",
    ...describeTraining(riskFeatures, description),
    metrics: {
      model: {
        ...detection(split.test, abused, error),
        flagged_share_of_test: flagged(split.test),
        flagged_share_of_made_up_abuse: flagged(abused),
      },
      baselines: { independent_z_scores: detection(split.test, abused, zScore) },
    },
    anomaly,
  };
  return { manifest, files };
}

function detection(
  ordinary: readonly Example[],
  abused: readonly Example[],
  score: (features: readonly number[]) => number,
) {
  const scores = [...ordinary, ...abused].map((example) => score(example.features));
  const labels = [...ordinary.map(() => 0), ...abused.map(() => 1)];
  return { auc: areaUnderRoc(scores, labels), average_precision: averagePrecision(scores, labels) };
}

function evenQuantiles(errors: readonly number[]): number[] {
  const sorted = errors.toSorted((a, b) => a - b);
  return Array.from(
    { length: quantiles + 1 },
    (_, step) => sorted[Math.round((step / quantiles) * (sorted.length - 1))] ?? 0,
  );
}

function vector(normaliser: Normaliser, features: readonly number[]): Float32Array {
  return normalise(riskFeatures, normaliser, features, false);
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

function toData(normaliser: Normaliser, examples: readonly Example[]): FitData {
  const width = riskFeatures.features.length;
  const inputs = new Float32Array(examples.length * width);
  for (const [row, example] of examples.entries()) inputs.set(vector(normaliser, example.features), row * width);
  return { inputs, width, targets: inputs, outputWidth: width };
}
