/** Repeat purchases: fitted on the transactions of the known time, judged by what each customer bought afterwards. */
import { fitRepeatPurchase } from "../estimators/repeat-purchase/fit.ts";
import type { Runtime } from "../runtime.ts";
import { cellsOf, labelsOf, numbers } from "./columns.ts";
import type { Scored } from "./named-metrics.ts";
import { type Part, readPart, type Task, TaskError } from "./read-task.ts";

const dayMs = 86_400_000;

interface Log {
  readonly customers: readonly string[];
  readonly moments: Float64Array;
  readonly amounts: Float64Array | undefined;
}

/** @throws TaskError */
export async function scorePurchases(runtime: Runtime, task: Task, seed: number): Promise<Scored> {
  const { manifest, train, test } = task;
  const known = readLog(task, train);
  const end = endOf(manifest.calibration?.to, known.moments);
  const weeks = manifest.holdout?.weeks ?? weeksOf(task, end);
  const transactions = known.customers.map((customer, row) => ({
    customer,
    at: known.moments[row] as number,
    amount: known.amounts?.[row] ?? 0,
  }));
  const model = await fitRepeatPurchase(runtime, transactions, end, { seed });
  const targets = await targetsOf(task, known, readLog(task, test));
  const customers = [...targets.keys()];
  return {
    actual: Float64Array.from(customers, (customer) => targets.get(customer) ?? 0),
    scores: Float64Array.from(customers, (customer) => model.predict(customer, weeks)?.purchases.expected ?? 0),
  };
}

function readLog({ manifest }: Task, part: Part): Log {
  const named = (type: string) => manifest.columns.find((column) => column.type === type)?.name;
  const customer = named("id");
  const time = manifest.time ?? named("timestamp");
  if (customer === undefined || time === undefined) throw new TaskError("a log takes a customer and a time");
  const moments = Float64Array.from(cellsOf(part, time), (cell) => Date.parse(cell));
  if (moments.some((moment) => Number.isNaN(moment))) throw new TaskError(`${time} is not a date in every row`);
  const amount = manifest.columns.find(
    ({ name, type }) => type === "numeric" && /amount|spend|price|value/i.test(name),
  );
  return {
    customers: cellsOf(part, customer),
    moments,
    amounts: amount === undefined ? undefined : numbers(cellsOf(part, amount.name)),
  };
}

/** The last day of the known time: the manifest's, else that of the last known transaction. */
function endOf(named: string | undefined, moments: Float64Array): number {
  const end = named === undefined ? moments.reduce((last, moment) => Math.max(last, moment), 0) : Date.parse(named);
  if (Number.isNaN(end)) throw new TaskError(`${named} is not a date`);
  return end;
}

function weeksOf(task: Task, end: number): number {
  const last = readLog(task, task.test).moments.reduce((latest, moment) => Math.max(latest, moment), end);
  return Math.max(1, Math.round((last - end) / dayMs / 7));
}

/** `targets.csv.gz` where there is one; else the distinct days of the test part, for every customer of the training part. */
async function targetsOf({ directory, manifest }: Task, known: Log, later: Log): Promise<Map<string, number>> {
  const file = await readPart(directory, "targets").catch(() => undefined);
  const customer = manifest.columns.find(({ type }) => type === "id")?.name ?? "";
  if (file !== undefined) {
    const labels = labelsOf(file, manifest.label, "label");
    return new Map(cellsOf(file, customer).map((name, row) => [name, labels[row] as number]));
  }
  const days = new Map(known.customers.map((name) => [name, new Set<number>()]));
  for (const [row, name] of later.customers.entries()) {
    days.get(name)?.add(Math.floor((later.moments[row] as number) / dayMs));
  }
  return new Map([...days].map(([name, found]) => [name, found.size]));
}
