/**
 * Trains the risk model: an anomaly detector on what nobody has confirmed to be abuse, and once reviewers have confirmed
 * enough, a classifier beside it; `risk/combine.ts` makes one score of both. Judged on the held-back days.
 */
import { fitAnomaly } from "../estimators/anomaly/fit.ts";
import type { BinaryModel } from "../estimators/tabular/binary-model.ts";
import { fitBinary } from "../estimators/tabular/fit.ts";
import { fitNormaliser, normalise } from "../features/normalise.ts";
import { riskFeatures as set } from "../features/risk.ts";
import type { Manifest, RiskManifest } from "../registry/manifest.ts";
import { disguise } from "../risk/abuse.ts";
import { fitOrdinary, type OrdinaryRange, surprise } from "../risk/ordinary.ts";
import { loadRisk, logOdds, riskParts } from "../risk/score.ts";
import { flagThreshold } from "../serving.ts";
import { type Example, type Split, splitByTime, TooLittleData, toTable } from "./examples.ts";
import { describeTraining } from "./manifest.ts";
import { areaUnderRoc, averagePrecision } from "./metrics.ts";
import { permutation, seeded } from "./random.ts";
import type { Trained, TrainingContext } from "./report.ts";

const minimumAttempts = 300;
/** Confirmed and other attempts, all told, from which on the labels are learnt from. */
const labelsNeeded = { confirmed: 50, others: 200 } as const;
/** Of the confirmed, in the part that trains and in the one that weighs. */
const confirmedNeeded = { train: 25, validation: 8 } as const;
/** Unlabelled attempts a confirmed one: most are honest, and more teach little. */
const othersPerConfirmed = 20;
const weights = [0.25, 0.5, 1, 2, 4] as const;
/** From so many confirmed ones among the held-back days on they judge, and made-up abuse only stands beside. */
const confirmedToJudge = 10;

type Scored = (row: readonly number[]) => number;

/** @param examples label 1: a reviewer confirmed that it was abuse. @throws TooLittleData */
export async function trainRisk(
  context: TrainingContext,
  examples: readonly Example[],
): Promise<Trained<RiskManifest>> {
  if (examples.length < minimumAttempts) {
    throw new TooLittleData(`${examples.length} redemptions; it takes ${minimumAttempts}`);
  }
  const split = splitByTime(examples);
  if (Object.values(split).some((part) => ordinary(part).length === 0)) {
    throw new TooLittleData(`${examples.length} redemptions, but of so few moments that they cannot be split by time`);
  }
  context.say(`risk: ${examples.length} attempts, ${confirmed(examples).length} of them confirmed to be abuse`);
  const honest = ordinary(split.train);
  const anomaly = await fitAnomaly(context.runtime, toTable(set, honest), { seed: context.seed });
  const range = fitOrdinary(ordinary(split.validation).map(({ features }) => anomaly.scoreRow(features)));
  const labelled = await learnLabels(context, split, { range, score: (row) => anomaly.scoreRow(row) });
  const files = {
    ...under(riskParts.anomaly, anomaly.toFiles()),
    ...(labelled === null ? {} : under(riskParts.supervised, labelled.model.toFiles())),
  };
  const combination = { anomaly: range, supervised: labelled?.combination ?? null };
  // Judged as it will serve: read back from its files.
  const scorer = loadRisk({ combination }, files);
  const judge = judgeOn(split.test, context.seed);
  const { champion } = context;
  const manifest = describeTraining(context, {
    ...{ name: "risk", set, examples, split, files, labelled: labelled !== null },
    members: membersOf(labelled?.model ?? null),
    metrics: { model: judge(scorer.score, true), baselines: { independent_z_scores: judge(zScore(honest), false) } },
    champion:
      champion?.name === "risk" ? { version: champion.version, metrics: judge(champion.scorer.score, true) } : null,
    score: scorer.score,
  });
  return { manifest: { name: "risk", ...manifest, combination }, files };
}

interface Labelled {
  readonly model: BinaryModel;
  readonly combination: NonNullable<RiskManifest["combination"]["supervised"]>;
}

/**
 * The classifier learns the confirmed from all others of the training part. Its weight is the one with which both
 * together order the validation part best; null when none is better than the anomaly alone, or labels are too few.
 */
async function learnLabels(
  { runtime, seed, say }: TrainingContext,
  split: Split,
  anomaly: { readonly range: OrdinaryRange; readonly score: Scored },
): Promise<Labelled | null> {
  const known = [...split.train, ...split.validation];
  const enough =
    confirmed(known).length >= labelsNeeded.confirmed &&
    ordinary(known).length >= labelsNeeded.others &&
    confirmed(split.train).length >= confirmedNeeded.train &&
    confirmed(split.validation).length >= confirmedNeeded.validation;
  if (!enough) return null;
  const rows = withOthers(split.train, seed);
  const model = await fitBinary(
    runtime,
    toTable(set, rows),
    rows.map(({ label }) => label),
    { seed, times: rows.map(({ at }) => at), say: (message) => say(`risk: ${message}`) },
  );
  const values = split.validation.map(({ features, label }) => ({
    label,
    strange: surprise(anomaly.range, anomaly.score(features)),
    known: logOdds(model.predictRow(features)),
  }));
  const range = fitOrdinary(values.filter(({ label }) => label === 0).map((value) => value.known));
  const together = (weight: number) =>
    values.map((value) => ({ label: value.label, total: value.strange + weight * surprise(range, value.known) }));
  const precision = (weight: number) => {
    const sums = together(weight);
    return averagePrecision(
      sums.map(({ total }) => total),
      sums.map(({ label }) => label),
    );
  };
  const best = weights.toSorted((a, b) => precision(b) - precision(a))[0] ?? 1;
  say(
    `risk: average precision on validation ${precision(0).toFixed(3)} alone, ${precision(best).toFixed(3)} with labels`,
  );
  if (precision(best) <= precision(0)) return null;
  const both = fitOrdinary(
    together(best)
      .filter(({ label }) => label === 0)
      .map(({ total }) => total),
  );
  return { model, combination: { weight: best, range, both } };
}

/** The confirmed, and of the others so many that they outnumber them twenty times; oldest first. */
function withOthers(examples: readonly Example[], seed: number): Example[] {
  const others = ordinary(examples);
  const most = Math.max(labelsNeeded.others, confirmed(examples).length * othersPerConfirmed);
  const drawn = Array.from(permutation(others.length, seeded(seed)).subarray(0, most));
  const kept = new Set(drawn.map((index) => others[index]));
  return examples.filter((example) => example.label === 1 || kept.has(example));
}

/** On the same rows for every candidate. */
function judgeOn(test: readonly Example[], seed: number) {
  const honest = ordinary(test);
  const found = confirmed(test);
  const abused = disguise(honest, seed);
  return (score: Scored, calibrated: boolean): Record<string, number> => {
    const share = (rows: readonly Example[]) =>
      rows.reduce((sum, { features }) => sum + (score(features) >= flagThreshold ? 1 : 0), 0) / rows.length;
    return {
      ...detection(honest, abused, score, ""),
      ...(found.length >= confirmedToJudge ? detection(honest, found, score, "confirmed_") : {}),
      // Where the score means nothing by itself there is no share to tell.
      ...(calibrated
        ? {
            flagged_share: share(honest),
            flagged_share_of_made_up_abuse: share(abused),
            ...(found.length >= confirmedToJudge ? { flagged_share_of_confirmed: share(found) } : {}),
          }
        : {}),
    };
  };
}

function detection(honest: readonly Example[], abuse: readonly Example[], score: Scored, prefix: string) {
  const scores = [...honest, ...abuse].map(({ features }) => score(features));
  const labels = [...honest.map(() => 0), ...abuse.map(() => 1)];
  return {
    [`${prefix}auc`]: areaUnderRoc(scores, labels),
    [`${prefix}average_precision`]: averagePrecision(scores, labels),
  };
}

/** The named baseline: each feature by itself, in deviations. */
function zScore(honest: readonly Example[]): Scored {
  const normaliser = fitNormaliser(
    set,
    honest.map(({ features }) => features),
    "unit",
  );
  return (row) => normalise(set, normaliser, row, false).reduce((sum, value) => sum + value ** 2, 0);
}

function membersOf(model: BinaryModel | null): Manifest["members"] {
  return (model?.report.members ?? []).map(({ name, weight, logLoss, auc }) => ({
    name: `supervised ${name}`,
    weight,
    metrics: { log_loss: logLoss, auc },
  }));
}

function ordinary(examples: readonly Example[]): Example[] {
  return examples.filter(({ label }) => label === 0);
}

function confirmed(examples: readonly Example[]): Example[] {
  return examples.filter(({ label }) => label === 1);
}

function under(prefix: string, files: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([path, bytes]) => [prefix + path, bytes]));
}
