/** What a condition would have met in the last days, before anybody enables it. */
import type { Deps } from "../deps.ts";
import { lookAtLog } from "./attempts-log.ts";
import type { Condition } from "./condition.ts";
import { conditionSql, Parameters } from "./condition-sql.ts";
import type { BacktestWire } from "./schemas.ts";
import { conditionSentence } from "./sentence.ts";

/** @throws Problem busy */
export async function backtest(
  deps: Pick<Deps, "warehouse">,
  projectId: string,
  tested: { readonly ruleId: string | null; readonly when: Condition; readonly days: number; readonly now: Date },
): Promise<BacktestWire> {
  const { ruleId, when, days, now } = tested;
  const parameters = new Parameters();
  const test = { sql: conditionSql(when, parameters) };
  const log = await lookAtLog(deps.warehouse, { projectId, days, now }, [test], parameters);
  const [outcome] = log.outcomes;
  if (outcome === undefined) throw new Error("a test has no outcome");
  const { also: _, ...rest } = outcome;
  return { rule_id: ruleId, sentence: conditionSentence(when), days, ...lookedAt(log), ...rest };
}

export function lookedAt({ from, to, attempts, sampledShare }: Awaited<ReturnType<typeof lookAtLog>>) {
  return { from: from.toISOString(), to: to.toISOString(), attempts, sampled_share: sampledShare };
}
