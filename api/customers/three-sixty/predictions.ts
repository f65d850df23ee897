/** What the last run predicted of one customer, or why it predicted nothing. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import type { ThreeSixtyWire } from "./schema.ts";

interface Predicted {
  readonly predictions: ThreeSixtyWire["predictions"];
  readonly missing: Exclude<ThreeSixtyWire["predictions_missing"], null | "no_orders">;
}

const row = z.object({
  as_of: z.string(),
  model: z.string(),
  currency: z.string(),
  probability_alive: z.number(),
  expected_orders_90d: z.number(),
  expected_orders_365d: z.number(),
  expected_orders_365d_low: z.number(),
  expected_orders_365d_high: z.number(),
  predicted_value_amount_365d: z.number().nullable(),
  predicted_value_amount_365d_low: z.number().nullable(),
  predicted_value_amount_365d_high: z.number().nullable(),
  engagement: z.number(),
  category_preference: z.array(z.object({ category: z.string(), share: z.number(), lift: z.number() })),
  discount_preference: z.number().nullable(),
});

const settings = {
  max_execution_time: 10,
  date_time_output_format: "iso",
  output_format_json_quote_64bit_integers: 0,
  output_format_json_named_tuples_as_objects: 1,
} as const;

export async function readPredictions(
  warehouse: ClickHouseClient,
  projectId: string,
  customer: string,
): Promise<Predicted> {
  const ask = async (query: string) => {
    const result = await warehouse.query({
      query,
      query_params: { project: projectId, customer },
      format: "JSONEachRow",
      clickhouse_settings: settings,
    });
    return result.json();
  };
  const [found] = z.array(row).parse(
    // The sort key finds the row; the newest of its copies counts.
    await ask(`
      SELECT * FROM customer_predictions_raw
      WHERE project_id = {project: String} AND customer = {customer: String}
      ORDER BY as_of DESC LIMIT 1`),
  );
  if (found !== undefined) return { predictions: toWire(found), missing: "not_computed" };
  const [run] = z.array(z.object({ outcome: z.string() })).parse(
    await ask(`
      SELECT outcome FROM customer_prediction_runs
      WHERE project_id = {project: String} ORDER BY as_of DESC LIMIT 1`),
  );
  return { predictions: null, missing: reasonOf(run?.outcome) };
}

function reasonOf(outcome: string | undefined): Predicted["missing"] {
  if (outcome === "too_few_repeat_customers" || outcome === "too_short_history") return outcome;
  return "not_computed";
}

function toWire(found: z.output<typeof row>): ThreeSixtyWire["predictions"] {
  const { as_of, model, currency, probability_alive, expected_orders_90d, engagement } = found;
  const value = found.predicted_value_amount_365d;
  return {
    ...{ as_of, model, currency, probability_alive, expected_orders_90d, engagement },
    expected_orders_365d: {
      expected: found.expected_orders_365d,
      low: found.expected_orders_365d_low,
      high: found.expected_orders_365d_high,
    },
    predicted_value_amount_365d:
      value === null
        ? null
        : {
            expected: value,
            low: found.predicted_value_amount_365d_low ?? value,
            high: found.predicted_value_amount_365d_high ?? value,
          },
    category_preference: found.category_preference,
    discount_preference: found.discount_preference,
  };
}
