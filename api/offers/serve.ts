/** Finds, decides, scores and ranks what a customer may be offered. Reads only; `record` announces it. */
import type { Deps } from "../deps.ts";
import type { OrderFacts } from "../domain/facts.ts";
import { loadFacts } from "../redemptions/load-facts.ts";
import { findCandidates } from "./candidates.ts";
import { eligible } from "./eligible.ts";
import { readOfferInputs, recentPublications } from "./history.ts";
import { type RankedOffer, rank } from "./rank.ts";

export interface OffersRequest {
  readonly projectId: string;
  readonly customer: string;
  /** Null: what may be offered without a basket. */
  readonly order: OrderFacts | null;
  readonly limit: number;
}

export interface ServedOffers {
  readonly offers: readonly RankedOffer[];
  readonly model: { readonly name: string; readonly version: string } | "fallback";
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

export async function serveOffers(deps: Deps, request: OffersRequest): Promise<ServedOffers> {
  const { projectId, customer, order } = request;
  const candidates = await findCandidates(deps.db, projectId, customer);
  const wallet = new Set(candidates.filter(({ inWallet }) => inWallet).map(({ code }) => code));
  const codes = candidates.map(({ code }) => code);
  const { facts, clock } = await loadFacts(deps, { projectId, codes, customer, order: order ?? noOrder, at: null });
  const found = eligible(facts, order !== null, wallet);

  const campaigns = found.map(({ campaign }) => ({
    campaignId: campaign.id,
    mainId: campaign.parent.id,
    endsAt: campaign.endsAt,
  }));
  const mains = [...new Set(campaigns.map(({ mainId }) => mainId))];
  const counts = await recentPublications(deps.db, projectId, mains);
  const inputs = await readOfferInputs(deps.db, { projectId, customer, campaigns, now: clock }, counts);
  const scores = deps.models.scoreOffers(projectId, inputs);
  const ranked = rank(
    found.flatMap((each, index) => {
      const input = inputs[index];
      return input === undefined ? [] : [{ eligible: each, input }];
    }),
    {
      scores,
      orderAmount: order === null ? null : order.items.reduce((sum, item) => sum + item.quantity * item.unitAmount, 0),
      now: clock,
    },
  );
  return {
    offers: ranked.slice(0, request.limit),
    model: scores === "unavailable" ? "fallback" : scores.model,
    customerId: facts.customer?.id ?? null,
    at: clock,
  };
}
