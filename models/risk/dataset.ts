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

/**
 * The same with what reviewers said: `label` is 1 for confirmed abuse, refused attempts among it; whatever was dismissed
 * or never looked at counts as ordinary. What was said later than an attempt labels it, as it must: the features are
 * those of the attempt's own moment.
 */
const labelledSituations = `
SELECT situation.* EXCEPT (label), toUInt8(said.confirmed = 1) AS label
FROM (${signalSituations()}) AS situation
LEFT JOIN (
  SELECT subject_id AS labelled_id, toUInt8(argMax(label, decided_at)) AS confirmed
  FROM risk_labels WHERE project_id = {project:String} GROUP BY subject_id
) AS said ON said.labelled_id = situation.subject_id
WHERE succeeded OR said.confirmed = 1`;

export function readRiskExamples(warehouse: ClickHouseClient, projectId: string): Promise<Example[]> {
  return readExamples(warehouse, riskFeatures, labelledSituations, { project: projectId });
}
