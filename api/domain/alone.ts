/** What one code or one automatic campaign would do on an order by itself, with every reason against it. */
import { applyAll } from "./apply.ts";
import { automaticCandidate } from "./candidate.ts";
import { decide } from "./decide.ts";
import type { CodeDecision } from "./decision.ts";
import type { CampaignFacts, Facts, Redeemable } from "./facts.ts";
import { requestOf } from "./progress.ts";
import { makeReason } from "./reason.ts";
import { groupOf } from "./rules/group.ts";
import type { Rule } from "./rules/rule.ts";
import { combinesWithBefore } from "./stacking.ts";

export function decideCode(facts: Facts, redeemable: Redeemable): CodeDecision {
  const [decision] = decide({ ...facts, automatic: [], redeemables: [redeemable] }).codes;
  if (decision === undefined) throw new Error("a decision on one code decides one code");
  return decision;
}

/** Null when the order has the campaign already. */
export function decideCampaign(facts: Facts, campaign: CampaignFacts): CodeDecision | null {
  const { appliedBefore } = facts;
  if (appliedBefore.some((applied) => applied.voucherId === null && applied.campaignId === campaign.id)) return null;
  const candidate = automaticCandidate(campaign, facts);
  const { decided } = applyAll({ all: [], rivals: [] }, [candidate], requestOf({ ...facts, redeemables: [] }));
  const decision = decided.get(candidate);
  if (decision === undefined) throw new Error("a campaign that was applied is decided");
  if (combinesWithBefore(candidate, appliedBefore)) return decision;
  const reason = makeReason("not_combinable", "This promotion cannot be combined with what the order has already");
  return { ...decision, applicable: false, reasons: [...decision.reasons, reason] };
}

/**
 * Whether only the basket stands in the way: everything that speaks against it is a rule about the order, so that
 * another basket would do. Rewards that found nothing to discount may say so as well.
 */
export function isNearMiss({ reasons }: CodeDecision, { voucher, campaign }: Omit<Redeemable, "code">): boolean {
  if (campaign === null) return false;
  const trees: Readonly<Record<string, Rule | null | undefined>> = {
    "campaign.rules": campaign.rules,
    "parent.rules": campaign.parent.rules,
    "voucher.rules": voucher?.rules,
    ...Object.fromEntries(campaign.rewards.map((reward, index) => [`reward/${index}.when`, reward.when])),
  };
  const ofRules = reasons.filter(({ rule_id }) => rule_id !== undefined);
  if (ofRules.length === 0) return false;
  return reasons.every(({ key, rule_id }) => {
    if (rule_id === undefined) return key === "no_effect";
    const leaf = leafAt(trees, rule_id);
    return leaf !== null && "on" in leaf && (leaf.on.startsWith("order.") || leaf.on.startsWith("items"));
  });
}

/** Follows "campaign.rules/all/0" into the tree it names. */
function leafAt(trees: Readonly<Record<string, Rule | null | undefined>>, ruleId: string): Rule | null {
  for (const [name, tree] of Object.entries(trees)) {
    if (tree === null || tree === undefined || !(ruleId === name || ruleId.startsWith(`${name}/`))) continue;
    const steps = ruleId
      .slice(name.length)
      .split("/")
      .filter((step) => step !== "" && !Number.isNaN(Number(step)));
    let at: Rule | undefined = tree;
    for (const step of steps) at = at === undefined ? undefined : groupOf(at)?.children[Number(step)];
    return at ?? null;
  }
  return null;
}
