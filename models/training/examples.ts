/** Rows to learn from, as the warehouse gives them: moments ascending, features raw, in the order of the set. */
import { createHash } from "node:crypto";
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import type { Table } from "../estimators/table.ts";
import { type FeatureSet, orDefault } from "../features/feature.ts";

export interface Example {
  /** Epoch milliseconds; every feature is as of strictly before it. */
  readonly at: number;
  readonly label: number;
  readonly features: readonly number[];
  /** What it is an example of: a redemption, or a customer and a campaign. */
  readonly id: string;
  /** Of an experiment: 1 in the arm of the treated, 0 in the other. */
  readonly treated?: number;
}

/** There is not enough to learn from; the message says how much there is and how much it takes. */
export class TooLittleData extends Error {}

const rowSchema = z.tuple([z.number(), z.number(), z.array(z.number().nullable()), z.string()]);

/** The newest so many examples: training stays within minutes and memory whatever the warehouse holds. */
export const examplesMax = 400_000;

/**
 * The features of situations as ClickHouse computes them, one row each: `at_ms`, `label`, `features` (null where
 * unknown), `tie`.
 *
 * @param situations a SELECT with the columns `at_ms`, `label`, `tie`, and the fields of the set's input in snake_case;
 * `at_ms` and `tie` together make the order of rows total.
 * @param more of its other columns, which are then beside those
 */
export function examplesSql<Input>(set: FeatureSet<Input>, situations: string, more: readonly string[] = []): string {
  const vector = set.features.map((feature) => `toNullable(toFloat64(${feature.sql}))`).join(",\n  ");
  return `SELECT ${["at_ms", "label", ...more].join(", ")}, [${vector}] AS features, tie FROM (${situations})`;
}

/** The newest `examplesMax`, oldest first. */
export async function readExamples<Input>(
  warehouse: ClickHouseClient,
  set: FeatureSet<Input>,
  situations: string,
  parameters: Readonly<Record<string, string | number>>,
): Promise<Example[]> {
  const query = `
    SELECT at_ms, label, features, toString(tie)
    FROM (${examplesSql(set, situations)})
    ORDER BY at_ms DESC, tie DESC LIMIT ${examplesMax}`;
  const examples: Example[] = [];
  for await (const row of streamExamples(warehouse, query, parameters)) {
    const [at, label, values, id] = rowSchema.parse(row);
    examples.push({ at, label, features: filledIn(set, values), id });
  }
  return examples.reverse();
}

/** What a query over `examplesSql` gives, row by row, each as an array of its columns; within the limits of training. */
export async function* streamExamples(
  warehouse: ClickHouseClient,
  query: string,
  parameters: Readonly<Record<string, string | number>>,
): AsyncGenerator<unknown> {
  const result = await warehouse.query({
    query,
    query_params: { ...parameters },
    format: "JSONCompactEachRow",
    clickhouse_settings: {
      // NaN and infinities come as null and then take the default, as in serving.
      output_format_json_quote_denormals: 0,
      output_format_json_quote_64bit_integers: 0,
      max_execution_time: 600,
      // The running sums of signals sort a hundred rows an attempt.
      max_bytes_before_external_sort: "1000000000",
    },
  });
  for await (const rows of result.stream()) {
    for (const row of rows) yield row.json();
  }
}

/** The vector of a row, with the defaults where something is unknown. */
export function filledIn<Input>(set: FeatureSet<Input>, values: readonly (number | null)[]): number[] {
  return set.features.map((feature, index) => orDefault(feature, values[index] ?? null));
}

/** The same hash means the same moments, labels and features in the same order. */
export function hashExamples(examples: readonly Example[]): string {
  const hash = createHash("sha256");
  for (const { at, label, features, treated } of examples) {
    hash.update(`${[at, label, ...(treated === undefined ? [] : [treated])].join(" ")} ${features.join(" ")}\n`);
  }
  return hash.digest("hex");
}

export interface Split {
  readonly train: readonly Example[];
  readonly validation: readonly Example[];
  readonly test: readonly Example[];
}

/**
 * The first 60 % train, the next 20 % calibrate, the last 20 % judge: a model is used on what comes after it. Rows of one
 * moment are never parted, since a campaign is often published in one go.
 */
export function splitByTime(examples: readonly Example[]): Split {
  const first = boundary(examples, Math.max(1, Math.floor(examples.length * 0.6)));
  const second = boundary(examples, Math.max(first + 1, Math.floor(examples.length * 0.8)));
  return { train: examples.slice(0, first), validation: examples.slice(first, second), test: examples.slice(second) };
}

/** The start of a moment nearest to the index, so that no part is emptied by one large moment. */
function boundary(examples: readonly Example[], index: number): number {
  const at = examples[index]?.at;
  if (at === undefined) return examples.length;
  let before = index;
  while (before > 0 && examples[before - 1]?.at === at) before -= 1;
  let after = index;
  while (after < examples.length && examples[after]?.at === at) after += 1;
  return index - before <= after - index ? before : after;
}

export function labelsOf(examples: readonly Example[]): number[] {
  return examples.map(({ label }) => label);
}

export function positives(examples: readonly Example[]): number {
  return examples.reduce((sum, example) => sum + example.label, 0);
}

/** As estimators take them; features are numbers, and what was unknown has its default. */
export function toTable(set: FeatureSet<never>, examples: readonly Example[]): Table {
  const columns = set.features.map(({ name, default: missing }, at) => ({
    name,
    kind: "numeric" as const,
    values: Float64Array.from(examples, ({ features }) => features[at] ?? missing),
  }));
  return { rows: examples.length, columns };
}
