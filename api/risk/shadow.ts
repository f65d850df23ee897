/**
 * What rules and thresholds in shadow would have done in the last days. From the logged vectors and scores, so that it
 * also tells of days before they were there; how often a rule has fired since it runs stands beside it.
 */
import type { Deps } from "../deps.ts";
import { type LogTest, lookAtLog } from "./attempts-log.ts";
import { lookedAt } from "./backtest.ts";
import { conditionSql, Parameters } from "./condition-sql.ts";
import { currentConfig, type RiskConfig } from "./config.ts";
import type { Thresholds } from "./policy.ts";
import type { ShadowWire } from "./schemas.ts";
import { conditionSentence } from "./sentence.ts";

/** More at once say nothing to anybody; the first by id are told of. */
const policiesTriedMax = 20;

/** @throws Problem busy */
export async function reportShadow(
  deps: Pick<Deps, "pool" | "warehouse">,
  projectId: string,
  days: number,
  now: Date,
): Promise<ShadowWire> {
  const config = await currentConfig(deps.pool, projectId);
  const parameters = new Parameters();
  const policies = [...config.shadowPolicies].slice(0, policiesTriedMax);
  const tests = [
    ...config.shadow.map((rule) => ({
      sql: conditionSql(rule.when, parameters),
      alsoSql: `has(shadow_rules, ${parameters.bind(rule.id, "String")})`,
    })),
    ...policies.flatMap(([scope, thresholds]) => actionTests(config, scope, thresholds, parameters)),
  ];
  const log = await lookAtLog(deps.warehouse, { projectId, days, now }, tests, parameters);
  const outcomes = log.outcomes.map(({ also, ...outcome }) => ({ also, outcome }));
  const take = (at: number) => {
    const found = outcomes[at];
    if (found === undefined) throw new Error("a test has no outcome");
    return found;
  };
  return {
    days,
    ...lookedAt(log),
    rules: config.shadow.map(({ id, name, when }, at) => {
      const { also, outcome } = take(at);
      return { id, name, sentence: conditionSentence(when), seen_live: also, ...outcome };
    }),
    policies: policies.map(([scope, { flag, hold, reject }], nth) => ({
      campaign_id: scope === "" ? null : scope,
      flag,
      hold,
      reject,
      actions: tried.map((action, at) => ({
        action,
        ...take(config.shadow.length + nth * tried.length + at).outcome,
      })),
    })),
  };
}

const tried = ["flag", "hold", "reject"] as const;

/** Attempts with a code for which the policy is the nearest, by what their score would have led to. */
function actionTests(
  config: RiskConfig,
  scope: string,
  { flag, hold, reject }: Thresholds,
  parameters: Parameters,
): LogTest[] {
  const inScope = scopeSql(config, scope, parameters);
  const from = (threshold: number | null) =>
    threshold === null ? "0" : `risk_score >= ${parameters.bind(threshold, "Float64")}`;
  const rejected = from(reject);
  const held = `(${from(hold)} AND NOT (${rejected}))`;
  const flagged = `(${from(flag)} AND NOT (${from(hold)}) AND NOT (${rejected}))`;
  return [flagged, held, rejected].map((met) => ({ sql: `${inScope} AND ifNull(${met}, 0)` }));
}

/** The nearest policy wins, whether it holds or is tried: what has one of its own is not of this one. */
function scopeSql({ live, shadowPolicies }: RiskConfig, scope: string, parameters: Parameters): string {
  const nearer = [...new Set([...live.keys(), ...shadowPolicies.keys()])].filter((id) => id !== "" && id !== scope);
  const others = parameters.bind(nearer, "Array(String)");
  if (scope === "") {
    return `(empty(subs) OR arrayExists((sub, main) -> NOT has(${others}, sub) AND NOT has(${others}, main), subs, mains))`;
  }
  const own = parameters.bind(scope, "String");
  return `arrayExists((sub, main) -> sub = ${own} OR (main = ${own} AND NOT has(${others}, sub)), subs, mains)`;
}
