/**
 * A model's score becomes a decision: rules that an operator wrote join it, and the policy of the campaign says what
 * follows. Pure, and the same for the same input: what is stored of an assessment is enough to make it again.
 *
 * The score is a noisy-or (Pearl 1988): 1 − (1 − m) · Π (1 − wᵢ), with the model's score m (0 without a model) and the
 * weights wᵢ of the enabled rules that fired. It lies in [0, 1], never falls when a rule joins or a weight grows, and is
 * m itself when no rule fires. What the rules add together is split among them by −ln(1 − wᵢ), which does not depend on
 * their order; with the model's own reasons all contributions sum to the score.
 */
import type { RiskReason, RiskScore } from "../../models/serving.ts";
import type { Seen } from "./condition.ts";
import type { ReadyRule, RiskConfig } from "./config.ts";
import {
  actionOf,
  isStricter,
  overlaid,
  type Policies,
  policiesFor,
  type RiskAction,
  type RiskCampaign,
  strictest,
  type Thresholds,
} from "./policy.ts";
import { conditionSentence } from "./sentence.ts";

export interface RiskAssessment {
  /** 0 to 1; null when neither the model nor a rule had anything to say. */
  readonly score: number | null;
  readonly action: RiskAction;
  /** "name@version"; null when none scored. */
  readonly model: string | null;
  /** What model and rules saw. */
  readonly features: Readonly<Record<string, number>> | null;
  /** Strongest first; none of what is allowed and met no rule. */
  readonly reasons: readonly RiskReason[];
  /** Ids of the enabled rules that fired. */
  readonly rules: readonly string[];
  /** What would have been done if what is in shadow were live; null when none of it had anything to say. */
  readonly shadow: {
    readonly score: number | null;
    readonly action: RiskAction;
    readonly rules: readonly string[];
  } | null;
  /** What it was made of, beside the features: enough to make it again. */
  readonly basis: {
    readonly model_score: number | null;
    readonly config_version: number;
    readonly campaigns: readonly RiskCampaign[];
    readonly amount: number;
    readonly channel: string;
    /** The most that may follow: an attempt that is refused anyway is neither held nor rejected once more. */
    readonly ceiling: RiskAction;
  } | null;
  /** Of a hold. */
  readonly hold_seconds?: number;
}

/** Of what is not scored: imported history. */
export const notAssessed: RiskAssessment = {
  score: null,
  action: "allow",
  model: null,
  features: null,
  reasons: [],
  rules: [],
  shadow: null,
  basis: null,
};

export interface Assessed {
  readonly model: RiskScore;
  /** Null when they could not be had: then no rule fires. */
  readonly features: Readonly<Record<string, number>> | null;
  readonly campaigns: readonly RiskCampaign[];
  readonly amount: number;
  readonly channel: string;
  readonly ceiling: RiskAction;
}

/** Of the model's reasons; what is left is one reason, of this name. */
const reasonsMax = 12;
/** Stands for the features that are not told one by one. */
export const otherFeatures = "others";

/** The same assessment again, from what is stored of it and the configuration of its version. */
export function reassess(stored: RiskAssessment, config: RiskConfig): RiskAssessment {
  if (stored.basis === null) return stored;
  const { model_score, campaigns, amount, channel, ceiling } = stored.basis;
  const { model, features } = stored;
  const reasons = stored.reasons.filter(({ feature }) => !feature.startsWith(ruleMark));
  return assess(
    { model: { score: model_score, model, features, reasons }, features, campaigns, amount, channel, ceiling },
    config,
  );
}

/** What the name of a reason begins with that is a rule. */
export const ruleMark = "rule:";

export function assess(given: Assessed, config: RiskConfig): RiskAssessment {
  const { campaigns, ceiling } = given;
  const fired = firedOf(config.enabled, given);
  const score = combined(given.model.score, fired);
  const live = decide(score, fired, policiesFor(campaigns, config.live), ceiling);
  const { holdSeconds } = live;
  const shadow = shadowOf(given, config, fired);
  // Explaining costs more than scoring: what is ordinary can be explained from its features when somebody asks.
  const isRemarkable = fired.length > 0 || live.action !== "allow" || (shadow !== null && shadow.action !== "allow");
  return {
    score,
    action: live.action,
    model: given.model.model,
    features: given.features,
    reasons: isRemarkable ? reasonsOf(given.model, score, fired) : [],
    rules: fired.map(({ id }) => id),
    shadow,
    basis: {
      model_score: given.model.score,
      config_version: config.version,
      campaigns,
      amount: given.amount,
      channel: given.channel,
      ceiling,
    },
    ...(live.action === "hold" ? { hold_seconds: holdSeconds } : {}),
  };
}

function firedOf(rules: readonly ReadyRule[], { features, campaigns, amount, channel }: Assessed): ReadyRule[] {
  if (features === null || rules.length === 0) return [];
  const seen: Seen = {
    features,
    campaignIds: campaigns.flatMap(({ id, parentId }) => [id, parentId]),
    amount,
    channel,
  };
  return rules.filter((rule) => rule.isMet(seen));
}

/** See the head of the file. Null stays null where no rule adds anything. */
export function combined(model: number | null, fired: readonly { readonly weight: number }[]): number | null {
  const weights = fired.filter(({ weight }) => weight > 0);
  if (weights.length === 0) return model;
  const left = weights.reduce((rest, { weight }) => rest * (1 - weight), 1 - (model ?? 0));
  return Math.min(1, Math.max(0, 1 - left));
}

function decide(
  score: number | null,
  fired: readonly ReadyRule[],
  policies: readonly Thresholds[],
  ceiling: RiskAction,
): { readonly action: RiskAction; readonly holdSeconds: number } {
  const floor: RiskAction = fired.some((rule) => rule.floor === "flag") ? "flag" : "allow";
  let action: RiskAction = "allow";
  let holdSeconds = Number.POSITIVE_INFINITY;
  for (const policy of policies) {
    const own = actionOf(score, floor, policy);
    // Of several holds the shortest: what is held is held from others.
    if (own === "hold") holdSeconds = Math.min(holdSeconds, policy.holdSeconds);
    action = strictest(action, own);
  }
  return { action: isStricter(action, ceiling) ? ceiling : action, holdSeconds };
}

function shadowOf(given: Assessed, config: RiskConfig, fired: readonly ReadyRule[]): RiskAssessment["shadow"] {
  const tried = firedOf(config.shadow, given);
  if (tried.length === 0 && !isTried(given.campaigns, config.shadowPolicies)) return null;
  const score = combined(given.model.score, [...fired, ...tried]);
  const policies = policiesFor(given.campaigns, overlaid(config.live, config.shadowPolicies));
  const { action } = decide(score, [...fired, ...tried], policies, given.ceiling);
  return { score, action, rules: tried.map(({ id }) => id) };
}

function isTried(campaigns: readonly RiskCampaign[], policies: Policies): boolean {
  if (policies.size === 0) return false;
  return policies.has("") || campaigns.some(({ id, parentId }) => policies.has(id) || policies.has(parentId));
}

function reasonsOf(model: RiskScore, score: number | null, fired: readonly ReadyRule[]): RiskReason[] {
  return [...shortened(model.reasons), ...ruleReasons(model.score, score, fired)].sort(byStrength);
}

function ruleReasons(model: number | null, score: number | null, fired: readonly ReadyRule[]): RiskReason[] {
  const added = (score ?? 0) - (model ?? 0);
  const share = (weight: number) => -Math.log1p(-weight);
  const total = fired.reduce((sum, { weight }) => sum + share(weight), 0);
  return fired.map((rule) => ({
    feature: `${ruleMark}${rule.id}`,
    value: 1,
    contribution: total > 0 ? (added * share(rule.weight)) / total : 0,
    text: `${rule.name}: ${sentenceOf(rule)}.`,
  }));
}

/** A rule lives as long as its version; a sentence is asked for by every attempt that it fires on. */
const sentences = new WeakMap<ReadyRule, string>();

function sentenceOf(rule: ReadyRule): string {
  let sentence = sentences.get(rule);
  if (sentence === undefined) {
    sentence = conditionSentence(rule.when);
    sentences.set(rule, sentence);
  }
  return sentence;
}

function shortened(reasons: readonly RiskReason[]): RiskReason[] {
  const ranked = reasons.filter(({ feature }) => feature !== otherFeatures).sort(byStrength);
  const rest = [...ranked.slice(reasonsMax), ...reasons.filter(({ feature }) => feature === otherFeatures)];
  if (rest.length === 0) return ranked;
  const contribution = rest.reduce((sum, reason) => sum + reason.contribution, 0);
  const text = "Everything else that the model looked at.";
  return [...ranked.slice(0, reasonsMax), { feature: otherFeatures, value: 0, contribution, text }];
}

function byStrength(a: RiskReason, b: RiskReason): number {
  const difference = Math.abs(b.contribution) - Math.abs(a.contribution);
  return difference === 0 ? (a.feature < b.feature ? -1 : 1) : difference;
}
