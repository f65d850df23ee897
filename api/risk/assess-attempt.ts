/** Assesses an attempt as it is decided. Whatever fails here costs the score, never the redemption. */
import { named, rawVector } from "../../models/features/feature.ts";
import { type RiskInput, riskFeatures } from "../../models/features/risk.ts";
import { type RiskScore, unscored } from "../../models/serving.ts";
import type { Deps } from "../deps.ts";
import type { Decision } from "../domain/decision.ts";
import { assess, notAssessed, type RiskAssessment } from "./assess.ts";
import { loadRiskConfig, type RiskConfig } from "./config.ts";
import type { RiskCampaign } from "./policy.ts";

export interface AssessedAttempt {
  readonly projectId: string;
  /** Of the project's rules and policies, as the facts told. */
  readonly riskVersion: number | null;
  readonly decision: Decision;
  /** "" when the order does not say. */
  readonly channel: string;
  /** Asked for once; may throw. */
  readonly input: () => RiskInput;
}

type Needs = Pick<Deps, "pool" | "models" | "log">;

/** Never rejects. The same attempt again, in another round, is assessed alike: nothing is written here. */
export async function assessAttempt(deps: Needs, attempt: AssessedAttempt): Promise<RiskAssessment> {
  try {
    const config = await configOf(deps, attempt);
    const input = attempted(deps, "features", () => attempt.input());
    const features = input && attempted(deps, "features", () => named(riskFeatures, rawVector(riskFeatures, input)));
    const model = input && attempted(deps, "model", () => deps.models.scoreRisk(attempt.projectId, input));
    return assess(
      {
        model: usable(deps, model),
        features: features ?? null,
        campaigns: campaignsOf(attempt.decision),
        amount: attempt.decision.amount,
        channel: attempt.channel,
        ceiling: attempt.decision.valid ? "reject" : "flag",
      },
      config,
    );
  } catch (error) {
    deps.log.error({ err: error }, "an attempt could not be assessed: it is allowed");
    return notAssessed;
  }
}

/** A score outside of its range is none. Its reasons are made when they are asked for: one without any is a score still. */
function usable(deps: Needs, model: RiskScore | undefined): RiskScore {
  if (model === undefined || model.score === null) return unscored;
  if (!(model.score >= 0 && model.score <= 1)) return unscored;
  return {
    score: model.score,
    model: model.model,
    features: null,
    get reasons() {
      return attempted(deps, "reasons", () => model.reasons) ?? [];
    },
  };
}

/** What an operator wrote cannot be read: the shipped rules serve meanwhile. */
async function configOf({ pool, log }: Needs, { projectId, riskVersion }: AssessedAttempt): Promise<RiskConfig> {
  try {
    return await loadRiskConfig(pool, projectId, riskVersion);
  } catch (error) {
    log.error({ err: error }, "the rules of risk could not be read: the shipped ones serve");
    return loadRiskConfig(pool, projectId, null);
  }
}

function attempted<T>({ log }: Pick<Needs, "log">, part: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    log.error({ part, err: error }, "a score could not be had");
    return undefined;
  }
}

/** Those whose codes were asked for; of an order without any, those that applied by themselves. */
function campaignsOf({ codes, automatic, valid }: Decision): RiskCampaign[] {
  const asked = [...codes, ...(valid ? automatic : [])];
  const byId = new Map<string, RiskCampaign>();
  for (const { campaignId, parentId } of asked) {
    if (campaignId !== null) byId.set(campaignId, { id: campaignId, parentId: parentId ?? "" });
  }
  return [...byId.values()];
}
