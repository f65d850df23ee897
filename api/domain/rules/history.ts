/** What the rules in play ask of a customer's past, so that it is read once, and only when something asks. */
import type { CampaignFacts, HistoryQuery, Redeemable } from "../facts.ts";
import type { Reward } from "../rewards/reward.ts";
import { groupOf } from "./group.ts";
import type { Leaf, Rule } from "./rule.ts";

/** The key under which the answer stands in `CustomerFacts.history`. The name comes last: it may contain anything. */
export function historyKey(query: HistoryQuery): string {
  return `${query.on}|${query.windowDays ?? "all"}|${query.name ?? ""}`;
}

/** Null for a leaf that looks at something else. */
export function historyQueryOf(leaf: Leaf): HistoryQuery | null {
  switch (leaf.on) {
    case "customer.orders_count":
    case "customer.orders_amount":
      return { on: leaf.on, name: null, windowDays: leaf.window_days ?? null };
    case "events.count":
      return { on: leaf.on, name: leaf.name ?? null, windowDays: leaf.window_days ?? null };
    default:
      return null;
  }
}

/** Every history query in the rules, each once. */
export function historyQueries(rules: Rule | readonly Rule[]): HistoryQuery[] {
  const found = new Map<string, HistoryQuery>();
  for (const rule of Array.isArray(rules) ? (rules as readonly Rule[]) : [rules as Rule]) {
    for (const query of queriesOf(rule)) found.set(historyKey(query), query);
  }
  return [...found.values()];
}

/** Rules do not change, and hundreds may be in play in each request: each is walked once. */
const known = new WeakMap<Rule, readonly HistoryQuery[]>();

function queriesOf(rule: Rule): readonly HistoryQuery[] {
  let queries = known.get(rule);
  if (queries === undefined) {
    const found: HistoryQuery[] = [];
    collect(rule, found);
    known.set(rule, found);
    queries = found;
  }
  return queries;
}

function collect(rule: Rule, found: HistoryQuery[]): void {
  const group = groupOf(rule);
  if (group !== null) {
    for (const child of group.children) collect(child, found);
  } else if ("where" in rule) {
    collect(rule.where, found);
  } else {
    const query = historyQueryOf(rule as Leaf);
    if (query !== null) found.push(query);
  }
}

/** All rule trees that `decide` evaluates for these codes and automatic campaigns, those of their rewards included. */
export function rulesInPlay(redeemables: readonly Redeemable[], automatic: readonly CampaignFacts[] = []): Rule[] {
  const ofCodes = redeemables.flatMap(({ voucher, campaign }) => [
    ...(voucher?.rules ? [voucher.rules] : []),
    ...(campaign === null ? [] : rulesOfCampaign(campaign)),
  ]);
  return [...ofCodes, ...automatic.flatMap(rulesOfCampaign)];
}

function rulesOfCampaign({ rules, parent, rewards, referrerRewards }: CampaignFacts): Rule[] {
  const own = [rules, parent.rules].filter((rule) => rule !== null);
  return [...own, ...[...rewards, ...referrerRewards].flatMap(rulesOfReward)];
}

function rulesOfReward(reward: Reward): Rule[] {
  const trees = [reward.when, ...wheresOf(reward)];
  return trees.filter((rule) => rule !== undefined);
}

function wheresOf(reward: Reward): readonly (Rule | undefined)[] {
  switch (reward.type) {
    case "item_discount":
      return [reward.where];
    case "buy_x_get_y":
      return [reward.buy.where, reward.get.where];
    case "bundle":
      return reward.items.map((item) => item.where);
    default:
      return [];
  }
}
