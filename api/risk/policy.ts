/** From which score on what happens: by campaign, the nearest policy wins; the project's default where there is none. */
import { flagThreshold } from "../../models/serving.ts";

export const riskActions = ["allow", "flag", "hold", "reject"] as const;
export type RiskAction = (typeof riskActions)[number];

export interface Thresholds {
  /** Null: no score flags, only rules do. */
  readonly flag: number | null;
  /** Null: off. */
  readonly hold: number | null;
  readonly reject: number | null;
  /** How long a hold waits for a reviewer before all of it is given back. */
  readonly holdSeconds: number;
}

export const holdSecondsDefault = 86_400;

/** Without any policy scores only flag. */
export const withoutPolicy: Thresholds = {
  flag: flagThreshold,
  hold: null,
  reject: null,
  holdSeconds: holdSecondsDefault,
};

/** By the id of the campaign, sub or main; "" for the project's default. */
export type Policies = ReadonlyMap<string, Thresholds>;

export interface RiskCampaign {
  readonly id: string;
  readonly parentId: string;
}

export function strictest(a: RiskAction, b: RiskAction): RiskAction {
  return riskActions.indexOf(a) >= riskActions.indexOf(b) ? a : b;
}

export function isStricter(a: RiskAction, than: RiskAction): boolean {
  return riskActions.indexOf(a) > riskActions.indexOf(than);
}

/** @param floor what the rules that fired ask for at least. */
export function actionOf(score: number | null, floor: RiskAction, thresholds: Thresholds): RiskAction {
  const reaches = (threshold: number | null) => score !== null && threshold !== null && score >= threshold;
  if (reaches(thresholds.reject)) return "reject";
  if (reaches(thresholds.hold)) return "hold";
  return strictest(reaches(thresholds.flag) ? "flag" : "allow", floor);
}

/** The policies in play, one a campaign; an attempt without a campaign goes by the project's default. */
export function policiesFor(campaigns: readonly RiskCampaign[], policies: Policies): Thresholds[] {
  const fallback = policies.get("") ?? withoutPolicy;
  if (campaigns.length === 0 || policies.size === 0) return [fallback];
  return campaigns.map(({ id, parentId }) => policies.get(id) ?? policies.get(parentId) ?? fallback);
}

/** A policy in shadow stands in for the live one of the same campaign. */
export function overlaid(live: Policies, shadow: Policies): Policies {
  return shadow.size === 0 ? live : new Map([...live, ...shadow]);
}
