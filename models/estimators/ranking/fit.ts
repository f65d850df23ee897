/**
 * Ranks the rows of a list by expected gain: a classifier per step of the grades, P(grade ≥ step), whose probabilities
 * are summed at the gain that each step adds (McRank: Li, Burges & Wu 2007). With two grades it is one classifier.
 */
import type { Runtime } from "../../runtime.ts";
import type { Table } from "../table.ts";
import type { BinaryOptions } from "../tabular/binary-model.ts";
import { fitBinary } from "../tabular/fit.ts";
import { Ranker } from "./ranker.ts";
import type { RankingModel } from "./ranking-model.ts";

/** Finer grades are cut into so many steps, at equal shares of the rows above the lowest grade. */
const stepsMax = 4;

/**
 * @param gains what showing each row would be worth, 0 or more
 * @throws RangeError when gains and rows differ in number, or a gain is negative or not finite
 */
export async function fitRanking(
  runtime: Runtime,
  table: Table,
  gains: ArrayLike<number>,
  options: BinaryOptions,
): Promise<RankingModel> {
  const values = Float64Array.from(gains);
  if (values.length !== table.rows) throw new RangeError(`${values.length} gains for ${table.rows} rows`);
  const bad = values.find((gain) => !(gain >= 0 && gain < Number.POSITIVE_INFINITY));
  if (bad !== undefined) throw new RangeError(`a gain is 0 or more, not ${bad}`);
  const steps = [];
  for (const { from, gain } of stepsOf(values)) {
    options.say?.(`grades from ${from}`);
    const labels = values.map((value) => (value >= from ? 1 : 0));
    steps.push({ gain, model: await fitBinary(runtime, table, labels, options) });
  }
  return new Ranker(steps);
}

/** Where steps begin, and how much more the rows from there on gain on average than those below. */
export function stepsOf(gains: Float64Array): { from: number; gain: number }[] {
  const sorted = gains.toSorted();
  const distinct = [...new Set(sorted)];
  const above = sorted.filter((gain) => gain > (distinct[0] ?? 0));
  const from =
    distinct.length <= stepsMax + 1
      ? distinct.slice(1)
      : Array.from({ length: stepsMax }, (_, step) => above[Math.floor((step * above.length) / stepsMax)] ?? 0);
  // A list of one grade has nothing to rank; the one step keeps the model whole.
  const starts = from.length === 0 ? [(distinct[0] ?? 0) || 1] : [...new Set(from)];
  const means = [Number.NEGATIVE_INFINITY, ...starts].map((low, index) => {
    const high = starts[index] ?? Number.POSITIVE_INFINITY;
    const rows = sorted.filter((gain) => gain >= low && gain < high);
    return rows.length === 0 ? 0 : rows.reduce((sum, gain) => sum + gain, 0) / rows.length;
  });
  return starts.map((start, index) => ({ from: start, gain: (means[index + 1] ?? 0) - (means[index] ?? 0) || 1 }));
}
