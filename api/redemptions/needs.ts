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
  const history: HistoryQuery[] = [];
  const pools: string[] = [];
  let segments = false;
  let points = false;
  const add = (needs: RuleNeeds) => {
    if (needs.history.length > 0) history.push(...needs.history);
    segments ||= needs.segments;
    points ||= needs.points;
  };
  for (const { campaign, parent, voucher } of pairs) {
    const own = ofCampaign(campaign);
    add(own);
    if (own.pools.length > 0) pools.push(...own.pools);
    if (parent.rules !== null) add(ruleNeeds(parent.rules));
    if (voucher !== null && voucher.rules !== null) add(ruleNeeds(voucher.rules));
  }
  return { history, segments, points, pools };
}

interface CampaignNeeds extends RuleNeeds {
  readonly pools: readonly string[];
}

/** Definitions are kept between requests and never changed: each of a thousand automatic campaigns is searched once. */
const knownCampaigns = new WeakMap<Asking["campaign"], CampaignNeeds>();

function ofCampaign(campaign: Asking["campaign"]): CampaignNeeds {
  let needs = knownCampaigns.get(campaign);
  if (needs === undefined) {
    const rewards = [...campaign.rewards, ...campaign.referrerRewards];
    const asked = [...(campaign.rules === null ? [] : [campaign.rules]), ...rewards.flatMap(rewardRules)].map(
      ruleNeeds,
    );
    needs = {
      history: asked.flatMap((rule) => rule.history),
      segments: asked.some((rule) => rule.segments),
      points: campaign.pointsPrice !== null || asked.some((rule) => rule.points),
      pools: rewards.flatMap(poolOf),
    };
    knownCampaigns.set(campaign, needs);
  }
  return needs;
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

export function ruleNeeds(rule: Rule): RuleNeeds {
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
