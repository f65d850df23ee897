/** Everything known of one customer: what they hold from Postgres, what they did from the warehouse. */
import { z } from "zod";
import { readLag } from "../../../ingest/lag.ts";
import type { Deps } from "../../deps.ts";
import { readCursor, toPage } from "../../http/pagination.ts";
import { notFound } from "../../http/problem.ts";
import { findCustomer } from "../find.ts";
import { toCustomerWire } from "../schemas.ts";
import { readWallet } from "../wallet.ts";
import { type History, readHistory, readOlder, type TimelineTuple } from "./history-query.ts";
import { readPredictions } from "./predictions.ts";
import { listSegments, nameCampaigns } from "./queries.ts";
import { createRfm } from "./rfm.ts";
import { type ThreeSixtyWire, type TimelineEntry, walletMax } from "./schema.ts";

interface TimelinePage {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

type ReadThreeSixty = (projectId: string, identifier: string, page: TimelinePage) => Promise<ThreeSixtyWire>;

const timelineCursor = z.tuple([z.int(), z.string().max(200)]);

export function createThreeSixty(deps: Pick<Deps, "db" | "pool" | "warehouse">): ReadThreeSixty {
  const { db, pool, warehouse } = deps;
  const rfmOf = createRfm(warehouse);

  /** @throws Problem 404 when neither store knows the customer; 400 for a cursor that is none. */
  return async (projectId, identifier, { cursor, limit }) => {
    const after = readCursor(cursor, timelineCursor);
    const askedAt = Date.now();
    // The lag first, so that the figures can only be newer than they say.
    const [lag, customer] = await Promise.all([readLag(pool), findCustomer(db, projectId, identifier)]);
    const [history, older, wallet, segments, predicted] = await Promise.all([
      readHistory(warehouse, projectId, identifier, limit + 1),
      after && readOlder(warehouse, projectId, identifier, limit + 1, { at: after[0], id: after[1] }),
      customer && readWallet(db, projectId, customer.id, { after: undefined, limit: walletMax }),
      customer && listSegments(db, projectId, customer.id),
      readPredictions(warehouse, projectId, identifier),
    ]);
    if (!customer && !history) throw notFound("customer");
    const entries = older ?? history?.timeline ?? [];
    const figures = figuresOf(history);
    const [names, rfm] = await Promise.all([
      nameCampaigns(db, projectId, mentioned(history, entries)),
      figures.currency === null || figures.last_order_at === null
        ? null
        : rfmOf(projectId, {
            ordersCount: figures.orders_count,
            ordersAmount: figures.orders_amount,
            currency: figures.currency,
            lastOrderAt: Date.parse(figures.last_order_at),
          }),
    ]);
    const nameOf = (id: string) => names.get(id) ?? "";
    return {
      as_of: new Date(askedAt - lag.seconds * 1000).toISOString(),
      ingest_lag: lag,
      profile: customer ? toCustomerWire(customer) : stranger(identifier),
      figures: { ...figures, rfm },
      wallet: wallet ?? emptyWallet,
      favourites: {
        categories: (history?.categories ?? []).map(([category, quantity]) => ({ category, quantity })),
        campaigns: (history?.campaigns ?? []).map(([id, count]) => ({
          campaign_id: id,
          name: nameOf(id),
          redemptions_count: count,
        })),
      },
      orders: (history?.recent_orders ?? []).map(toOrder),
      redemptions: (history?.recent_redemptions ?? []).map((taken) => toRedemption(taken, history, nameOf)),
      rejections: (history?.recent_rejections ?? []).map(toRejection),
      segments: (segments ?? []).map((segment) => ({ ...segment, entered_at: segment.entered_at.toISOString() })),
      predictions: predicted.predictions,
      predictions_missing: missingReason(predicted, figures.orders_count),
      risk: { score_max: history?.risk_score_max ?? null, flagged_count: history?.flagged_count ?? 0 },
      timeline: toPage(
        entries,
        limit,
        ([at, id]) => [at, id],
        (entry) => toEntry(entry, nameOf),
      ),
    };
  };
}

function missingReason(
  { predictions, missing }: Awaited<ReturnType<typeof readPredictions>>,
  ordersCount: number,
): ThreeSixtyWire["predictions_missing"] {
  if (predictions !== null) return null;
  return ordersCount === 0 ? "no_orders" : missing;
}

/** Whom only refused attempts or the warehouse know. */
function stranger(identifier: string): ThreeSixtyWire["profile"] {
  const nothing = { name: null, email: null, phone: null, birthday: null, created_at: null, updated_at: null };
  return { id: null, identifier, ...nothing, attributes: {}, tags: {}, consent: {}, metadata: {}, blocked: false };
}

const emptyWallet: ThreeSixtyWire["wallet"] = {
  points: { balance: 0, next_expiry: null },
  gift_cards: [],
  pool_codes: [],
  data: [],
  next_cursor: null,
};

function figuresOf(history: History | undefined) {
  // The one with most orders; without orders, one in which something was redeemed: as in the mart `customers`.
  const most = Object.entries(history?.orders_by_currency ?? {}).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0];
  const currency = most?.[0] ?? Object.keys(history?.discounts_by_currency ?? {})[0] ?? null;
  const of = (sums: Record<string, number> | undefined) => (currency === null ? 0 : (sums?.[currency] ?? 0));
  const inCurrency = of(history?.orders_by_currency);
  const orders = history?.orders_count ?? 0;
  const amount = of(history?.amounts);
  return {
    currency,
    orders_count: orders,
    orders_amount: amount,
    average_order_amount: inCurrency > 0 ? amount / inCurrency : null,
    first_order_at: history?.first_order_at ?? null,
    last_order_at: history?.last_order_at ?? null,
    recency_days: history?.recency_days ?? null,
    margin_amount: inCurrency > 0 && of(history?.unknown_costs) === 0 ? of(history?.margins) : null,
    discounted_orders_share: orders > 0 ? (history?.discounted_orders ?? 0) / orders : null,
    redemptions_count: history?.redemptions_count ?? 0,
    discount_amount: of(history?.discounts_by_currency),
    rejections_count: history?.rejections_count ?? 0,
    lost_amount: of(history?.lost_by_currency),
    validations_count: history?.validations_count ?? 0,
    published_count: history?.published_count ?? 0,
    points_earned: history?.points_earned ?? 0,
    first_seen_at: history?.first_seen_at ?? null,
    last_seen_at: history?.last_seen_at ?? null,
  };
}

function mentioned(history: History | undefined, entries: readonly TimelineTuple[]): string[] {
  const ids = new Set([
    ...(history?.campaigns ?? []).map(([id]) => id),
    ...(history?.recent_redemptions ?? []).flatMap((taken) => taken[4]),
    ...entries.flatMap((entry) => entry[7].slice(0, 1)),
  ]);
  ids.delete("");
  return [...ids];
}

/** Times come negative, as they sort. */
const instantOf = (ms: number) => new Date(Math.abs(ms)).toISOString();

function toOrder(order: History["recent_orders"][number]): ThreeSixtyWire["orders"][number] {
  const [
    updated,
    order_id,
    status,
    currency,
    amount,
    discount_amount,
    total_amount,
    quantity,
    channel,
    store,
    first,
    paid,
  ] = order;
  return {
    ...{ order_id, status, currency, amount, discount_amount, total_amount, quantity, channel, store_id: store },
    first_at: instantOf(first),
    paid_at: paid === null ? null : instantOf(paid),
    updated_at: instantOf(updated),
  };
}

function toRedemption(
  [at, redemption_id, order_id, codes, campaign_ids, currency, discount_amount]: History["recent_redemptions"][number],
  history: History | undefined,
  nameOf: (id: string) => string,
): ThreeSixtyWire["redemptions"][number] {
  const rollbacks = (history?.recent_rollbacks ?? []).filter(([id]) => id === redemption_id);
  return {
    ...{ redemption_id, at: instantOf(at), order_id, codes, campaign_ids, campaign_names: campaign_ids.map(nameOf) },
    ...{ currency, discount_amount },
    rolled_back_amount: rollbacks.reduce((sum, [, amount]) => sum + amount, 0),
    rolled_back: rollbacks.some(([, , whole]) => whole),
  };
}

function toRejection([
  at,
  rejection_id,
  order_id,
  codes,
  reasons,
  currency,
  order_amount,
  bought,
]: History["recent_rejections"][number]) {
  return { rejection_id, at: instantOf(at), order_id, codes, reasons, currency, order_amount, bought_later: bought };
}

function toEntry(entry: TimelineTuple, nameOf: (id: string) => string): TimelineEntry {
  const [at, id, type, reference_id, order_id, name, codes, campaigns, reasons, amount, points, currency, outcome] =
    entry;
  const campaign_id = campaigns[0] ?? "";
  const typed = codes.filter((code) => code !== "").join(", ");
  return {
    ...{ id, type, at: instantOf(at), title: name || typed || order_id || outcome, reference_id, order_id },
    ...{ campaign_id, campaign_name: nameOf(campaign_id), reasons, amount, points, currency },
  };
}
