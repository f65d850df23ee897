/** Puts events into the warehouse as the relay maps them, for tests that need a past of a known shape. */
import type { ClickHouseClient } from "@clickhouse/client";
import type { Event } from "../../ingest/events/events.ts";
import type { CodePart, OrderPart } from "../../ingest/events/parts.ts";
import { toRow } from "../../ingest/rows.ts";

export async function insertEvents(warehouse: ClickHouseClient, events: readonly Event[]): Promise<void> {
  const values = events.map(({ payload, ...event }, seq) => {
    const stored = { ...event, xid: "1", seq, recorded_at: event.occurred_at, payload: JSON.stringify(payload) };
    const mapped = toRow(stored);
    if ("error" in mapped) throw new Error(`${event.type}: ${mapped.error}`);
    return mapped.row;
  });
  await warehouse.insert({ table: "events_raw", values, format: "JSONEachRow" });
}

/** Writes one project's history; `events` collects it. Instants are epoch milliseconds. */
export class History {
  readonly events: Event[] = [];
  readonly #project: string;

  constructor(project: string) {
    this.#project = project;
  }

  /** @param held since when it withholds itself from so many; without, it never did. */
  campaign(
    id: string,
    mainId: string,
    endsAt: number | null,
    template = "discount",
    held?: { readonly at: number; readonly holdoutPercent: number },
  ): void {
    this.#add(held?.at ?? 0, {
      type: "campaign.created",
      payload: {
        campaign: {
          id,
          type: "sub",
          parent_id: mainId,
          name: id,
          template,
          status: "active",
          currency: "EUR",
          budget_amount: null,
          redemptions_max: null,
          starts_at: null,
          ends_at: endsAt === null ? null : instant(endsAt),
          channel: null,
          team: null,
          metadata: {},
          version: 1,
          ...(held === undefined ? {} : { holdout_percent: held.holdoutPercent }),
        },
      },
    });
  }

  customer(identifier: string, at: number): void {
    this.#add(at, {
      type: "customer.created",
      payload: {
        customer: identifier,
        profile: { identifier, name: null, attributes: {}, tags: {}, created_at: instant(at) },
      },
    });
  }

  /** @param id without one it is no order that can be told from others, and marts of orders leave it out. */
  paid(
    customer: string,
    at: number,
    amount: number,
    categories: readonly string[] = [],
    id: string | null = null,
  ): void {
    this.#add(at, { type: "order.paid", payload: { customer, order: { ...basket(amount, 0, categories), id } } });
  }

  published(customer: string, campaignId: string, at: number): void {
    this.#add(at, {
      type: "voucher.published",
      payload: {
        voucher_id: "vou",
        campaign_id: campaignId,
        code: "CODE",
        kind: "generic",
        customer,
        publication_id: `pub_${this.events.length}`,
        channel: "api",
      },
    });
  }

  /** What `POST /v1/offers` announces, the campaigns in their ranks, each with a discount of 3.00. */
  served(
    customer: string,
    campaignIds: readonly string[],
    at: number,
    situation?: { readonly amount: number; readonly categories: readonly string[] },
  ): string {
    const decisionId = `dec_${this.events.length}`;
    this.#add(at, {
      type: "offer.served",
      payload: {
        decision_id: decisionId,
        customer,
        model: "fallback",
        offers: campaignIds.map((campaignId, index) => ({
          rank: index + 1,
          campaign_id: campaignId,
          code: "CODE",
          discount_amount: 300,
          probability: 0.05,
          expected_value_amount: null,
          propensity: 1,
          features: null,
        })),
        ...(situation && {
          situation: { channel: null, amount: situation.amount, categories: [...situation.categories] },
        }),
      },
    });
    return decisionId;
  }

  shown(customer: string, decisionId: string, campaignId: string, at: number): void {
    const payload = { decision_id: decisionId, customer, campaign_id: campaignId, outcome: "shown" as const };
    this.#add(at, { type: "offer.outcome", payload });
  }

  /** @returns the redemption's id, for `rolledBack`. */
  redeemed(
    customer: string | null,
    campaignId: string,
    mainId: string,
    at: number,
    amounts = { order: 5000, discount: 500 },
    automatic?: { readonly campaignId: string; readonly discount: number },
  ) {
    const redemptionId = `red_${this.events.length}`;
    this.#add(at, {
      type: "redemption.succeeded",
      payload: {
        redemption_id: redemptionId,
        customer,
        order: basket(amounts.order, amounts.discount),
        codes: [
          code(campaignId, mainId, amounts.discount),
          ...(automatic === undefined
            ? []
            : [{ ...code(automatic.campaignId, mainId, automatic.discount), code: "", voucher_id: null }]),
        ],
        risk: { score: null, action: "allow", model: null, features: null },
        source: "api",
      },
    });
    return { redemptionId, customer, campaignId, mainId, amounts };
  }

  /** @param part the discount that goes back, where something of the redemption is left; the whole of it unless told. */
  rolledBack(redemption: ReturnType<History["redeemed"]>, at: number, part?: number): void {
    const { redemptionId, customer, campaignId, mainId, amounts } = redemption;
    const discount = part ?? amounts.discount;
    this.#add(at, {
      type: "redemption.rolled_back",
      payload: {
        rollback_id: `rol_${this.events.length}`,
        redemption_id: redemptionId,
        customer,
        order: basket(amounts.order, discount),
        codes: [code(campaignId, mainId, discount)],
        source: "api",
        reason: null,
        ...(part === undefined ? {} : { whole: false }),
      },
    });
  }

  /** What a reviewer said of a redemption. */
  reviewed(redemptionId: string, decision: "confirmed" | "dismissed", at: number): void {
    const review = {
      review_id: `rev_${redemptionId}`,
      subject: { kind: "redemption" as const, id: redemptionId },
      redemption_id: redemptionId,
      customer: null,
      campaign_id: null,
      order_id: null,
      origin: "request" as const,
      score: 0.999,
      action: "flag" as const,
      model: null,
      features: [],
      rules: [],
      currency: "EUR",
      amount: 500,
      opened_at: instant(at),
      due_at: instant(at + 86_400_000),
      reviewer: { id: "key_1", name: "Rita" },
    };
    this.#add(at, { type: "review.opened", payload: { ...review, status: "open", reviewer: null } });
    const decided = { decision, claw_back: "none" as const, working_seconds: 60, overdue: false };
    this.#add(at + 60_000, { type: "review.decided", payload: { ...review, status: decision, ...decided } });
  }

  #add(at: number, event: Pick<Event, "type" | "payload">): void {
    this.events.push({
      event_id: `evt_${this.#project}_${this.events.length}`,
      project_id: this.#project,
      version: 1,
      occurred_at: instant(Math.max(at, Date.UTC(2001, 0, 1))),
      ...event,
    } as Event);
  }
}

function instant(at: number): string {
  return new Date(at).toISOString();
}

function basket(amount: number, discount: number, categories: readonly string[] = []): OrderPart {
  return {
    id: null,
    currency: "EUR",
    amount,
    shipping_amount: 0,
    discount_amount: discount,
    total_amount: amount - discount,
    channel: null,
    store_id: null,
    items: [
      {
        sku: "sku",
        product_id: null,
        quantity: 1,
        unit_amount: amount,
        categories: [...categories],
        discount_amount: discount,
      },
    ],
  };
}

function code(campaignId: string, mainId: string, discount: number): CodePart {
  return {
    code: "CODE",
    voucher_id: "vou",
    campaign_id: campaignId,
    main_campaign_id: mainId,
    discount_amount: discount,
    reasons: [],
  };
}
