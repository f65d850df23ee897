/** Trains the personalisation model and judges it against logistic regression and the base rate. */
import { forward, parseDenseNet } from "../dense.ts";
import { fitNormaliser, type Normaliser, normalise } from "../features/normalise.ts";
import { personalisationFeatures } from "../features/personalisation.ts";
import type { ModelFiles } from "../registry/io.ts";
import type { PersonalisationManifest } from "../registry/manifest.ts";
import type { Runtime } from "../runtime.ts";
import { calibrated } from "../serving.ts";
import { cutByTime, type Example, positives, type Split, TooLittleData } from "../training/examples.ts";
import { type FitData, filesOf, predict, trainEpoch } from "../training/fit.ts";
import { fitLogistic, predictLogistic } from "../training/logistic.ts";
import { describeTraining } from "../training/manifest.ts";
import { logLoss, probabilityMetrics } from "../training/metrics.ts";
import { seeded } from "../training/random.ts";
import type { Progress, Trained } from "../training/report.ts";
import { offerNetwork } from "./architecture.ts";

/** Below these, a test part says nothing about which model is better. */
const minimum = { examples: 500, redeemed: 30, redeemedInTest: 5 } as const;

const batchSize = 128;
const epochsMax = 100;
const patience = 20;

/**
 * Two folds, each trained on the past and judged on what came after it, say together when to stop and how to calibrate:
 * one stretch of time alone may hold no campaign like those to come. The network that serves then learns from all rows
 * before the test rows, for so many epochs.
 *
 * @throws TooLittleData
 */
export async function trainPersonalisation(
  runtime: Runtime,
  examples: readonly Example[],
  seed: number,
  progress: Progress,
): Promise<Trained<PersonalisationManifest>> {
  const [first = [], second = [], third = [], test = []] = cutByTime(examples, [0.4, 0.6, 0.8]);
  const split: Split = { train: first, validation: [...second, ...third], test };
  refuseTooLittle(examples, split);
  const known = [...first, ...second, ...third];
  const normaliser = learnScale(known);
  const folds = [toFold(first, second), toFold([...first, ...second], third)];
  const { epochs, slope } = await judgeEpochs(runtime, folds, seed, progress);
  const files = await trainFully(runtime, toData(normaliser, known), epochs, seed);

  const net = parseDenseNet(JSON.parse(files.modelJson), files.weights);
  const logits = (part: readonly Example[]) =>
    vectors(normaliser, part).map((vector) => forward(net, vector)[0] ?? Number.NaN);
  const calibration = { slope, intercept: level(slope, logits(known), positives(known) / known.length) };
  const probabilities = logits(test).map((logit) => calibrated(calibration, logit));
  const { backend } = runtime;
  const description = { examples, split, labelled: true, normaliser, seed, epochs, backend, files };
  const manifest: PersonalisationManifest = {
    name: "personalisation",
    ...describeTraining(personalisationFeatures, description),
    metrics: {
      model: probabilityMetrics(probabilities, labels(test)),
      baselines: baselines(normaliser, known, test),
    },
    calibration,
  };
  return { manifest, files };
}

function refuseTooLittle(examples: readonly Example[], split: Split): void {
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

interface Fold {
  readonly train: FitData;
  readonly judge: FitData;
  readonly outcome: readonly number[];
}

/** Even the scale of the inputs is learnt from the past alone. */
function toFold(past: readonly Example[], future: readonly Example[]): Fold {
  const normaliser = learnScale(past);
  return { train: toData(normaliser, past), judge: toData(normaliser, future), outcome: labels(future) };
}

function learnScale(examples: readonly Example[]): Normaliser {
  return fitNormaliser(
    personalisationFeatures,
    examples.map((example) => example.features),
    "ignore",
  );
}

/** The folds go on epoch by epoch together, until their common loss has not fallen for a while. */
async function judgeEpochs({ tf }: Runtime, folds: readonly Fold[], seed: number, progress: Progress) {
  const learners = folds.map((fold) => ({
    fold,
    model: offerNetwork(tf, fold.train.width, seed),
    random: seeded(seed),
  }));
  const outcome = folds.flatMap((fold) => fold.outcome);
  let best = { loss: Number.POSITIVE_INFINITY, epoch: 0, logits: [] as number[][] };
  for (let epoch = 1; epoch <= epochsMax && epoch - best.epoch <= patience; epoch += 1) {
    const logits: number[][] = [];
    let trainLoss = Number.NaN;
    for (const { fold, model, random } of learners) {
      trainLoss = await trainEpoch(tf, model, fold.train, batchSize, random);
      logits.push(await predict(tf, model, fold.judge));
    }
    const loss = logLoss(
      logits.flat().map((logit) => calibrated({ slope: 1, intercept: 0 }, logit)),
      outcome,
    );
    progress.onEpoch("personalisation", epoch, trainLoss, loss);
    if (loss < best.loss - 1e-6) best = { loss, epoch, logits };
  }
  for (const { model } of learners) model.dispose();
  return { epochs: best.epoch, slope: sharpness(best.logits, folds) };
}

async function trainFully({ tf }: Runtime, data: FitData, epochs: number, seed: number): Promise<ModelFiles> {
  const model = offerNetwork(tf, data.width, seed);
  const random = seeded(seed);
  for (let epoch = 1; epoch <= epochs; epoch += 1) await trainEpoch(tf, model, data, batchSize, random);
  const files = await filesOf(model);
  model.dispose();
  return files;
}

/**
 * How sharp the folds' logits should have been, by Platt's scaling with a level for each fold: that one stretch of time
 * saw less redeemed than another is the campaigns' doing and says nothing about the sharpness.
 */
function sharpness(logits: readonly (readonly number[])[], folds: readonly Fold[]): number {
  const rows = logits.flatMap((ofFold, fold) => ofFold.map((logit) => [logit, fold]));
  const { weights } = fitLogistic(
    rows,
    folds.flatMap((fold) => fold.outcome),
    1e-3,
  );
  const slope = weights[0] ?? 1;
  // A slope that turns the order round says that nothing was learnt; the metrics will show it.
  return slope > 0 ? slope : 1;
}

/** With this intercept the rows that the network learnt from are redeemed, on average, as often as they were. */
function level(slope: number, logits: readonly number[], rate: number): number {
  let low = -20;
  let high = 20;
  for (let step = 0; step < 60; step += 1) {
    const intercept = (low + high) / 2;
    const mean = logits.reduce((sum, logit) => sum + calibrated({ slope, intercept }, logit), 0) / logits.length;
    if (mean < rate) low = intercept;
    else high = intercept;
  }
  return (low + high) / 2;
}

/** A penalty under which the regression did best on the folds of the first real data set; the network must beat that. */
const baselineRidge = 30;

/** Both learn from the rows that the network learnt from. */
function baselines(normaliser: Normaliser, known: readonly Example[], test: readonly Example[]) {
  const rate = positives(known) / known.length;
  const logistic = fitLogistic(vectors(normaliser, known), labels(known), baselineRidge);
  const outcome = labels(test);
  return {
    logistic_regression: probabilityMetrics(
      vectors(normaliser, test).map((vector) => predictLogistic(logistic, vector)),
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
