/** What the log of `POST /v1/offers` says of each policy: what its own arm had, and what the whole log estimates of it. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { type Diagnosis, diagnose } from "./diagnose.ts";
import { type Estimate, type Estimates, estimateValue, type LoggedAction } from "./estimate.ts";

export interface LogOptions {
  /** Decisions of so many days until now. */
  readonly days: number;
  /** For the bootstrap; 0: intervals by the normal distribution only. */
  readonly resamples: number;
  readonly seed: number;
}

export const rewards = ["redemptions", "value"] as const;
/** Per decision: offers redeemed, or their expected margin less the discount in minor units. */
export type Reward = (typeof rewards)[number];

interface PolicyFigures {
  readonly policy: string;
  /** What the policy's own arm had; undefined where it has none. */
  readonly own:
    | { readonly decisions: number; readonly customers: number; readonly means: Record<Reward, Estimate> }
    | undefined;
  /** What the decisions of all arms say of it. */
  readonly offPolicy: Record<Reward, Estimates>;
  readonly diagnosis: Diagnosis;
}

export interface LogReport {
  readonly decisions: number;
  /** There were more decisions than are read; these are the newest. */
  readonly isPart: boolean;
  readonly policies: readonly PolicyFigures[];
}

/** Each has some places, and each place a row a policy. */
const decisionsMax = 20_000;

const settings = { max_execution_time: 25 } as const;

const placeRow = z.object({
  decision_id: z.string(),
  customer: z.string(),
  policy: z.string(),
  target_policy: z.string(),
  propensity: z.number(),
  target_propensity: z.number(),
  expected_redemptions: z.number(),
  expected_value_amount: z.number().nullable(),
  probability: z.number().nullable(),
  value_amount: z.number().nullable(),
  redeemed: z.number(),
  earned_amount: z.number(),
});
type PlaceRow = z.output<typeof placeRow>;

export async function readLog(
  warehouse: ClickHouseClient,
  projectId: string,
  { days, resamples, seed }: LogOptions,
): Promise<LogReport> {
  const result = await warehouse.query({
    query: `
      SELECT decision_id, customer, policy, target_policy, propensity, target_propensity, expected_redemptions,
        expected_value_amount, probability, value_amount, redeemed, earned_amount
      FROM offer_places
      WHERE project_id = {project: String} AND decision_id IN (
        SELECT decision_id FROM offer_decisions
        WHERE project_id = {project: String} AND policy != '' AND occurred_at >= now64(3) - toIntervalDay({days: UInt16})
        ORDER BY occurred_at DESC, decision_id DESC LIMIT ${decisionsMax})
      ORDER BY decision_id, rank, target_policy`,
    query_params: { project: projectId, days },
    format: "JSONEachRow",
    clickhouse_settings: { ...settings, output_format_json_quote_64bit_integers: 0 },
  });
  const rows = z.array(placeRow).parse(await result.json());
  const decisions = new Set(rows.map((row) => row.decision_id)).size;
  const options = { resamples, seed };
  const places = new Map<string, PlaceRow[]>();
  for (const row of rows) {
    const ofPolicy = places.get(row.target_policy) ?? [];
    ofPolicy.push(row);
    places.set(row.target_policy, ofPolicy);
  }
  const policies = [...places].map(([policy, places]): PolicyFigures => {
    const own = places.filter((place) => place.policy === policy);
    return {
      policy,
      own:
        own.length === 0
          ? undefined
          : {
              decisions: new Set(own.map((place) => place.decision_id)).size,
              customers: new Set(own.map((place) => place.customer)).size,
              means: of(
                (reward) =>
                  estimateValue(
                    own.map((place) => ownAction(place, reward)),
                    options,
                  ).ips,
              ),
            },
      offPolicy: of((reward) =>
        estimateValue(
          places.map((place) => toLogged(place, reward)),
          options,
        ),
      ),
      diagnosis: diagnose(places.map((place) => toLogged(place, "redemptions"))),
    };
  });
  return { decisions, isPart: decisions === decisionsMax, policies };
}

function of<T>(each: (reward: Reward) => T): Record<Reward, T> {
  return { redemptions: each("redemptions"), value: each("value") };
}

function toLogged(place: PlaceRow, reward: Reward): LoggedAction {
  const isValue = reward === "value";
  return {
    decision: place.decision_id,
    cluster: place.customer,
    reward: isValue ? place.earned_amount : place.redeemed,
    propensity: place.propensity,
    target: place.target_propensity,
    predicted: (isValue ? place.value_amount : place.probability) ?? 0,
    predictedOfTarget: (isValue ? place.expected_value_amount : place.expected_redemptions) ?? 0,
  };
}

/** What the policy did itself needs no weight: the estimate is the mean, with an interval by customers. */
function ownAction(place: PlaceRow, reward: Reward): LoggedAction {
  return { ...toLogged(place, reward), propensity: 1, target: 1 };
}
