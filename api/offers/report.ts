/** Champion, challenger, popularity and random beside each other: what their arms had, what the log says, what they caused. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import type { Estimate, Estimates } from "../../models/policy/estimate.ts";
import { readLog } from "../../models/policy/product-log.ts";
import { measureLift, shortageOf } from "../lift/measure.ts";
import { sumsRow, toSums } from "../lift/read.ts";
import { arms } from "./policy.ts";
import type { PoliciesReportWire } from "./report-schemas.ts";

type PolicyWire = PoliciesReportWire["policies"][number];

/** A report waits for nobody: no bootstrap, which takes seconds; `npm run policy:evaluate` has it. */
const resamples = 0;

export async function readPoliciesReport(
  warehouse: ClickHouseClient,
  projectId: string,
  days: number,
): Promise<PoliciesReportWire> {
  const log = await readLog(warehouse, projectId, { days, resamples, seed: 1 });
  const order = (policy: string) => (arms as readonly string[]).indexOf(policy);
  const policies = log.policies
    .map(
      ({ policy, own, offPolicy, diagnosis }): PolicyWire => ({
        policy,
        own:
          own === undefined
            ? null
            : {
                decisions_count: own.decisions,
                customers_count: own.customers,
                redemptions: toInterval(own.means.redemptions),
                value_amount: toInterval(own.means.value),
              },
        estimated: { redemptions: toEstimates(offPolicy.redemptions), value_amount: toEstimates(offPolicy.value) },
        effective_places: diagnosis.effectiveRows,
        mean_weight: diagnosis.meanWeight,
        support: diagnosis.support,
      }),
    )
    .sort((a, b) => order(a.policy) - order(b.policy));
  return {
    days,
    decisions_count: log.decisions,
    is_part: log.isPart,
    policies,
    lifts: await readLifts(warehouse, projectId),
  };
}

/** Null where nothing can be said, as JSON has no NaN. */
function toInterval({ value, normal }: Estimate) {
  return Number.isFinite(value) && Number.isFinite(normal.low) ? { value, low: normal.low, high: normal.high } : null;
}

function toEstimates({ ips, snips, dm, dr }: Estimates) {
  return {
    ips: toInterval(ips),
    snips: toInterval(snips),
    direct: toInterval(dm),
    doubly_robust: toInterval(dr),
  };
}

const instant = z.string().transform((text) => new Date(text).toISOString());
const armRow = sumsRow.extend({
  arm: z.string(),
  policy_version: z.int(),
  currency: z.string(),
  measured_from: instant,
  measured_until: instant,
});

/** What each arm caused against the champion's, since the settings last changed, as a campaign's lift is measured. */
async function readLifts(warehouse: ClickHouseClient, projectId: string): Promise<PoliciesReportWire["lifts"]> {
  const result = await warehouse.query({
    query: "SELECT * FROM offer_arms WHERE project_id = {project: String}",
    query_params: { project: projectId },
    format: "JSONEachRow",
    clickhouse_settings: { max_execution_time: 25, output_format_json_quote_64bit_integers: 0 },
  });
  const rows = z.array(armRow).parse(await result.json());
  const champion = rows.find(({ arm }) => arm === "champion");
  if (champion === undefined) return [];
  return rows
    .filter(({ arm }) => arm !== "champion")
    .map((row) => {
      const shared = { policy: row.arm, against: "champion" as const, policy_version: row.policy_version };
      const [own, base] = [toSums(row), toSums(champion)];
      const shortage = shortageOf(own, base);
      if (shortage !== undefined) return { ...shared, measured: false as const, reason: shortage };
      const { metrics } = measureLift(own, base);
      return {
        ...shared,
        measured: true as const,
        since: [row.measured_from, champion.measured_from].sort()[0] ?? champion.measured_from,
        currency: row.currency,
        customers_count: row.customers_count,
        against_customers_count: champion.customers_count,
        metrics: metrics.map(({ metric, treated, heldOut, difference, cuped }) => ({
          metric,
          mean: treated,
          against_mean: heldOut,
          difference: { ...difference },
          adjusted_difference: cuped === undefined ? null : { ...cuped.difference },
        })),
      };
    });
}
