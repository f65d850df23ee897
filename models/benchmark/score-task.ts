/** Fits the product's estimator on a task's training part and measures what it says of the test part. */
import { fitAnomaly } from "../estimators/anomaly/fit.ts";
import { fitRanking } from "../estimators/ranking/fit.ts";
import { sliceRows, type Table } from "../estimators/table.ts";
import { fitBinary } from "../estimators/tabular/fit.ts";
import { fitUplift } from "../estimators/uplift/fit.ts";
import type { Runtime } from "../runtime.ts";
import { cellsOf, featureTable, labelsOf, timesOf } from "./columns.ts";
import { doubtsOf } from "./doubts.ts";
import { isKnown, measure, type Scored } from "./named-metrics.ts";
import { type Task, TaskError } from "./read-task.ts";
import { metricsOf, type TaskResult } from "./report.ts";
import { scorePurchases } from "./score-purchases.ts";

export interface ScoreOptions {
  readonly seed: number;
  readonly say: (message: string) => void;
}

/** @throws TaskError when the task cannot be worked on */
export async function scoreTask(runtime: Runtime, task: Task, options: ScoreOptions): Promise<TaskResult> {
  const started = performance.now();
  const { manifest } = task;
  refuseEmpty(task);
  for (const doubt of doubtsOf(task)) options.say(doubt);
  const scored = await scoresOf(runtime, task, options).catch(asTaskError);
  const names = metricsOf(manifest);
  for (const name of names.filter((each) => !isKnown(each))) options.say(`the metric ${name} is not known here`);
  const metrics = Object.fromEntries(names.map((name) => [name, measure(name, scored)]));
  return { name: manifest.name, metrics, seconds: Math.round(performance.now() - started) / 1000 };
}

/** Of a log of purchases the test part may be empty: then nobody came back. */
function refuseEmpty({ manifest, train, test }: Task): void {
  for (const part of manifest.kind === "repeat_purchase" ? [train] : [train, test]) {
    if (part.rows === 0) throw new TaskError(`${part.file} has no rows`);
  }
}

/** Estimators refuse what cannot be learned from by a RangeError: that is a fault of the task, and needs no stack. */
function asTaskError(error: unknown): never {
  throw error instanceof RangeError ? new TaskError(error.message) : error;
}

async function scoresOf(runtime: Runtime, task: Task, options: ScoreOptions): Promise<Scored> {
  switch (task.manifest.kind) {
    case "binary":
      return scoreBinary(runtime, task, options);
    case "ranking":
      return scoreRanking(runtime, task, options);
    case "uplift":
      return scoreUplift(runtime, task, options);
    case "anomaly":
      return scoreAnomaly(runtime, task, options);
    case "repeat_purchase":
      return scorePurchases(runtime, task, options.seed);
    default:
      throw new TaskError(`the kind ${task.manifest.kind} is not known here`);
  }
}

async function scoreBinary(runtime: Runtime, task: Task, options: ScoreOptions): Promise<Scored> {
  const { manifest, train, test } = task;
  const actual = labelsOf(test, manifest.label, "label");
  const asked = featureTable(manifest, test);
  const lists = listsOf(task);
  const labels = zeroOrOne(labelsOf(train, manifest.label, "label"), "label");
  const model = await fitBinary(runtime, featureTable(manifest, train), labels, { ...options, ...contextOf(task) });
  return { actual, scores: inBlocks(asked, (rows) => model.predict(rows)), ...lists };
}

async function scoreRanking(runtime: Runtime, task: Task, options: ScoreOptions): Promise<Scored> {
  const { manifest, train, test } = task;
  const actual = labelsOf(test, manifest.label, "label");
  const asked = featureTable(manifest, test);
  const lists = listsOf(task);
  const gains = labelsOf(train, manifest.label, "label");
  const model = await fitRanking(runtime, featureTable(manifest, train), gains, { ...options, ...contextOf(task) });
  return { actual, scores: inBlocks(asked, (rows) => model.score(rows)), ...lists };
}

async function scoreUplift(runtime: Runtime, task: Task, options: ScoreOptions): Promise<Scored> {
  const { manifest, train, test } = task;
  const actual = labelsOf(test, manifest.label, "label");
  const treated = zeroOrOne(labelsOf(test, manifest.treatment, "treatment"), "treatment");
  const asked = featureTable(manifest, test);
  const model = await fitUplift(
    runtime,
    featureTable(manifest, train),
    zeroOrOne(labelsOf(train, manifest.label, "label"), "label"),
    zeroOrOne(labelsOf(train, manifest.treatment, "treatment"), "treatment"),
    options,
  );
  return { actual, treated, scores: inBlocks(asked, (rows) => model.predict(rows)) };
}

/** The label is read for measuring alone. */
async function scoreAnomaly(
  runtime: Runtime,
  { manifest, train, test }: Task,
  { seed }: ScoreOptions,
): Promise<Scored> {
  const actual = labelsOf(test, manifest.label, "label");
  const asked = featureTable(manifest, test);
  const model = await fitAnomaly(runtime, featureTable(manifest, train), { seed });
  return { actual, scores: inBlocks(asked, (rows) => model.score(rows)) };
}

const blockRows = 50_000;

/** Scores are by row, so they can be taken block by block: what a model makes of millions of rows would not fit. */
function inBlocks(table: Table, score: (rows: Table) => Float64Array): Float64Array {
  const scores = new Float64Array(table.rows);
  for (let from = 0; from < table.rows; from += blockRows) {
    scores.set(score(sliceRows(table, from, Math.min(table.rows, from + blockRows))), from);
  }
  return scores;
}

/** Time and groups of the training rows: they say how to hold rows back, and are no features. */
function contextOf({ manifest, train }: Task) {
  const times = timesOf(train, manifest.time);
  const { group } = manifest;
  const isGrouped = group !== null && group !== undefined && train.columns.has(group);
  const groups = isGrouped ? cellsOf(train, group) : undefined;
  return { ...(times === undefined ? {} : { times }), ...(groups === undefined ? {} : { groups }) };
}

function listsOf({ manifest, test }: Task) {
  const { group, time } = manifest;
  return {
    ...(group === null || group === undefined ? {} : { groups: cellsOf(test, group) }),
    // The day of an RFC 3339 moment.
    ...(time === null || time === undefined ? {} : { days: cellsOf(test, time).map((moment) => moment.slice(0, 10)) }),
  };
}

function zeroOrOne(values: Float64Array, which: string): Float64Array {
  const bad = values.find((value) => value !== 0 && value !== 1);
  if (bad !== undefined) throw new TaskError(`the ${which} is 0 or 1, not ${bad}`);
  return values;
}
