/** Gathers the facts of a decision from Postgres: one read, and a second only when something in play asks for more. */
import { subjectsOf } from "../attempts/subjects.ts";
import { parseStoredStacking } from "../campaigns/limits-schema.ts";
import type { Deps } from "../deps.ts";
import { normalizeCode } from "../domain/codes.ts";
import type { CustomerFacts, Facts } from "../domain/facts.ts";
import { isInGlobalHoldout } from "../domain/holdout.ts";
import { releaseDueHolds } from "../reservations/release.ts";
import { type AskedSignals, askSignals, noSignals, type SignalFacts, signalFacts } from "../signals/facts.ts";
import { automaticCandidates } from "./automatic.ts";
import { assembleCampaigns } from "./campaign-facts.ts";
import {
  type Definition,
  loadAutomatic,
  loadDefinitions,
  type Pair,
  pairOf,
  voucherDefinition,
} from "./definitions.ts";
import { type FactsKey, type FactsRow, readFacts } from "./facts-query.ts";
import type { FactsRequest } from "./facts-request.ts";
import { queryHistory } from "./history.ts";
import { queryPoints, queryPools, querySegments } from "./more-facts.ts";
import { type Needs, needsOf } from "./needs.ts";

export interface LoadedFacts {
  readonly facts: Facts;
  /** For the risk score; `noSignals` where nobody scores. */
  readonly signals: SignalFacts;
  /** Of the project's rules and policies of risk; null while none has been changed. */
  readonly riskVersion: number | null;
  readonly orderStatus: FactsRow["order_status"];
  /** Until the guesser may try codes again; null when they may now. */
  readonly refusedSeconds: number | null;
  /** The database's clock when it read, epoch ms. */
  readonly clock: number;
}

type Stores = Pick<Deps, "pool" | "db">;

export async function loadFacts(deps: Stores, request: FactsRequest): Promise<LoadedFacts> {
  const asked =
    request.origin === undefined ? undefined : await askSignals(deps.db, { ...request, origin: request.origin });
  const key = factsKey(request, asked);
  const row = await withoutDueHolds(deps, key, await readFacts(deps.pool, key));
  return finishFacts(deps, request, row, asked);
}

function factsKey(request: FactsRequest, asked: AskedSignals | undefined): FactsKey {
  const codes = request.codes.map((code) => normalizeCode(code));
  return {
    projectId: request.projectId,
    codes: codes.filter((code) => code !== null),
    customer: request.customer,
    orderId: request.order.id,
    at: request.at,
    subjects: request.guesser === undefined ? [] : subjectsOf(request.guesser).map(({ id }) => id),
    signals: asked?.key ?? null,
  };
}

/** A hold ends at its time, whether or not somebody has swept it: what is due is given back before anything is judged. */
async function withoutDueHolds(deps: Stores, key: FactsKey, row: FactsRow): Promise<FactsRow> {
  if (!row.holds_due) return row;
  await releaseDueHolds(deps.pool, key.projectId);
  return readFacts(deps.pool, key);
}

/** All that follows the one read. */
async function finishFacts(
  deps: Stores,
  request: FactsRequest,
  row: FactsRow,
  asked: AskedSignals | undefined,
): Promise<LoadedFacts> {
  const { projectId } = request;
  const now = request.at === null ? row.clock : Date.parse(request.at);
  const [definitions, automatic] = await Promise.all([
    loadDefinitions(
      deps.pool,
      row.vouchers.flatMap(({ campaign, main }) => [
        { projectId, ...campaign },
        { projectId, ...main },
      ]),
    ),
    row.automatic_version === null ? [] : loadAutomatic(deps.pool, projectId, row.automatic_version),
  ]);
  const open = automatic.filter((pair) => mightRun(pair, request, now));
  const tried = request.tried === undefined ? [] : [request.tried];
  const needs = needsOf([
    ...row.vouchers.map((voucher) => {
      const { sub, main } = pairOf(definitions, projectId, voucher);
      return { campaign: sub, parent: main, voucher: voucherDefinition(projectId, voucher) };
    }),
    ...[...open, ...tried].map(({ sub, main }) => ({ campaign: sub, parent: main, voucher: null })),
  ]);
  const customer = await customerFacts(deps, request, row, now, needs);
  const pairs = [...automaticCandidates(open, request, customer, now), ...tried];
  const [assembled, pools] = await Promise.all([
    assembleCampaigns(deps.pool, { request, row, now, definitions, automatic: pairs }),
    queryPools(deps.pool, projectId, needs.pools),
  ]);
  return {
    facts: {
      now,
      order: request.order,
      customer,
      redeemables: assembled.redeemables,
      automatic: assembled.automatic,
      appliedBefore: appliedBeforeOf(row),
      pools,
      languages: request.languages ?? [],
    },
    signals: asked === undefined ? noSignals : signalFacts(asked, row, now),
    riskVersion: row.risk_version,
    orderStatus: row.order_status,
    refusedSeconds: row.refused_seconds,
    clock: row.clock,
  };
}

/** What counts on the order already. */
export function appliedBeforeOf(row: FactsRow): Facts["appliedBefore"] {
  return row.applied_before.map((applied) => ({
    redemptionId: applied.redemption_id,
    voucherId: applied.voucher_id,
    held: applied.held,
    isGiftCard: applied.gift_card,
    campaignId: applied.campaign_id,
    parentId: applied.parent_id,
    stacking: parseStoredStacking(applied.stacking),
    discountAmount: applied.discount_amount,
    itemsDiscount: applied.items_discount,
    shippingDiscount: applied.shipping_discount,
  }));
}

/** What needs neither the customer nor the basket to be told. */
function mightRun({ sub, main }: Pair, request: FactsRequest, now: number): boolean {
  return sub.currency === request.order.currency && isOpen(sub, now) && isOpen(main, now);
}

function isOpen({ startsAt, endsAt }: Definition, now: number): boolean {
  return (startsAt === null || now >= startsAt) && (endsAt === null || now < endsAt);
}

async function customerFacts(
  deps: Stores,
  request: FactsRequest,
  row: FactsRow,
  now: number,
  needs: Needs,
): Promise<CustomerFacts | null> {
  if (request.customer === null) return null;
  const known = row.customer;
  const { projectId } = request;
  const inGlobalHoldout = isInGlobalHoldout(projectId, request.customer, row.holdout_percent);
  if (known === null) return { ...nobody, identifier: request.customer, inGlobalHoldout };
  const scope = {
    projectId,
    customerId: known.id,
    currency: request.order.currency,
    before: now,
    orderId: request.order.id,
  };
  const [history, segments, points] = await Promise.all([
    needs.history.length === 0 ? {} : queryHistory(deps.db, scope, needs.history),
    needs.segments ? querySegments(deps.pool, projectId, known.id) : [],
    needs.points ? queryPoints(deps.pool, projectId, known.id) : 0,
  ]);
  return {
    identifier: request.customer,
    id: known.id,
    blocked: known.blocked,
    attributes: known.attributes,
    tags: known.tags,
    metadata: known.metadata,
    createdAt: known.created_at,
    birthday: known.birthday,
    inGlobalHoldout,
    isNew: known.is_new,
    segments,
    points,
    history,
  };
}

/** An identifier that was never seen before. */
export const nobody: Omit<CustomerFacts, "identifier" | "inGlobalHoldout"> = {
  id: null,
  blocked: false,
  attributes: {},
  tags: {},
  metadata: {},
  createdAt: null,
  birthday: null,
  isNew: true,
  segments: [],
  points: 0,
  history: {},
};
