/** What the definitions in play ask for beyond the one read: read only when something asks. */
import type { CampaignFacts, HistoryQuery, VoucherFacts } from "../domain/facts.ts";
import type { Reward } from "../domain/rewards/reward.ts";
import { groupOf } from "../domain/rules/group.ts";
import { historyQueries } from "../domain/rules/history.ts";
import type { Leaf, Rule } from "../domain/rules/rule.ts";

export interface Needs {
  readonly history: readonly HistoryQuery[];
  readonly segments: boolean;
  readonly points: boolean;
  /** Ids of the pools that rewards draw from. */
  readonly pools: readonly string[];
}

interface Asking {
  readonly campaign: Pick<CampaignFacts, "rules" | "rewards" | "referrerRewards" | "pointsPrice">;
  readonly parent: Pick<CampaignFacts, "rules">;
  /** Null for an automatic campaign. */
  readonly voucher: Pick<VoucherFacts, "rules"> | null;
}

export function needsOf(pairs: readonly Asking[]): Needs {
  const rules = pairs.flatMap(({ campaign, parent, voucher }) => [
    ...[campaign.rules, parent.rules, voucher?.rules ?? null].filter((rule) => rule !== null),
    ...[...campaign.rewards, ...campaign.referrerRewards].flatMap(rewardRules),
  ]);
  const asked = rules.map(ofRule);
  return {
    history: asked.flatMap((needs) => needs.history),
    segments: asked.some((needs) => needs.segments),
    points: asked.some((needs) => needs.points) || pairs.some(({ campaign }) => campaign.pointsPrice !== null),
    pools: pairs.flatMap(({ campaign }) => [...campaign.rewards, ...campaign.referrerRewards].flatMap(poolOf)),
  };
}

function poolOf(reward: Reward): string[] {
  return reward.type === "pool_voucher" ? [reward.pool_id] : [];
}

/** Every rule tree a reward carries. */
function rewardRules(reward: Reward): Rule[] {
  const wheres =
    reward.type === "item_discount"
      ? [reward.where]
      : reward.type === "buy_x_get_y"
        ? [reward.buy.where, reward.get.where]
        : reward.type === "bundle"
          ? reward.items.map((item) => item.where)
          : [];
  return [reward.when, ...wheres].filter((rule) => rule !== undefined);
}

interface RuleNeeds {
  readonly history: readonly HistoryQuery[];
  readonly segments: boolean;
  readonly points: boolean;
}

/** Trees live as long as the definitions they are part of. */
const known = new WeakMap<Rule, RuleNeeds>();

function ofRule(rule: Rule): RuleNeeds {
  let needs = known.get(rule);
  if (needs === undefined) {
    const paths = new Set<string>();
    collectPaths(rule, paths);
    needs = {
      history: historyQueries(rule),
      segments: paths.has("customer.segments"),
      points: paths.has("customer.points"),
    };
    known.set(rule, needs);
  }
  return needs;
}

function collectPaths(rule: Rule, found: Set<string>): void {
  const group = groupOf(rule);
  if (group !== null) {
    for (const child of group.children) collectPaths(child, found);
  } else if ("where" in rule) {
    collectPaths(rule.where, found);
  } else {
    found.add((rule as Leaf).on);
  }
}
