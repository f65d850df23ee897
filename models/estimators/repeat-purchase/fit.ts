/** Fits a repeat-purchase model by maximum likelihood, and checks its level within the known time. */
import type { Runtime } from "../../runtime.ts";
import { type CountingModel, expectedPurchases, logLikelihood, type Recency, type Variant } from "./bg-nbd.ts";
import { fitSpend } from "./gamma-gamma.ts";
import { collectHistories, dayMs, type PurchaseHistory, type Transaction } from "./histories.ts";
import { type Minimum, minimise } from "./minimise.ts";
import {
  type CustomerSummary,
  predictRepeats,
  type RepeatPrediction,
  type RepeatPurchaseParts,
  summarise,
} from "./model.ts";

export interface RepeatPurchaseOptions {
  readonly seed: number;
}

export interface RepeatPurchaseModel {
  readonly parts: RepeatPurchaseParts;
  /** Undefined for whoever had not bought by the end of the known time. */
  predict(customer: string, weeks: number): RepeatPrediction | undefined;
}

/** Moments within the known time, as shares of it, at which the future was foretold and is known by now. */
const rehearsals = [0.4, 0.5, 0.6, 0.7] as const;
const rehearsalCustomersMin = 200;
const levelBounds = { least: 0.5, most: 2 } as const;

/**
 * @param _runtime not needed by these models; every estimator takes it
 * @param calibrationEnd epoch ms; its day is the last that counts
 * @throws RangeError when nobody bought twice
 */
export async function fitRepeatPurchase(
  _runtime: Runtime,
  transactions: Iterable<Transaction>,
  calibrationEnd: number,
  options: RepeatPurchaseOptions,
): Promise<RepeatPurchaseModel> {
  const untilDay = Math.floor(calibrationEnd / dayMs);
  const histories = collectHistories(transactions, untilDay);
  const parts = await fitHistories(histories, untilDay, options);
  const byCustomer = new Map(histories.map((history) => [history.customer, history]));
  return {
    parts,
    predict: (customer, weeks) => {
      const history = byCustomer.get(customer);
      const summary = history && summarise(history, untilDay);
      return summary && predictRepeats(parts, summary, weeks);
    },
  };
}

/** @throws RangeError when nobody bought twice. */
export async function fitHistories(
  histories: readonly PurchaseHistory[],
  untilDay: number,
  { seed }: RepeatPurchaseOptions,
): Promise<RepeatPurchaseParts> {
  const summaries = summariesAt(histories, untilDay);
  const repeating = summaries.filter(({ repeats }) => repeats > 0).length;
  if (repeating === 0) throw new RangeError("nobody bought twice: there is nothing to learn from");
  const fitted = await chooseVariant(summaries);
  return {
    format: "tessera-repeat-purchase-1",
    seed,
    until_day: untilDay,
    counting: fitted.model,
    level: await rehearse(histories, untilDay, fitted.model.variant),
    spend: (await fitSpend(summaries.map(({ spending }) => spending))) ?? null,
    customers: summaries.length,
    repeat_customers: repeating,
    log_likelihood: fitted.logLikelihood,
  };
}

function summariesAt(histories: readonly PurchaseHistory[], untilDay: number): CustomerSummary[] {
  return histories.flatMap((history) => summarise(history, untilDay) ?? []);
}

/** Both have four parameters: the likelier one. */
async function chooseVariant(histories: readonly Recency[]) {
  const [early, late] = [await fitCounting(histories, "after any"), await fitCounting(histories, "after repeats")];
  return late.logLikelihood > early.logLikelihood ? late : early;
}

/** Where the search for a and b begins: the likelihood may have a second top at which nobody ever leaves. */
const starts = [
  [0, 0],
  [-2, 0],
] as const;

/** Maximum likelihood over the logarithms of the four parameters. */
export async function fitCounting(histories: readonly Recency[], variant: Variant) {
  const distinct = new Map<string, { readonly history: Recency; count: number }>();
  for (const history of histories) {
    const key = `${history.repeats},${history.last},${history.watched}`;
    const known = distinct.get(key);
    if (known === undefined) distinct.set(key, { history, count: 1 });
    else known.count += 1;
  }
  const entries = [...distinct.values()];
  const unique = entries.map(({ history }) => history);
  const counts = entries.map(({ count }) => count);
  const usualWatch = histories.reduce((sum, { watched }) => sum + watched / histories.length, 0);
  const toModel = (at: readonly number[]): CountingModel => {
    const [r, alpha, a, b] = at.map((x) => Math.exp(Math.min(20, Math.max(-20, x)))) as [
      number,
      number,
      number,
      number,
    ];
    return { variant, r, alpha, a, b };
  };
  const cost = (at: readonly number[]) => {
    // So weak that it is not seen where the data says anything: it ends the search where they say nothing.
    const pull = at.reduce((sum, x) => sum + x * x, 0) * 1e-7;
    return pull - logLikelihood(toModel(at), unique, counts) / histories.length;
  };
  const rate = Math.log(Math.max(1, usualWatch / 5));
  const found: Minimum[] = [];
  for (const [a, b] of starts) found.push(await minimise(cost, [0, rate, a, b]));
  const best = found.reduce((one, other) => (other.value < one.value ? other : one));
  const model = toModel(best.at);
  return { model, logLikelihood: logLikelihood(model, unique, counts) };
}

/**
 * Expectations of this model fall short or run over as rates drift. So the past is foretold from within it, several
 * times, and the mean ratio of what came to what was foretold corrects the level, half-way: that it goes on is likely,
 * not certain.
 */
async function rehearse(histories: readonly PurchaseHistory[], untilDay: number, variant: Variant): Promise<number> {
  const firstDay = histories.reduce((least, { days }) => Math.min(least, days[0] ?? untilDay), untilDay);
  const logs: number[] = [];
  for (const share of rehearsals) {
    const day = Math.floor(firstDay + share * (untilDay - firstDay));
    const known = histories.flatMap((history) => {
      const summary = summarise(history, day);
      return summary === undefined ? [] : [{ history, summary }];
    });
    if (known.length < rehearsalCustomersMin || known.every(({ summary }) => summary.repeats === 0)) continue;
    const { model } = await fitCounting(
      known.map(({ summary }) => summary),
      variant,
    );
    const weeks = (untilDay - day) / 7;
    let came = 0;
    let foretold = 0;
    for (const { history, summary } of known) {
      came += history.days.filter((bought) => bought > day && bought <= untilDay).length;
      foretold += expectedPurchases(model, summary, weeks);
    }
    if (came > 0 && foretold > 0) logs.push(Math.log(came / foretold));
  }
  const mean = logs.reduce((sum, value) => sum + value / logs.length, 0);
  return Math.min(levelBounds.most, Math.max(levelBounds.least, Math.exp(mean / 2)));
}
