/** Trains the personalisation model and judges it against logistic regression, what is popular, the base rate, and the champion. */
import { fitBinary } from "../estimators/tabular/fit.ts";
import { fitNormaliser, type Normaliser, normalise } from "../features/normalise.ts";
import { personalisationFeatures as set } from "../features/personalisation.ts";
import { campaignPopularity } from "../personalisation/evaluate.ts";
import { loadOffers } from "../personalisation/score.ts";
import type { PersonalisationManifest } from "../registry/manifest.ts";
import { type Example, labelsOf, positives, splitByTime, TooLittleData, toTable } from "./examples.ts";
import { fitLogistic, predictLogistic } from "./logistic.ts";
import { describeTraining } from "./manifest.ts";
import { probabilityMetrics } from "./metrics.ts";
import type { Trained, TrainingContext } from "./report.ts";

/** Below these, a test part says nothing about which model is better. */
const minimum = { examples: 500, redeemed: 30, redeemedInTest: 5 } as const;

/**
 * The estimator learns from the first 80 % and splits them over time by itself, to stop, weigh its members and calibrate;
 * the last 20 % only judge. What was judged is what serves: it is not trained again on the held-back days.
 *
 * @throws TooLittleData
 */
export async function trainPersonalisation(
  context: TrainingContext,
  examples: readonly Example[],
): Promise<Trained<PersonalisationManifest>> {
  const split = splitByTime(examples);
  const known = [...split.train, ...split.validation];
  const { test } = split;
  refuseTooLittle(examples, known, test);
  context.say(`personalisation: ${examples.length} examples, ${positives(examples)} redeemed`);
  const model = await fitBinary(context.runtime, toTable(set, known), labelsOf(known), {
    seed: context.seed,
    times: known.map(({ at }) => at),
    say: (message) => context.say(`personalisation: ${message}`),
  });
  const files = { ...model.toFiles() };
  // Judged as it will serve: read back from its files.
  const scorer = loadOffers(files);
  const outcome = labelsOf(test);
  const judge = (score: (row: readonly number[]) => number) =>
    probabilityMetrics(
      test.map(({ features }) => score(features)),
      outcome,
    );
  const { champion } = context;
  const description = describeTraining(context, {
    ...{ name: "personalisation", set, examples, split, files, labelled: true },
    members: model.report.members.map(({ name, weight, logLoss, auc }) => ({
      name,
      weight,
      metrics: { log_loss: logLoss, auc },
    })),
    metrics: { model: judge(scorer.probability), baselines: baselines(known, judge) },
    champion:
      champion?.name === "personalisation"
        ? { version: champion.version, metrics: judge(champion.scorer.probability) }
        : null,
    score: scorer.probability,
  });
  return { manifest: { name: "personalisation", ...description }, files };
}

function refuseTooLittle(examples: readonly Example[], known: readonly Example[], test: readonly Example[]): void {
  const found = { examples: examples.length, redeemed: positives(examples), redeemedInTest: positives(test) };
  const enough = (Object.keys(minimum) as (keyof typeof minimum)[]).every((key) => found[key] >= minimum[key]);
  const learnable = positives(known) > 0 && positives(known) < known.length;
  if (enough && learnable) return;
  throw new TooLittleData(
    `${found.examples} publications to known customers whose outcome is known, ${found.redeemed} redeemed, ` +
      `${found.redeemedInTest} of those among the last fifth; it takes ${minimum.examples}, ${minimum.redeemed} and ` +
      `${minimum.redeemedInTest}, and redeemed ones in every part of the time line`,
  );
}

/** A penalty under which the regression did best on the folds of the first real data set. */
const baselineRidge = 30;

/** Both learn from the rows that the estimator learnt from. */
function baselines(
  known: readonly Example[],
  judge: (score: (row: readonly number[]) => number) => ReturnType<typeof probabilityMetrics>,
) {
  const rate = positives(known) / known.length;
  const normaliser: Normaliser = fitNormaliser(
    set,
    known.map(({ features }) => features),
    "ignore",
  );
  const vector = (features: readonly number[]) => normalise(set, normaliser, features, true);
  const logistic = fitLogistic(
    known.map(({ features }) => vector(features)),
    labelsOf(known),
    baselineRidge,
  );
  return {
    logistic_regression: judge((features) => predictLogistic(logistic, vector(features))),
    campaign_popularity: judge(campaignPopularity),
    base_rate: judge(() => rate),
  };
}
