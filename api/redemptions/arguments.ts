/** The arguments of the SQL functions `redeem` and `refuse`: what is taken, recorded, announced and answered. */
import type { Event } from "../../ingest/events/events.ts";
import type { RiskScore } from "../../models/serving.ts";
import { customerEvent } from "../customers/announce.ts";
import type { Decision, Take } from "../domain/decision.ts";
import type { Facts, OrderFacts } from "../domain/facts.ts";
import { Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import {
  eventCodes,
  eventOrder,
  eventRisk,
  type Source,
  wireAllReasons,
  wireAllRewards,
  wireCode,
  wireOrder,
  wireRisk,
} from "./answer.ts";
import type { LoadedFacts } from "./load-facts.ts";

export interface RedeemRequest {
  readonly projectId: string;
  readonly idempotencyKey: string;
  /** SHA-256 of the request, hex. */
  readonly requestHash: string;
  readonly codes: readonly string[];
  readonly customer: string | null;
  readonly order: OrderFacts & { readonly id: string };
  /** RFC 3339, only for keys that may decide in the past. */
  readonly at: string | null;
  readonly source: Source;
  /** Names this occurrence in a problem document. */
  readonly requestId: string;
}

/** The parts of both functions' argument that say who asks, what for, and when. */
function common(request: RedeemRequest, loaded: LoadedFacts) {
  const { customer } = loaded.facts;
  return {
    project_id: request.projectId,
    idempotency_key: request.idempotencyKey,
    request_hash: request.requestHash,
    customer:
      customer === null
        ? null
        : { id: customer.id ?? newId("cus"), identifier: customer.identifier, known: customer.id !== null },
    occurred_at: new Date(loaded.facts.now).toISOString(),
    decided_at: new Date(loaded.clock).toISOString(),
  };
}

/** An answer that is kept under the key but records nothing. */
export function conflictArgument(request: RedeemRequest, loaded: LoadedFacts, problem: Problem): object {
  return {
    ...common(request, loaded),
    status: problem.status,
    response: JSON.stringify(problem.toDocument(request.requestId)),
    rejection: null,
    events: [],
  };
}

export function redeemArgument(
  request: RedeemRequest,
  loaded: LoadedFacts,
  decision: Decision,
  risk: RiskScore,
): object {
  const { facts } = loaded;
  const id = newId("red");
  const shared = common(request, loaded);
  const order = wireOrder(facts, decision);
  const response = {
    id,
    status: "redeemed",
    codes: decision.codes.map(wireCode),
    discount_amount: decision.discountAmount,
    customer: facts.customer === null ? null : { identifier: facts.customer.identifier },
    order,
    rewards: wireAllRewards(decision),
    risk: wireRisk(risk),
    source: request.source,
    occurred_at: shared.occurred_at,
    created_at: shared.decided_at,
  };
  const succeeded: Event = {
    event_id: newId("evt"),
    project_id: request.projectId,
    type: "redemption.succeeded",
    version: 1,
    occurred_at: shared.occurred_at,
    payload: {
      redemption_id: id,
      customer: request.customer,
      order: eventOrder(facts, decision),
      codes: eventCodes(decision),
      risk: eventRisk(risk),
      source: request.source,
    },
  };
  return {
    ...shared,
    order_id: request.order.id,
    order_codes_seen: facts.appliedBefore.map((applied) => `${applied.redemptionId} ${applied.voucherId}`),
    versions: campaignVersions(facts),
    takes: decision.takes.map((counter) => wireTake(counter, facts)),
    redemption: {
      id,
      currency: facts.order.currency,
      amount: decision.amount,
      discount_amount: decision.discountAmount,
      order_data: order,
      source: request.source,
      risk,
      trace: decision.codes.map((code) => code.trace),
    },
    codes: decision.codes.map((code, position) => ({
      position,
      voucher_id: code.voucherId,
      code: code.code,
      campaign_id: code.campaignId,
      main_campaign_id: code.parentId,
      discount_amount: code.discountAmount,
      items_discount: code.itemsDiscount,
      shipping_discount: code.shippingDiscount,
    })),
    events: [...newCustomerEvents(request, shared), succeeded],
    response: JSON.stringify(response),
  };
}

export function refuseArgument(
  request: RedeemRequest,
  loaded: LoadedFacts,
  decision: Decision,
  risk: RiskScore,
): object {
  const { facts } = loaded;
  const id = newId("rej");
  const shared = common(request, loaded);
  const reasons = wireAllReasons(decision);
  const problem = new Problem("redemption_rejected", reasons.map((reason) => reason.message).join("; "), {
    extensions: { rejection_id: id, reasons, codes: decision.codes.map(wireCode) },
  });
  const rejected: Event = {
    event_id: newId("evt"),
    project_id: request.projectId,
    type: "redemption.rejected",
    version: 1,
    occurred_at: shared.occurred_at,
    payload: {
      rejection_id: id,
      customer: request.customer,
      order: eventOrder(facts, decision),
      codes: eventCodes(decision),
      risk: eventRisk(risk),
      source: request.source,
    },
  };
  const campaigns = decision.codes.flatMap((code) => (code.campaignId === null ? [] : [code.campaignId]));
  return {
    ...shared,
    status: 422,
    response: JSON.stringify(problem.toDocument(request.requestId)),
    rejection: {
      id,
      order_id: request.order.id,
      codes: decision.codes.map((code) => code.code),
      campaign_ids: [...new Set(campaigns)],
      reasons,
      currency: facts.order.currency,
      amount: decision.amount,
      order_data: wireOrder(facts, decision),
      source: request.source,
      risk,
      trace: decision.codes.map((code) => code.trace),
    },
    events: [rejected],
  };
}

function newCustomerEvents(request: RedeemRequest, shared: ReturnType<typeof common>): Event[] {
  if (shared.customer === null || shared.customer.known) return [];
  const at = new Date(shared.occurred_at);
  const { identifier } = shared.customer;
  const row = { project_id: request.projectId, identifier, name: null, attributes: {}, tags: {}, created_at: at };
  return [customerEvent("customer.created", row, at)];
}

function campaignVersions(facts: Facts) {
  const versions = new Map<string, number>();
  for (const { campaign } of facts.redeemables) {
    if (campaign === null) continue;
    versions.set(campaign.id, campaign.version);
    versions.set(campaign.parent.id, campaign.parent.version);
  }
  return [...versions].map(([campaign_id, version]) => ({ campaign_id, version }));
}

function wireTake(counter: Take, facts: Facts) {
  const { kind, uses, amount, usesMax, amountMax } = counter;
  const limits = { uses, amount, uses_max: usesMax, amount_max: amountMax };
  switch (counter.kind) {
    case "campaign":
      return { kind, id: counter.campaignId, ...limits };
    case "voucher": {
      const version = facts.redeemables.find(({ voucher }) => voucher?.id === counter.voucherId)?.voucher?.version;
      return { kind, id: counter.voucherId, version, ...limits };
    }
    case "customer":
      return { kind, id: counter.scopeId, scope: counter.scope, ...limits };
  }
}
