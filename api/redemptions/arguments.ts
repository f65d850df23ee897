/** The arguments of the SQL functions `redeem` and `refuse`: what is taken, recorded, announced and answered. */
import type { Event } from "../../ingest/events/events.ts";
import type { SignalsPart } from "../../ingest/events/parts.ts";
import type { Guesser } from "../attempts/subjects.ts";
import { customerEvent } from "../customers/announce.ts";
import type { Decision } from "../domain/decision.ts";
import type { Facts, OrderFacts } from "../domain/facts.ts";
import { makeReason, type Reason } from "../domain/reason.ts";
import { Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import type { RiskAssessment } from "../risk/assess.ts";
import { blandRisk, eventRisk, wireRisk } from "../risk/wire.ts";
import type { Origin } from "../signals/subjects.ts";
import {
  eventCodes,
  eventOrder,
  type IssuedCodes,
  type Source,
  wireAllReasons,
  wireAllRewards,
  wireAutomatic,
  wireCodes,
  wireOrder,
} from "./answer.ts";
import { earnedPoints, type Issue, inAccountOrder, issuedEvents, type PointsMove, type Resolved } from "./issues.ts";
import { linesOf, merged } from "./lines.ts";
import type { LoadedFacts } from "./load-facts.ts";
import type { CommitArgument } from "./take.ts";
import { type Hold, heldReason, rejectedReason, withheld } from "./withhold.ts";

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
  readonly languages: readonly string[];
  /** Who is counted when a code does not exist. */
  readonly guesser?: Guesser;
  /** Where it comes from, as the shop says; absent where nobody scores. */
  readonly origin?: Origin;
  readonly source: Source;
  /** Names this occurrence in a problem document. */
  readonly requestId: string;
}

/** A decision on its way into the database. */
export interface Attempt {
  readonly request: RedeemRequest;
  readonly loaded: LoadedFacts;
  readonly decision: Decision;
  readonly risk: RiskAssessment;
}

/** Who the customer is; one that is not known yet gets the id they will have. */
export interface Customer {
  readonly id: string;
  readonly identifier: string;
  readonly known: boolean;
}

export function customerOf({ facts }: LoadedFacts): Customer | null {
  const { customer } = facts;
  if (customer === null) return null;
  return { id: customer.id ?? newId("cus"), identifier: customer.identifier, known: customer.id !== null };
}

/** The parts of every argument that say who asks, what for, and when. */
function common(request: RedeemRequest, loaded: LoadedFacts, customer: Customer | null) {
  return {
    project_id: request.projectId,
    idempotency_key: request.idempotencyKey,
    request_hash: request.requestHash,
    order_id: request.order.id,
    customer,
    occurred_at: new Date(loaded.facts.now).toISOString(),
    decided_at: new Date(loaded.clock).toISOString(),
  };
}

/** An answer that is kept under the key but records nothing. */
export function conflictArgument(request: RedeemRequest, loaded: LoadedFacts, problem: Problem): CommitArgument {
  return {
    op: "refuse" as const,
    ...common(request, loaded, customerOf(loaded)),
    status: problem.status,
    response: JSON.stringify(problem.toDocument(request.requestId)),
    rejection: null,
    events: [],
  } as CommitArgument;
}

/** What the answer shows of a redemption, before it has an id and a time. */
function redemptionContent({ request, loaded, decision, risk }: Attempt, issued: IssuedCodes) {
  return {
    codes: wireCodes(decision, issued),
    automatic: wireAutomatic(decision, issued),
    discount_amount: decision.discountAmount,
    customer: request.customer === null ? null : { identifier: request.customer },
    order: wireOrder(loaded.facts, decision),
    rewards: wireAllRewards(decision, issued),
    risk: blandRisk(wireRisk(risk)),
    source: request.source,
  };
}

/** Pool codes are chosen by the database: it puts them in the places of these marks. */
function issuedCodes(issues: readonly Issue[]): IssuedCodes {
  const codes = new Map<string, string>();
  let pools = 0;
  for (const issue of issues) {
    const code = issue.type === "pool_voucher" ? `@pool:${pools++}@` : (issue.voucher_code ?? issue.card_code);
    if (code !== undefined && issue.shown !== null) codes.set(issue.shown, code);
  }
  return codes;
}

function poolTakes(issues: readonly Issue[]) {
  return issues.flatMap(({ type, pool_id, customer_id }, issue) =>
    type === "pool_voucher" ? [{ pool_id, customer_id, issue }] : [],
  );
}

function spentPoints(decision: Decision, customer: Customer | null): PointsMove[] {
  return decision.takes.flatMap((take) =>
    take.kind === "points" && customer !== null
      ? [{ customer_id: customer.id, points: -take.amount, kind: "spent" as const, reason: null, expires_at: null }]
      : [],
  );
}

/** The rows of the redemption as they will be recorded, now or on confirmation. */
function recordOf(id: string, { request, loaded, decision, risk }: Attempt) {
  const { facts } = loaded;
  return {
    id,
    currency: facts.order.currency,
    amount: decision.amount,
    discount_amount: decision.discountAmount,
    order_data: wireOrder(facts, decision),
    source: request.source,
    risk,
    trace: [...decision.codes, ...decision.automatic].map((code) => code.trace),
    // What rules look at; the definitions are kept by version, and what was used is in the ledger.
    facts: {
      now: facts.now,
      order: facts.order,
      customer: facts.customer,
      versions: campaignVersions(facts, decision),
      // Said again when it is undone.
      ...signalsPart(loaded),
    },
  };
}

/** Whom it came from, as events say it. */
function signalsPart({ signals }: LoadedFacts): { signals?: SignalsPart } {
  return signals.announced === undefined ? {} : { signals: signals.announced };
}

function codeRows(decision: Decision) {
  return [...decision.codes, ...decision.automatic].map((code, position) => ({
    position,
    voucher_id: code.voucherId,
    code: code.code,
    campaign_id: code.campaignId,
    main_campaign_id: code.parentId,
    discount_amount: code.discountAmount,
    items_discount: code.itemsDiscount,
    shipping_discount: code.shippingDiscount,
    rewards: code.rewards,
  }));
}

function succeededEvent(id: string, { request, loaded, decision, risk }: Attempt, occurredAt: string): Event {
  return {
    event_id: newId("evt"),
    project_id: request.projectId,
    type: "redemption.succeeded",
    version: 1,
    occurred_at: occurredAt,
    payload: {
      redemption_id: id,
      customer: request.customer,
      order: eventOrder(loaded.facts, decision),
      codes: eventCodes(decision, loaded.facts.redeemables),
      risk: eventRisk(risk),
      source: request.source,
      ...signalsPart(loaded),
    },
  };
}

/** What a redemption and a reservation take alike. */
function takeArgument(attempt: Attempt, customer: Customer | null, holds: 0 | 1) {
  const { request, loaded, decision } = attempt;
  const { facts } = loaded;
  return {
    ...common(request, loaded, customer),
    status: 201,
    order_codes_seen: facts.appliedBefore.map((one) => `${one.redemptionId} ${one.voucherId ?? one.campaignId}`),
    versions: campaignVersions(facts, decision),
    lines: linesOf(decision.takes, facts, customer?.id ?? null, holds),
    codes: codeRows(decision),
  };
}

export function redeemArgument(attempt: Attempt, customer: Customer | null, resolved: Resolved): CommitArgument {
  const { request, decision } = attempt;
  const id = newId("red");
  const shared = takeArgument(attempt, customer, 0);
  const response = {
    id,
    status: "redeemed",
    ...redemptionContent(attempt, issuedCodes(resolved.issues)),
    rolled_back_amount: 0,
    occurred_at: shared.occurred_at,
    created_at: shared.decided_at,
  };
  return {
    op: "redeem" as const,
    ...shared,
    redemption_id: id,
    redemption: recordOf(id, attempt),
    lines: resolved.lines.length === 0 ? shared.lines : merged([...shared.lines, ...resolved.lines]),
    points: inAccountOrder([
      ...spentPoints(decision, customer),
      ...earnedPoints(resolved.issues, new Date(shared.occurred_at)),
    ]),
    pools: poolTakes(resolved.issues),
    issues: resolved.issues,
    events: [
      ...newCustomerEvents(request, customer, shared.occurred_at),
      succeededEvent(id, attempt, shared.occurred_at),
      ...issuedEvents(request.projectId, id, resolved, shared.occurred_at),
    ],
    response: JSON.stringify(response),
  } as CommitArgument;
}

/**
 * A reservation takes all that a redemption takes; what a redemption gives is given once it is confirmed.
 *
 * @param review the attempt is held for review: the caller is told so, and only a reviewer can let it go on.
 */
export function reserveArgument(
  attempt: Attempt,
  customer: Customer | null,
  issues: readonly Issue[],
  expiresAt: string,
  review?: Hold,
): CommitArgument {
  const { request, loaded, decision } = attempt;
  const id = newId("res");
  const redemptionId = newId("red");
  const shared = takeArgument(attempt, customer, 1);
  const shown = {
    id,
    status: "held",
    expires_at: expiresAt,
    redemption_id: null,
    ...redemptionContent(attempt, new Map()),
    created_at: shared.decided_at,
    ended_at: null,
  };
  return {
    op: "reserve" as const,
    ...shared,
    status: review === undefined ? 201 : 422,
    reservation_id: id,
    redemption_id: redemptionId,
    redemption: recordOf(redemptionId, attempt),
    expires_at: expiresAt,
    points: spentPoints(decision, customer),
    pools: poolTakes(issues),
    issues,
    content: {
      redemption: recordOf(redemptionId, attempt),
      answer: redemptionContent(attempt, issuedCodes(issues)),
      customer: customer === null ? null : { id: customer.id, identifier: customer.identifier },
      lines: shared.lines,
      points: spentPoints(decision, customer),
      event: succeededEvent(redemptionId, attempt, shared.occurred_at).payload,
      ...(review === undefined ? {} : { held_for: review, shown }),
    },
    events: [
      ...newCustomerEvents(request, customer, shared.occurred_at),
      {
        event_id: newId("evt"),
        project_id: request.projectId,
        type: "reservation.created",
        version: 1,
        occurred_at: shared.decided_at,
        payload: {
          reservation_id: id,
          redemption_id: redemptionId,
          expires_at: expiresAt,
          customer: request.customer,
          order: eventOrder(loaded.facts, decision),
          codes: eventCodes(decision),
          source: request.source,
          ...signalsPart(loaded),
          risk: eventRisk(attempt.risk),
          ...(review === undefined ? {} : { held_for_review: true }),
        },
      } satisfies Event,
    ],
    response: JSON.stringify(review === undefined ? shown : heldProblem(attempt, id, expiresAt)),
  } as CommitArgument;
}

/** Nothing is recorded as refused: it is not known yet. */
function heldProblem({ request, decision }: Attempt, id: string, expiresAt: string): object {
  const told = withheld(decision, heldReason);
  return new Problem("redemption_rejected", heldReason.message, {
    extensions: {
      reasons: [{ ...heldReason, voucher_code: decision.codes[0]?.code ?? "" }],
      codes: wireCodes(told),
      reservation: { id, expires_at: expiresAt },
    },
  }).toDocument(request.requestId);
}

/** Refused by its risk: recorded like any other refusal, with what it would have got. */
export function rejectArgument(attempt: Attempt): CommitArgument {
  const { decision } = attempt;
  const refused = { ...attempt, decision: withheld(decision, rejectedReason) };
  return refuseArgument(refused, rejectedReason, decision.discountAmount);
}

/** @param alone what is told when there is no code to name. */
export function refuseArgument(
  { request, loaded, decision, risk }: Attempt,
  alone: Reason = nothingApplies,
  /** What a refusal by risk did not give. */
  withheldAmount?: number,
): CommitArgument {
  const stored = withheldAmount === undefined ? {} : { withheld_amount: withheldAmount };
  const { facts } = loaded;
  const id = newId("rej");
  const shared = common(request, loaded, customerOf(loaded));
  const reasons = wireAllReasons(decision);
  // Without a code there is nobody to name: no automatic campaign applies.
  const told = reasons.length > 0 ? reasons : [{ ...alone, voucher_code: "" }];
  const problem = new Problem("redemption_rejected", told.map((reason) => reason.message).join("; "), {
    extensions: { rejection_id: id, reasons: told, codes: wireCodes(decision) },
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
      // An automatic campaign refuses nobody, and is refused to nobody.
      codes: eventCodes({ ...decision, automatic: [] }),
      risk: { ...eventRisk(risk), ...stored },
      source: request.source,
      ...signalsPart(loaded),
    },
  };
  const campaigns = decision.codes.flatMap((code) => (code.campaignId === null ? [] : [code.campaignId]));
  return {
    op: "refuse" as const,
    ...shared,
    status: 422,
    response: JSON.stringify(problem.toDocument(request.requestId)),
    rejection: {
      id,
      order_id: request.order.id,
      codes: decision.codes.map((code) => code.code),
      campaign_ids: [...new Set(campaigns)],
      reasons: told,
      currency: facts.order.currency,
      amount: decision.amount,
      order_data: wireOrder(facts, decision),
      source: request.source,
      risk: { ...risk, ...stored },
      trace: decision.codes.map((code) => code.trace),
    },
    events: [rejected],
  } as CommitArgument;
}

const nothingApplies = makeReason("no_effect", "No promotion applies to this order");

function newCustomerEvents(request: RedeemRequest, customer: Customer | null, occurredAt: string): Event[] {
  if (customer === null || customer.known) return [];
  const at = new Date(occurredAt);
  const { identifier } = customer;
  const row = { project_id: request.projectId, identifier, name: null, attributes: {}, tags: {}, created_at: at };
  return [customerEvent("customer.created", row, at)];
}

/** Of every campaign that the decision takes from. */
function campaignVersions(facts: Facts, decision: Decision) {
  const versions = new Map<string, number>();
  const applied = new Set(decision.automatic.map((code) => code.campaignId));
  const campaigns = [
    ...facts.redeemables.map(({ campaign }) => campaign),
    ...facts.automatic.filter((campaign) => applied.has(campaign.id)),
  ];
  for (const campaign of campaigns) {
    if (campaign === null) continue;
    versions.set(campaign.id, campaign.version);
    versions.set(campaign.parent.id, campaign.parent.version);
  }
  return [...versions].map(([campaign_id, version]) => ({ campaign_id, version }));
}
