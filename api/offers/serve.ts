/** Finds, decides, scores and ranks what a customer may be offered. Reads only; `record` announces it. */
import { campaignRate, type OfferInput } from "../../models/features/personalisation.ts";
import type { OfferScores } from "../../models/serving.ts";
import type { Deps } from "../deps.ts";
import type { CampaignFacts, OrderFacts } from "../domain/facts.ts";
import { newId } from "../ids.ts";
import { loadFacts } from "../redemptions/load-facts.ts";
import { findCandidates } from "./candidates.ts";
import { recentPublications } from "./counts.ts";
import { categoriesIn } from "./diversify.ts";
import { type Eligible, eligible } from "./eligible.ts";
import { leaveOutCapped } from "./frequency.ts";
import { readOfferInputs } from "./history.ts";
import { type Measures, recentMeasures } from "./measures.ts";
import { discountPrice } from "./pace.ts";
import { type Arm, armOf, drawsOf, type OfferPolicy } from "./policy.ts";
import { type Choice, type Placed, rank, scoresOf } from "./rank.ts";
import { readPolicy } from "./read-policy.ts";
import { reasonsFor } from "./reasons.ts";
import { basketMargin, type MarginSums, marginRate } from "./worth.ts";

export interface OffersRequest {
  readonly projectId: string;
  readonly customer: string;
  /** Null: what may be offered without a basket. */
  readonly order: OrderFacts | null;
  readonly limit: number;
}

interface ServedOffer extends Omit<Placed, "index" | "isExplored"> {
  readonly campaignId: string;
  readonly code: string;
  readonly discountAmount: number;
  readonly expectedMarginAmount: number | null;
  readonly features: Readonly<Record<string, number>> | null;
  readonly reasons: readonly string[];
}

export interface ServedOffers {
  readonly decisionId: string;
  readonly offers: readonly ServedOffer[];
  readonly model: { readonly name: string; readonly version: string } | "fallback";
  readonly arm: Arm;
  readonly policy: OfferPolicy;
  readonly candidatesCount: number;
  readonly situation: {
    readonly amount: number;
    readonly channel: string | null;
    readonly categories: readonly string[];
  } | null;
  readonly customerId: string | null;
  /** The database's clock when it read, epoch ms. */
  readonly at: number;
}

/** Stands in where there is no basket; nothing is decided about it. */
const noOrder: OrderFacts = {
  id: null,
  currency: "",
  items: [],
  shippingAmount: 0,
  statedAmount: null,
  channel: null,
  storeId: null,
  paymentMethod: null,
  location: null,
  metadata: {},
};

const categoriesMax = 100;

export async function serveOffers(deps: Deps, request: OffersRequest): Promise<ServedOffers> {
  const { projectId, customer, order } = request;
  const [candidates, policy, measures] = await Promise.all([
    findCandidates(deps.db, projectId, customer),
    readPolicy(deps.db, projectId),
    recentMeasures(deps.db, projectId),
  ]);
  const wallet = new Set(candidates.filter(({ inWallet }) => inWallet).map(({ code }) => code));
  const codes = candidates.map(({ code }) => code);
  const { facts, clock } = await loadFacts(deps, { projectId, codes, customer, order: order ?? noOrder, at: null });
  const { settings } = policy;
  const priced = eligible(facts, order !== null, wallet)
    .map((found) => ({
      found,
      price: settings.budget_pacing ? discountPrice(found.campaign, found.discountAmount ?? 0, clock) : 1,
    }))
    .filter(({ price }) => price !== Number.POSITIVE_INFINITY);
  const allowed = await leaveOutCapped(deps.db, { projectId, customer, now: clock }, settings.frequency_cap, priced);

  const situation = order === null ? null : situationOf(order);
  const scope = {
    projectId,
    customer,
    campaigns: allowed.map(({ found: { campaign, discountAmount } }) => ({
      campaignId: campaign.id,
      mainId: campaign.parent.id,
      template: campaign.template,
      endsAt: campaign.endsAt,
      discountAmount,
    })),
    basket: situation,
    isVisit: true,
    now: clock,
  };
  const mains = [...new Set(scope.campaigns.map(({ mainId }) => mainId))];
  const counts = { ...(await recentPublications(deps.db, projectId, mains)), byTemplate: measures.byTemplate };
  const { inputs, margin } = await readOfferInputs(deps.db, scope, counts);
  const caused = sharesOf(deps, projectId, allowed, inputs);
  const choices = allowed.flatMap(({ found, price }, index) => {
    const input = inputs[index];
    if (input === undefined) return [];
    const known = { found, price, input, margin, measures, order, policy, caused: caused.get(found.campaign.id) };
    return [{ found, input, choice: toChoice(known) }];
  });

  const arm = armOf(projectId, customer, settings.arms);
  const champion = deps.models.scoreOffers(projectId, inputs);
  const challenger =
    settings.arms.challenger > 0 ? (deps.models.scoreChallengerOffers?.(projectId, inputs) ?? champion) : undefined;
  const decisionId = newId("dec");
  const scores = scoresOf({ arm, champion, challenger });
  const placed = rank(
    choices.map(({ choice }) => choice),
    {
      arm,
      champion,
      challenger,
      exploration: settings.exploration_percent / 100,
      diversity: settings.diversity,
      limit: request.limit,
      random: drawsOf(decisionId),
    },
  );
  return {
    decisionId,
    offers: placed.flatMap(({ index, isExplored, ...rest }) => {
      const chosen = choices[index];
      if (chosen === undefined) return [];
      return [{ ...rest, ...describe(chosen, index, isExplored, scores, clock) }];
    }),
    model: scores === "unavailable" ? "fallback" : scores.model,
    arm,
    policy,
    candidatesCount: choices.length,
    situation,
    customerId: facts.customer?.id ?? null,
    at: clock,
  };
}

function situationOf(order: OrderFacts) {
  const categories = new Set(order.items.flatMap((item) => item.categories));
  return {
    amount: order.items.reduce((sum, item) => sum + item.quantity * item.unitAmount, 0),
    channel: order.channel,
    categories: [...categories].slice(0, categoriesMax),
  };
}

/** Incremental shares for this customer by campaign, of those with a holdout of their own, where a model has learnt from such. */
function sharesOf(
  { models }: Pick<Deps, "models">,
  projectId: string,
  allowed: readonly { readonly found: Eligible }[],
  inputs: readonly OfferInput[],
): ReadonlyMap<string, number> {
  const asked = allowed.flatMap(({ found: { campaign } }, index) => {
    const input = inputs[index];
    return input === undefined || campaign.holdoutPercent === 0 ? [] : [{ id: campaign.id, input }];
  });
  if (asked.length === 0) return new Map();
  const shares = models.scoreShares?.(
    projectId,
    asked.map(({ input }) => input),
  );
  if (shares === undefined || shares === "unavailable") return new Map();
  return new Map(shares.map((share, index) => [asked[index]?.id ?? "", share]));
}

interface Known {
  readonly found: Eligible;
  readonly price: number;
  readonly input: OfferInput;
  readonly margin: MarginSums;
  readonly measures: Measures;
  readonly order: OrderFacts | null;
  readonly policy: OfferPolicy;
  readonly caused: number | undefined;
}

function toChoice({ found, price, input, margin, measures, order, policy, caused }: Known): Choice {
  const { campaign } = found;
  const rate = marginRate(policy.settings.assumed_margin_percent / 100, {
    project: measures.project,
    campaign: measures.margins.get(campaign.id),
    customer: margin,
  });
  const basket = input.basketAmount ?? averageBasket(input);
  const known = order === null ? null : basketMargin(order.items);
  const measured = caused ?? measures.incremental.bySubject.get(campaign.id);
  return {
    campaignId: campaign.id,
    discountAmount: found.discountAmount ?? averageDiscount(input),
    rate: campaignRate(input),
    marginAmount: known ?? (basket === null ? null : Math.round(basket * rate)),
    incremental: { share: measured ?? measures.incremental.common, isMeasured: measured !== undefined },
    discountPrice: price,
    kind: { mainId: campaign.parent.id, template: campaign.template, categories: knownCategories(campaign) },
  };
}

/** A definition is parsed once for all requests, so that its rewards are the same object as long as it holds. */
const categoriesByRewards = new WeakMap<CampaignFacts["rewards"], ReadonlySet<string>>();

function knownCategories(campaign: CampaignFacts): ReadonlySet<string> {
  const known = categoriesByRewards.get(campaign.rewards);
  if (known !== undefined) return known;
  const categories = categoriesIn(campaign);
  categoriesByRewards.set(campaign.rewards, categories);
  return categories;
}

function describe(
  { found, input, choice }: { readonly found: Eligible; readonly input: OfferInput; readonly choice: Choice },
  index: number,
  isExplored: boolean,
  scores: OfferScores | "unavailable",
  now: number,
) {
  const score = scores === "unavailable" ? undefined : scores.offers[index];
  return {
    campaignId: choice.campaignId,
    code: found.code,
    discountAmount: choice.discountAmount,
    expectedMarginAmount: choice.marginAmount,
    features: score?.features ?? null,
    reasons: reasonsFor({ eligible: found, input, contributions: score?.contributions ?? null, isExplored, now }),
  };
}

function averageDiscount(input: OfferInput): number {
  return input.campaignRedemptionsCount === 0
    ? 0
    : Math.round(input.campaignDiscountAmount / input.campaignRedemptionsCount);
}

function averageBasket(input: OfferInput): number | null {
  return input.ordersCount === 0 ? null : Math.round(input.ordersAmount / input.ordersCount);
}
