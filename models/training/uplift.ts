/**
 * Trains the model of what a campaign changes, customer by customer, on those that the lottery of its holdout put into an
 * arm. Judged on customers who were held back, against no model, the average effect of each campaign and two regressions.
 */
import { fitBinary } from "../estimators/tabular/fit.ts";
import { fitUplift } from "../estimators/uplift/fit.ts";
import { fitNormaliser, normalise } from "../features/normalise.ts";
import { upliftFeatures as set } from "../features/uplift.ts";
import type { UpliftManifest } from "../registry/manifest.ts";
import type { Assignment } from "../uplift/dataset.ts";
import { loadEffects, upliftParts } from "../uplift/score.ts";
import { labelsOf, positives, TooLittleData, toTable } from "./examples.ts";
import { fitLogistic, predictLogistic } from "./logistic.ts";
import { describeTraining } from "./manifest.ts";
import { compareRankings, effectOf, groupedBy, type Ranking } from "./qini.ts";
import type { Trained, TrainingContext } from "./report.ts";

/** Effects are faint: with fewer no order of customers can be told from a random one. */
const minimum = { withheld: 200, orders: 50, redeemed: 50, ordersHeldBack: 10 } as const;
/** As of the baseline of the personalisation model. */
const baselineRidge = 30;
/** Rows like the average of so many more: an effect of one campaign is drawn to that of all. */
const campaignPrior = 500;

type Scored = (row: readonly number[]) => number;

/** @throws TooLittleData */
export async function trainUplift(
  context: TrainingContext,
  assignments: readonly Assignment[],
): Promise<Trained<UpliftManifest>> {
  const known = assignments.filter(({ isHeldBack }) => !isHeldBack);
  const test = assignments.filter(({ isHeldBack }) => isHeldBack);
  refuseTooLittle(known, test);
  const { runtime, seed, champion, say } = context;
  const campaigns = new Set(assignments.map(({ campaignId }) => campaignId)).size;
  say(`uplift: ${assignments.length} customers of ${campaigns} campaigns, ${arm(assignments, 0).length} held out`);
  const tell = (message: string) => say(`uplift: ${message}`);
  const arms = known.map(({ treated }) => treated);
  const effects = await fitUplift(runtime, toTable(set, known), labelsOf(known), arms, { seed, say: tell });
  const reached = arm(known, 1);
  const redeemed = await fitBinary(
    runtime,
    toTable(set, reached),
    reached.map((each) => each.redeemed),
    { seed, groups: reached.map(({ customer }) => customer), say: tell },
  );
  const files = { ...under(upliftParts.effect, effects.toFiles()), ...under(upliftParts.redeemed, redeemed.toFiles()) };
  // Judged as it will serve: read back from its files.
  const scorer = loadEffects(files);
  const ranked = (name: string, effect: Scored): Ranking => ({ name, scores: test.map((row) => effect(row.features)) });
  const before = champion?.name === "uplift" ? champion : null;
  const { model, rivals } = compareRankings(
    test,
    ranked("model", scorer.effect).scores,
    [
      { name: "no_model", scores: test.map(() => 0) },
      { name: "campaign_average", scores: averagesOf(known, test) },
      ranked("two_logistic_regressions", twoRegressions(known)),
      ...(before === null ? [] : [ranked(championName, before.scorer.effect)]),
    ],
    seed,
  );
  const { [championName]: ofChampion, ...baselines } = rivals;
  const description = describeTraining(context, {
    ...{ name: "uplift", set, examples: assignments, files, labelled: true },
    split: { train: known, validation: [], test },
    members: effects.report.members.map(({ name, weight, gain }) => ({ name, weight, metrics: { gain } })),
    metrics: { model, baselines },
    champion: before === null || ofChampion === undefined ? null : { version: before.version, metrics: ofChampion },
    score: scorer.effect,
  });
  return { manifest: { name: "uplift", ...description }, files };
}

const championName = "champion";

function refuseTooLittle(known: readonly Assignment[], test: readonly Assignment[]): void {
  const of = (each: number) => [...arm(known, each), ...arm(test, each)];
  const least = (count: (each: number) => number) => Math.min(count(0), count(1));
  const found = {
    withheld: of(0).length,
    orders: least((each) => positives(of(each))),
    redeemed: arm(known, 1).filter(({ redeemed }) => redeemed === 1).length,
    ordersHeldBack: least((each) => positives(arm(test, each))),
  };
  if ((Object.keys(minimum) as (keyof typeof minimum)[]).every((key) => found[key] >= minimum[key])) return;
  throw new TooLittleData(
    `${found.withheld} customers from whom campaigns with a holdout of their own withheld themselves, ${found.redeemed} ` +
      `redemptions of the others, orders in the smaller arm ${found.orders}, ${found.ordersHeldBack} of them by customers ` +
      `held back to judge; it takes ${minimum.withheld}, ${minimum.redeemed}, ${minimum.orders} and ${minimum.ordersHeldBack}`,
  );
}

/** What ranks without a model of customers: how much each campaign does on the whole. */
function averagesOf(known: readonly Assignment[], test: readonly Assignment[]): number[] {
  const overall = effectOf(known);
  const byCampaign = new Map(
    [...groupedBy(known, ({ campaignId }) => campaignId)].map(([id, rows]) => {
      const own = effectOf(rows);
      const weight = rows.length / (rows.length + campaignPrior);
      return [id, Number.isFinite(own) ? weight * own + (1 - weight) * overall : overall];
    }),
  );
  return test.map(({ campaignId }) => byCampaign.get(campaignId) ?? overall);
}

/** The named baseline: one logistic regression an arm, and the difference of what they expect (Hansotia & Rukstales 2002). */
function twoRegressions(known: readonly Assignment[]): Scored {
  const normaliser = fitNormaliser(
    set,
    known.map(({ features }) => features),
    "ignore",
  );
  const vector = (features: readonly number[]) => normalise(set, normaliser, features, true);
  const [control, treated] = [0, 1].map((each) => {
    const rows = arm(known, each);
    return fitLogistic(
      rows.map(({ features }) => vector(features)),
      labelsOf(rows),
      baselineRidge,
    );
  });
  if (control === undefined || treated === undefined) throw new Error("there are two arms");
  return (features) => {
    const row = vector(features);
    return predictLogistic(treated, row) - predictLogistic(control, row);
  };
}

function arm(rows: readonly Assignment[], treated: number): Assignment[] {
  return rows.filter((row) => row.treated === treated);
}

function under(prefix: string, files: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([path, bytes]) => [prefix + path, bytes]));
}
