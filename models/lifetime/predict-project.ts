/**
 * Predicts what each customer of a project will buy and pay: fits the repeat-purchase model on the project's own
 * purchases and writes one row a customer. With too little to learn from it writes why, and nothing else.
 */
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { rowsTable } from "../../warehouse/rows-table.ts";
import { fitHistories } from "../estimators/repeat-purchase/fit.ts";
import { fitSpend } from "../estimators/repeat-purchase/gamma-gamma.ts";
import { dayMs } from "../estimators/repeat-purchase/histories.ts";
import {
  expectRepeats,
  predictRepeats,
  type RepeatPurchaseParts,
  summarise,
} from "../estimators/repeat-purchase/model.ts";
import type { ProjectCounts } from "./due.ts";
import { type CustomerRecord, nextRange, type ProjectHabits, readHabits, readRecords, settings } from "./histories.ts";
import { measureEngagement, preferCategories, preferDiscounts } from "./preferences.ts";

const repeatCustomersMin = 100;
const historyDaysMin = 28;
/** Customers that the model is fitted on, and how many are predicted at once. */
const fittedMax = 10_000;
const batchSize = 5_000;
const yieldEvery = 50;
const seed = 20_050_301;

export type Outcome = "predicted" | "too_few_repeat_customers" | "too_short_history";

export interface PredictOptions {
  readonly signal?: AbortSignal;
  /** Runs each batch, reading and writing: under a lock, say. */
  readonly guard?: (batch: () => Promise<void>) => Promise<void>;
}

/** @throws ClickHouseError; the run may be repeated. */
export async function predictProject(
  warehouse: ClickHouseClient,
  counts: ProjectCounts,
  { signal, guard = (batch) => batch() }: PredictOptions = {},
): Promise<Outcome> {
  const { projectId, nowMs } = counts;
  const every = Math.max(1, Math.ceil(counts.customers / fittedMax));
  const untilDay = Math.floor(nowMs / dayMs);
  if (counts.repeatCustomers < repeatCustomersMin) return finish("too_few_repeat_customers", 0, null);
  let sample: CustomerRecord[] = [];
  await guard(async () => {
    sample = await readRecords(warehouse, projectId, undefined, every, nowMs);
  });
  const firstDay = sample.reduce((least, { history }) => Math.min(least, history.days[0] ?? untilDay), untilDay);
  // Two orders of one day are one purchase: there may be fewer repeats than there seemed.
  const repeating = sample.filter(({ history }) => history.days.length > 1).length;
  if (repeating * every < repeatCustomersMin) return finish("too_few_repeat_customers", 0, null);
  if (untilDay - firstDay < historyDaysMin) return finish("too_short_history", 0, null);
  const parts = await fitHistories(
    sample.map(({ history }) => history),
    untilDay,
    { seed },
  );
  const models = await modelsByCurrency(parts, sample, untilDay);
  sample = [];
  const habits = await readHabits(warehouse, projectId);
  const version = `lifetime@${versionOf(parts)}`;
  let predicted = 0;
  for (let after = ""; !signal?.aborted; ) {
    const range = await nextRange(warehouse, projectId, after, batchSize);
    if (range === undefined) return finish("predicted", predicted, parts);
    await guard(async () => {
      const records = await readRecords(warehouse, projectId, range, 1, nowMs);
      predicted += await writeBatch(records, models, habits, version);
    });
    after = range.upto;
  }
  // Nothing is said of the run: the next one begins again.
  return "predicted";

  async function writeBatch(
    records: readonly CustomerRecord[],
    byCurrency: (currency: string) => RepeatPurchaseParts,
    of: ProjectHabits,
    model: string,
  ): Promise<number> {
    const rows: Record<string, unknown>[] = [];
    for (const [index, record] of records.entries()) {
      const row = predictCustomer(record, byCurrency(record.currency), of, untilDay);
      if (row !== undefined) rows.push({ project_id: projectId, as_of: new Date(nowMs).toISOString(), model, ...row });
      if (index % yieldEvery === 0) await setImmediate();
    }
    if (rows.length === 0) return 0;
    await warehouse.insert({
      table: "customer_predictions_raw",
      values: rows,
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
    });
    return rows.length;
  }

  /** What an older run said is removed with it: of customers that are gone, or of everybody. */
  async function finish(outcome: Outcome, count: number, fitted: RepeatPurchaseParts | null): Promise<Outcome> {
    await guard(async () => {
      await warehouse.command({
        query: `DELETE FROM ${await rowsTable(warehouse, "customer_predictions_raw")}
          WHERE project_id = {project: String} AND as_of < fromUnixTimestamp64Milli({at: Int64}, 'UTC')`,
        query_params: { project: projectId, at: nowMs },
        clickhouse_settings: { ...settings, lightweight_deletes_sync: "2" },
      });
    });
    await warehouse.insert({
      table: "customer_prediction_runs",
      values: [
        {
          project_id: projectId,
          as_of: new Date(nowMs).toISOString(),
          finished_at: new Date().toISOString(),
          outcome,
          model: fitted === null ? "" : `lifetime@${versionOf(fitted)}`,
          customers_count: counts.customers,
          repeat_customers_count: counts.repeatCustomers,
          orders_count: counts.orders,
          predicted_count: count,
          parameters: fitted === null ? "" : JSON.stringify(fitted),
        },
      ],
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
    });
    return outcome;
  }
}

/** Counting is learnt from all customers, spending only from those who pay in the same currency. */
async function modelsByCurrency(parts: RepeatPurchaseParts, sample: readonly CustomerRecord[], untilDay: number) {
  const models = new Map<string, RepeatPurchaseParts>();
  for (const currency of new Set(sample.map((record) => record.currency))) {
    const spendings = sample
      .filter((record) => record.currency === currency)
      .flatMap(({ history }) => summarise(history, untilDay)?.spending ?? []);
    models.set(currency, { ...parts, spend: (await fitSpend(spendings)) ?? null });
  }
  return (currency: string) => models.get(currency) ?? { ...parts, spend: null };
}

function predictCustomer(record: CustomerRecord, parts: RepeatPurchaseParts, habits: ProjectHabits, untilDay: number) {
  const summary = summarise(record.history, untilDay);
  if (summary === undefined) return undefined;
  const { purchases, probabilityAlive, value } = predictRepeats(parts, summary, 365 / 7);
  return {
    customer: record.customer,
    currency: record.currency,
    probability_alive: probabilityAlive,
    expected_orders_90d: expectRepeats(parts, summary, 90 / 7),
    expected_orders_365d: purchases.expected,
    expected_orders_365d_low: purchases.low,
    expected_orders_365d_high: purchases.high,
    predicted_value_amount_365d: value?.expected ?? null,
    predicted_value_amount_365d_low: value?.low ?? null,
    predicted_value_amount_365d_high: value?.high ?? null,
    engagement: measureEngagement(record, habits, probabilityAlive),
    category_preference: preferCategories(record, habits),
    discount_preference: preferDiscounts(record, habits),
  };
}

/** The last known day, and what tells one fit from another. */
function versionOf(parts: RepeatPurchaseParts): string {
  const day = new Date(parts.until_day * dayMs).toISOString().slice(0, 10);
  return `${day}-${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 8)}`;
}
