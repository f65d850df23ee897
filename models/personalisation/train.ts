/** Trains the personalisation model and judges it against logistic regression and the base rate. */
import { forward, parseDenseNet } from "../dense.ts";
import { fitNormaliser, type Normaliser, normalise } from "../features/normalise.ts";
import { personalisationFeatures } from "../features/personalisation.ts";
import type { PersonalisationManifest } from "../registry/manifest.ts";
import type { Runtime } from "../runtime.ts";
import { calibrated } from "../serving.ts";
import { type Example, positives, splitByTime, TooLittleData } from "../training/examples.ts";
import { type FitData, filesOf, fitNetwork } from "../training/fit.ts";
import { fitLogistic, predictLogistic } from "../training/logistic.ts";
import { describeTraining } from "../training/manifest.ts";
import { probabilityMetrics } from "../training/metrics.ts";
import type { Progress, Trained } from "../training/report.ts";
import { offerNetwork } from "./architecture.ts";

/** Below these, a test part says nothing about which model is better. */
const minimum = { examples: 500, redeemed: 30, redeemedInTest: 5 } as const;

/** @throws TooLittleData */
export async function trainPersonalisation(
  { tf, backend }: Runtime,
  examples: readonly Example[],
  seed: number,
  progress: Progress,
): Promise<Trained<PersonalisationManifest>> {
  const split = splitByTime(examples);
  refuseTooLittle(examples, split);
  const normaliser = fitNormaliser(
    personalisationFeatures,
    split.train.map((example) => example.features),
    "ignore",
  );
  const model = offerNetwork(tf, personalisationFeatures.features.length, seed);
  const epochs = await fitNetwork(tf, model, toData(normaliser, split.train), toData(normaliser, split.validation), {
    seed,
    batchSize: 128,
    epochsMax: 200,
    patience: 15,
    onEpoch: (epoch, loss, held) => progress.onEpoch("personalisation", epoch, loss, held),
  });
  const files = await filesOf(model);
  model.dispose();

  const net = parseDenseNet(JSON.parse(files.modelJson), files.weights);
  const logits = (part: readonly Example[]) =>
    vectors(normaliser, part).map((vector) => forward(net, vector)[0] ?? Number.NaN);
  const calibration = platt(logits(split.validation), labels(split.validation));
  const probabilities = logits(split.test).map((logit) => calibrated(calibration, logit));

  const description = { examples, split, labelled: true, normaliser, seed, epochs, backend, files };
  const manifest: PersonalisationManifest = {
    name: "personalisation",
    ...describeTraining(personalisationFeatures, description),
    metrics: {
      model: probabilityMetrics(probabilities, labels(split.test)),
      baselines: baselines(normaliser, split),
    },
    calibration,
  };
  return { manifest, files };
}

function refuseTooLittle(examples: readonly Example[], split: ReturnType<typeof splitByTime>): void {
  const found = { examples: examples.length, redeemed: positives(examples), redeemedInTest: positives(split.test) };
  const trains = positives(split.train) > 0 && positives(split.validation) > 0;
  const enough = (Object.keys(minimum) as (keyof typeof minimum)[]).every((key) => found[key] >= minimum[key]);
  if (enough && trains) return;
  throw new TooLittleData(
    `${found.examples} publications to known customers whose outcome is known, ${found.redeemed} redeemed, ` +
      `${found.redeemedInTest} of those among the last fifth; it takes ${minimum.examples}, ${minimum.redeemed} and ` +
      `${minimum.redeemedInTest}, and redeemed ones in every part of the time line`,
  );
}

/** Platt's scaling on the validation rows: their order stays, their level becomes the observed one. */
function platt(logits: readonly number[], outcome: readonly number[]): PersonalisationManifest["calibration"] {
  const { weights, intercept } = fitLogistic(
    logits.map((logit) => [logit]),
    outcome,
    1e-3,
  );
  const slope = weights[0] ?? 1;
  // A slope that turns the order round says that the model learnt nothing; leave it as it is and let the metrics show it.
  return slope > 0 ? { slope, intercept } : { slope: 1, intercept: 0 };
}

function baselines(normaliser: Normaliser, split: ReturnType<typeof splitByTime>) {
  const known = [...split.train, ...split.validation];
  const rate = positives(known) / known.length;
  const logistic = fitLogistic(vectors(normaliser, known), labels(known), 1);
  const outcome = labels(split.test);
  return {
    logistic_regression: probabilityMetrics(
      vectors(normaliser, split.test).map((vector) => predictLogistic(logistic, vector)),
      outcome,
    ),
    base_rate: probabilityMetrics(
      outcome.map(() => rate),
      outcome,
    ),
  };
}

function vectors(normaliser: Normaliser, examples: readonly Example[]): Float32Array[] {
  return examples.map((example) => normalise(personalisationFeatures, normaliser, example.features, true));
}

function labels(examples: readonly Example[]): number[] {
  return examples.map((example) => example.label);
}

function toData(normaliser: Normaliser, examples: readonly Example[]): FitData {
  const width = personalisationFeatures.features.length;
  const inputs = new Float32Array(examples.length * width);
  for (const [row, vector] of vectors(normaliser, examples).entries()) inputs.set(vector, row * width);
  return { inputs, width, targets: Float32Array.from(labels(examples)), outputWidth: 1 };
}
