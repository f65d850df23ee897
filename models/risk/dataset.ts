/** One example a redemption: what the risk score was told of it, rebuilt from the events strictly before it. */
import type { ClickHouseClient } from "@clickhouse/client";
import { riskFeatures } from "../features/risk.ts";
import { signalSituations } from "../features/signals/situations.ts";
import { type Example, readExamples } from "../training/examples.ts";

/**
 * The columns are the fields of `RiskInput`, with `at_ms`, `label` (always 0: nothing is labelled), `redemption_id` and
 * `tie`. Redemptions count whether or not they are rolled back later, as they do when a request is scored: nobody knew.
 */
export const riskSituations = `SELECT * FROM (${signalSituations()}) WHERE succeeded`;

export function readRiskExamples(warehouse: ClickHouseClient, projectId: string): Promise<Example[]> {
  return readExamples(warehouse, riskFeatures, riskSituations, { project: projectId });
}
