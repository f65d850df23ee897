/**
 * One classifier for every table: two kinds of boosted trees, logistic regression and a TF.js network, each judged on
 * rows it had not seen, summed at the weights that were best there, then fitted again on all rows. Nothing is tuned by
 * the task; what fits a table is found on rows of the training part that were held back.
 */
import type { Runtime } from "../../runtime.ts";
import { areaUnderRoc } from "../../training/metrics.ts";
import { selectRows, type Table } from "../table.ts";
import type { BinaryModel, BinaryOptions } from "./binary-model.ts";
import { drawByLabel } from "./bound.ts";
import { Ensemble } from "./ensemble.ts";
import { makeFolds } from "./folds.ts";
import { concatenate, type Judged, lossOf } from "./judge.ts";
import { fitLinearMember, judgeLinear } from "./learn-linear.ts";
import { fitNetworks, judgeNetwork, networkRowsMin } from "./learn-network.ts";
import { fitTrees, judgeTrees, type TreesConfig } from "./learn-trees.ts";
import type { Member } from "./members.ts";
import { averageRow, type Prepared, pick, prepare, prepareFold } from "./prepare.ts";
import { applyStack, fitStack } from "./stack.ts";

/** Few-way interactions for small and noisy tables. */
const shallow: TreesConfig = {
  depth: 3,
  rate: 0.06,
  ridge: 1,
  hessianMin: 1,
  gainMin: 0,
  rowShare: 0.7,
  inputShare: 0.5,
  treesMax: 500,
};

/** Many-way interactions where there are rows to learn them from. */
const deep: TreesConfig = {
  depth: 8,
  rate: 0.05,
  ridge: 1,
  hessianMin: 1,
  gainMin: 0,
  rowShare: 0.8,
  inputShare: 0.6,
  treesMax: 500,
};

/** On large tables trees take longer steps, and fewer: that keeps them within a minute or two. */
const largeFrom = 100_000;

function sizedFor(rows: number, config: TreesConfig): TreesConfig {
  return rows <= largeFrom ? config : { ...config, rate: config.rate * 2, treesMax: config.treesMax / 2 };
}

/** A member below this share of the weight is left out: it costs time and says next to nothing. */
const weightMin = 0.02;

interface Learner {
  readonly name: string;
  judge(): Promise<Judged>;
  fit(prepared: readonly Prepared[], capacity: number): Promise<Member>;
}

/**
 * @param labels 0 or 1 per row
 * @throws RangeError when labels and rows differ in number, or a label is neither 0 nor 1
 */
export async function fitBinary(
  runtime: Runtime,
  table: Table,
  labels: ArrayLike<number>,
  options: BinaryOptions,
): Promise<BinaryModel> {
  const targets = checkedLabels(table, labels);
  const drawn = drawByLabel(table, targets, options.seed);
  if (drawn === undefined) return fitRows(runtime, table, targets, options, 0);
  const { rows, shift } = drawn;
  options.say?.(`learns from ${rows.length} of ${table.rows} rows`);
  const { groups, times } = options;
  const context = {
    ...(groups === undefined ? {} : { groups: Array.from(rows, (row) => groups[row] as string) }),
    ...(times === undefined ? {} : { times: pick(times, rows) }),
  };
  return fitRows(runtime, selectRows(table, rows), pick(targets, rows), { ...options, ...context }, shift);
}

/** @param shift by how much the log-odds of a positive are higher among these rows than they should be */
async function fitRows(
  runtime: Runtime,
  table: Table,
  targets: Float64Array,
  options: BinaryOptions,
  shift: number,
): Promise<BinaryModel> {
  const { seed, say = () => undefined } = options;
  const { kind, folds } = makeFolds(targets, options);
  const prepared = folds.map((fold) => prepareFold(table, targets, fold, seed));
  const held = concatenate(prepared.map((fold) => fold.held.labels));
  const learners: readonly Learner[] = [
    treesLearner("shallow trees", prepared, sizedFor(table.rows, shallow), seed),
    treesLearner("deep trees", prepared, sizedFor(table.rows, deep), seed),
    {
      name: "logistic regression",
      judge: async () => judgeLinear(prepared),
      fit: async ([first], penalty) => ({
        kind: "linear",
        name: "logistic regression",
        ...fitLinearMember(first as Prepared, penalty),
      }),
    },
    {
      name: "network",
      judge: () => judgeNetwork(runtime.tf, prepared, seed),
      fit: async (all, epochs) => ({
        kind: "network",
        name: "network",
        nets: await fitNetworks(runtime.tf, all, epochs, seed),
      }),
    },
  ];
  const judged: { learner: Learner; judged: Judged }[] = [];
  const able = learners.filter(({ name }) => name !== "network" || table.rows >= networkRowsMin);
  for (const learner of prepared.length === 0 ? [] : able) {
    const started = performance.now();
    const result = await learner.judge();
    judged.push({ learner, judged: result });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    say(`${learner.name}: loss ${result.loss.toFixed(4)} at ${result.capacity}, ${seconds} s`);
  }
  const logits = judged.map((each) => each.judged.logits);
  const stack = judged.length === 0 ? { weights: [], intercept: 0 } : fitStack(logits, held);
  const total = stack.weights.reduce((sum, weight) => sum + weight, 0);
  const kept = [...stack.weights.keys()].filter((at) => (stack.weights[at] ?? 0) >= weightMin * total);
  const keptLogits = kept.map((at) => logits[at] as Float64Array);
  const final = kept.length === judged.length ? stack : fitStack(keptLogits, held);
  const whole = applyStack(final, keptLogits);
  say(
    `weights ${kept.map((at, index) => `${judged[at]?.learner.name} ${final.weights[index]?.toFixed(2)}`).join(", ")}`,
  );

  const all = Array.from({ length: seedsFor(table) }, (_, index) => prepare(table, targets, seed + index));
  const first = all[0] as Prepared;
  const members: Member[] = [];
  for (const at of kept) {
    const { learner, judged: result } = judged[at] as { learner: Learner; judged: Judged };
    members.push(await learner.fit(all, result.capacity));
  }
  const report = {
    rows: table.rows,
    positives: targets.reduce((sum, label) => sum + label, 0),
    folds: prepared.length === 0 ? "none: too few rows of one kind" : `${prepared.length} ${kind}`,
    members: judged.map(({ learner, judged: result }, at) => ({
      name: learner.name,
      weight: kept.includes(at) ? (final.weights[kept.indexOf(at)] ?? 0) : 0,
      logLoss: result.loss,
      auc: known(areaUnderRoc([...result.logits], [...held])),
    })),
    logLoss: known(lossOf(whole, held)),
    auc: known(areaUnderRoc([...whole], [...held])),
  };
  const intercept = (members.length === 0 ? first.start : final.intercept) - shift;
  const { encoder, design } = first;
  return new Ensemble(
    { encoder, design, reference: averageRow(first), members, weights: final.weights, intercept },
    report,
  );
}

function treesLearner(
  name: string,
  folds: Parameters<typeof judgeTrees>[0],
  config: TreesConfig,
  seed: number,
): Learner {
  return {
    name,
    judge: async () => judgeTrees(folds, config, seed),
    fit: async (all, trees) => ({
      kind: "forest",
      name,
      start: (all[0] as Prepared).start,
      forest: fitTrees(all, config, trees, seed),
    }),
  };
}

/** How many times trees and networks are fitted, to be averaged: chance matters most where rows are few. */
function seedsFor(table: Table): number {
  return table.rows <= 20_000 ? 4 : table.rows <= 50_000 ? 3 : 2;
}

function checkedLabels(table: Table, labels: ArrayLike<number>): Float64Array {
  if (labels.length !== table.rows) throw new RangeError(`${labels.length} labels for ${table.rows} rows`);
  const targets = Float64Array.from(labels);
  const bad = targets.find((label) => label !== 0 && label !== 1);
  if (bad !== undefined) throw new RangeError(`a label is 0 or 1, not ${bad}`);
  return targets;
}

/** A report holds numbers only: what cannot be told is 0. */
function known(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
