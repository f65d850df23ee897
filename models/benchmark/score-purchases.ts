/** Repeat purchases: fitted on the transactions of the known time, judged by what each customer bought afterwards. */
import { fitRepeatPurchase } from "../estimators/repeat-purchase/fit.ts";
import type { Runtime } from "../runtime.ts";
import { cellsOf, labelsOf, momentOf, numbersOf } from "./columns.ts";
import type { Scored } from "./named-metrics.ts";
import { hasPart, type Part, readPart, type Task, TaskError } from "./read-task.ts";

const dayMs = 86_400_000;

interface Log {
  readonly customers: readonly string[];
  readonly moments: Float64Array;
  readonly amounts: Float64Array | undefined;
}

/** @throws TaskError */
export async function scorePurchases(runtime: Runtime, task: Task, seed: number): Promise<Scored> {
  const { manifest, train, test } = task;
  const targets = (await hasPart(task.directory, "targets"))
    ? await readPart(task.directory, "targets", new Set())
    : undefined;
  const customer = customerColumn(task, targets);
  const known = readLog(task, train, customer);
  const later = readLog(task, test, customer);
  const end = endOf(manifest.calibration?.to, known.moments);
  const weeks = manifest.holdout?.weeks ?? weeksOf(manifest.holdout?.to, later, end);
  const transactions = known.customers.map((customer, row) => ({
    customer,
    at: known.moments[row] as number,
    amount: known.amounts?.[row] ?? 0,
  }));
  const model = await fitRepeatPurchase(runtime, transactions, end, { seed });
  const bought = targets === undefined ? daysOf(known, later) : labelled(task, targets, customer);
  const customers = [...bought.keys()];
  return {
    actual: Float64Array.from(customers, (name) => bought.get(name) ?? 0),
    scores: Float64Array.from(customers, (name) => model.predict(name, weeks)?.purchases.expected ?? 0),
  };
}

function readLog({ manifest }: Task, part: Part, customer: string): Log {
  const time = manifest.time ?? manifest.columns.find(({ type }) => type === "timestamp")?.name;
  if (time === undefined) throw new TaskError("a log takes a time");
  const moments = Float64Array.from(cellsOf(part, time), momentOf);
  if (moments.some((moment) => Number.isNaN(moment))) throw new TaskError(`${time} is not a date in every row`);
  const amount = manifest.columns.find(
    ({ name, type }) => type === "numeric" && /amount|spend|price|value/i.test(name),
  );
  return {
    customers: cellsOf(part, customer),
    moments,
    amounts: amount === undefined ? undefined : numbersOf(part, amount.name),
  };
}

/** The last day of the known time: the manifest's, else that of the last known transaction. */
function endOf(named: string | null | undefined, moments: Float64Array): number {
  const end =
    named === undefined || named === null
      ? moments.reduce((last, moment) => Math.max(last, moment), 0)
      : momentOf(named);
  if (Number.isNaN(end)) throw new TaskError(`${named} is not a date`);
  return end;
}

function weeksOf(named: string | null | undefined, later: Log, end: number): number {
  return Math.max(1, Math.round((endOf(named, later.moments) - end) / dayMs / 7));
}

/** A log may have ids of orders and articles too: the customer's is the group, the one of the targets, or called so. */
function customerColumn({ manifest }: Task, targets: Part | undefined): string {
  const ids = manifest.columns.filter(({ type }) => type === "id").map(({ name }) => name);
  const customer =
    ids.find((name) => name === manifest.group) ??
    ids.find((name) => targets?.columns.has(name)) ??
    ids.find((name) => /cust|user|client|shopper|buyer|member|house|person/i.test(name)) ??
    ids[0];
  if (customer === undefined) throw new TaskError("a log takes a customer");
  return customer;
}

function labelled({ manifest }: Task, targets: Part, customer: string): Map<string, number> {
  const labels = labelsOf(targets, manifest.label, "label");
  return new Map(cellsOf(targets, customer).map((name, row) => [name, labels[row] as number]));
}

/** Without targets: the distinct days of the test part, for every customer of the training part. */
function daysOf(known: Log, later: Log): Map<string, number> {
  const days = new Map(known.customers.map((name) => [name, new Set<number>()]));
  for (const [row, name] of later.customers.entries()) {
    days.get(name)?.add(Math.floor((later.moments[row] as number) / dayMs));
  }
  return new Map([...days].map(([name, found]) => [name, found.size]));
}
