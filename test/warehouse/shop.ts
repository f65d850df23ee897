/** Short words for the events of a small shop: what is not said is the same everywhere. Money in EUR cents. */
import type { Event, EventType, Payload } from "../../ingest/events/events.ts";
import type { CodePart, OrderPart } from "../../ingest/events/parts.ts";

interface Attempt {
  readonly id: string;
  readonly at: string;
  readonly customer: string | null;
  readonly orderId: string;
  /** [sku, category, quantity, unit amount, what a unit costs the shop] */
  readonly lines: readonly (readonly [string, string, number, number, number?])[];
  /** [code, sub-campaign, discount, reason keys, reward types, expiry]; code "" with a campaign is an automatic one */
  readonly codes: readonly (readonly [
    string,
    string,
    number,
    (readonly string[])?,
    (readonly string[] | undefined)?,
    (string | undefined)?,
  ])[];
  /** Discount by line; all on the first unless told. */
  readonly lineDiscounts?: readonly number[];
}

export function shop(project: string, mainCampaign: string) {
  let minted = 0;
  const event = <T extends EventType>(type: T, at: string, payload: Payload<T>): Event => {
    minted += 1;
    const event_id = `${project}-${String(minted).padStart(4, "0")}`;
    return { event_id, project_id: project, type, version: 1, occurred_at: at, payload } as unknown as Event;
  };
  const attempt = (given: Attempt) => ({
    customer: given.customer,
    order: order(given.orderId, given.lines, given.codes, given.lineDiscounts),
    codes: given.codes.map(
      ([code, campaign, discount, reasons = [], rewards, expires_at]): CodePart => ({
        code,
        voucher_id: campaign === "" || code === "" ? null : `vou_${code}`,
        campaign_id: campaign === "" ? null : campaign,
        main_campaign_id: campaign === "" ? null : mainCampaign,
        discount_amount: discount,
        ...(expires_at === undefined ? {} : { expires_at }),
        reasons: reasons.map((key) => ({ key })),
        ...(rewards === undefined ? {} : { rewards: rewards.map((type) => ({ type, discount_amount: discount })) }),
      }),
    ),
    source: "api" as const,
  });
  const calm = { score: 0.1, action: "allow" as const, model: "anomaly@1", features: null };

  return {
    event,
    campaign: (
      id: string,
      at: string,
      change: Partial<Payload<"campaign.created">["campaign"]> = {},
      type: "campaign.created" | "campaign.status_changed" = "campaign.created",
    ) =>
      event(type, at, {
        campaign: {
          id,
          type: "sub",
          parent_id: mainCampaign,
          name: `Campaign ${id}`,
          template: "discount",
          status: "draft",
          currency: "EUR",
          budget_amount: null,
          redemptions_max: null,
          starts_at: null,
          ends_at: null,
          channel: null,
          team: null,
          metadata: {},
          version: 1,
          ...change,
        },
      }),
    customer: (identifier: string, at: string, attributes: Record<string, string> = {}) =>
      event("customer.created", at, {
        customer: identifier,
        profile: { identifier, name: `Name of ${identifier}`, attributes, tags: {}, created_at: at },
      }),
    order: (
      type: "order.created" | "order.paid" | "order.cancelled" | "order.refunded",
      at: string,
      customer: string,
      orderId: string,
      lines: Attempt["lines"],
      discount = 0,
    ) => event(type, at, { customer, order: order(orderId, lines, [["", "", discount]]) }),
    orderOf: (orderId: string, lines: Attempt["lines"], discount = 0) => order(orderId, lines, [["", "", discount]]),
    redeemed: (given: Attempt) =>
      event("redemption.succeeded", given.at, { redemption_id: given.id, ...attempt(given), risk: calm }),
    /** Without `whole`: an event from before there were rollbacks in parts. */
    rolledBack: (given: Attempt, at: string, whole?: boolean) =>
      event("redemption.rolled_back", at, {
        rollback_id: `rol_${given.id}_${minted}`,
        redemption_id: given.id,
        ...attempt(given),
        reason: null,
        ...(whole === undefined ? {} : { whole }),
      }),
    reserved: (given: Attempt, expiresAt: string) =>
      event("reservation.created", given.at, {
        reservation_id: `res_${given.id}`,
        redemption_id: given.id,
        expires_at: expiresAt,
        ...attempt(given),
      }),
    points: (customer: string, at: string, kind: Payload<"points.changed">["kind"], points: number, balance: number) =>
      event("points.changed", at, {
        ...{ customer, kind, points, balance },
        entry_id: `pts_${minted}`,
        reason: null,
        reference_id: null,
      }),
    rejected: (given: Attempt) =>
      event("redemption.rejected", given.at, {
        rejection_id: given.id,
        ...attempt(given),
        risk: { ...calm, score: 0.9, action: "flag" },
      }),
    validated: (given: Attempt, valid: boolean) =>
      event("validation.performed", given.at, { validation_id: given.id, valid, ...attempt(given) }),
    published: (id: string, at: string, customer: string, code: string, campaign: string) =>
      event("voucher.published", at, {
        publication_id: id,
        voucher_id: `vou_${code}`,
        campaign_id: campaign,
        code,
        kind: "generic",
        customer,
        channel: "api",
      }),
  };
}

function order(
  id: string,
  lines: Attempt["lines"],
  codes: Attempt["codes"],
  lineDiscounts?: Attempt["lineDiscounts"],
): OrderPart {
  const amount = lines.reduce((sum, [, , quantity, unit]) => sum + quantity * unit, 0);
  const discount = codes.reduce((sum, [, , off]) => sum + off, 0);
  return {
    id,
    currency: "EUR",
    amount,
    shipping_amount: 0,
    discount_amount: discount,
    total_amount: amount - discount,
    channel: "web",
    store_id: null,
    items: lines.map(([sku, category, quantity, unit_amount, unitCost], at) => ({
      sku,
      product_id: null,
      quantity,
      unit_amount,
      ...(unitCost === undefined ? {} : { unit_cost_amount: unitCost }),
      categories: [category],
      discount_amount: lineDiscounts === undefined ? (at === 0 ? discount : 0) : (lineDiscounts[at] ?? 0),
    })),
  };
}
