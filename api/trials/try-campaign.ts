/** What a campaign would do on a basket if it ran: for those who set it up. Takes nothing and announces nothing. */
import type { Deps } from "../deps.ts";
import { decideCode } from "../domain/alone.ts";
import type { CodeDecision, Decision } from "../domain/decision.ts";
import type { Facts, OrderFacts, VoucherFacts } from "../domain/facts.ts";
import { notFound, Problem } from "../http/problem.ts";
import { type Definition, loadDefinitions, type Pair } from "../redemptions/definitions.ts";
import { loadFacts } from "../redemptions/load-facts.ts";
import { withSegmentAges } from "../redemptions/segment-ages.ts";

export interface TrialRequest {
  readonly projectId: string;
  readonly campaignId: string;
  readonly customer: string | null;
  readonly order: OrderFacts;
  /** RFC 3339; null: now. */
  readonly at: string | null;
  readonly languages: readonly string[];
}

export interface Trial {
  readonly facts: Facts;
  /** As of a code of the campaign, by itself. */
  readonly decision: CodeDecision;
  readonly sums: Pick<Decision, "amount" | "totalAmount" | "itemsDiscount" | "shippingDiscount" | "discountAmount">;
}

/**
 * The stored definition, also of a draft, judged as if it and its main campaign were active and a code of it were typed.
 * What was used of its limits and budgets counts; schedules count too, at `at`.
 *
 * @throws Problem not_found, conflict
 */
export async function tryCampaign(deps: Pick<Deps, "pool" | "db">, request: TrialRequest): Promise<Trial> {
  const pair = await loadPair(deps, request.projectId, request.campaignId);
  const { facts } = await loadFacts(deps, { ...request, codes: [], tried: pair });
  const campaign = facts.automatic.at(-1);
  if (campaign?.id !== pair.sub.id) throw new Error("the campaign on trial is not among the facts");
  const decided = decideCode(facts, { code: "", voucher: anyCode, campaign });
  const [trace = decided.trace] = await withSegmentAges(deps.db, request.projectId, [decided.trace]);
  const decision = { ...decided, trace };
  const lines = facts.order.items.reduce((sum, item) => sum + item.quantity * item.unitAmount, 0);
  return {
    facts,
    decision,
    sums: {
      amount: lines,
      totalAmount: lines + facts.order.shippingAmount - decision.discountAmount,
      itemsDiscount: decision.itemsDiscount,
      shippingDiscount: decision.shippingDiscount,
      discountAmount: decision.discountAmount,
    },
  };
}

async function loadPair({ pool }: Pick<Deps, "pool">, projectId: string, id: string): Promise<Pair> {
  const sub = await loadOne(pool, projectId, id);
  if (sub === undefined) throw notFound("campaign");
  const main = sub.parentId === "" ? undefined : await loadOne(pool, projectId, sub.parentId);
  if (main === undefined) {
    throw new Problem("conflict", "A main campaign gives nothing by itself: try one of its sub-campaigns.");
  }
  if (sub.template === "gift_card") {
    throw new Problem("conflict", "A gift card pays what is left of an order: there is nothing to try.");
  }
  return { sub: { ...sub, status: "active" }, main: { ...main, status: "active" } };
}

/** Definitions are kept by their version: 0 is none, so that the newest is read. */
async function loadOne(pool: Deps["pool"], projectId: string, id: string): Promise<Definition | undefined> {
  const found = await loadDefinitions(pool, [{ projectId, id, version: 0 }]);
  return found.get(`${projectId} ${id}`);
}

/** A code that says nothing of its own. */
const anyCode: VoucherFacts = {
  id: "",
  version: 0,
  code: "",
  kind: "generic",
  status: "created",
  redemptionsMax: null,
  assignedTo: null,
  balanceAmount: null,
  referrerId: null,
  pointsPaid: false,
  startsAt: null,
  expiresAt: null,
  limits: {},
  rules: null,
  usage: { redemptionsCount: 0, discountAmount: 0 },
  customerUsage: { redemptionsCount: 0, discountAmount: 0 },
  periods: [],
};
