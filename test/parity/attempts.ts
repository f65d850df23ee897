/** Random traffic of a shop as events: honest customers, shared devices, guests, referrals, bursts and undone redemptions. */
import type { Event, Payload } from "../../ingest/events/events.ts";
import type { CodePart, OrderPart, SignalsPart } from "../../ingest/events/parts.ts";
import { seeded } from "../../models/training/random.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

export type Attempt = Extract<
  Event,
  { readonly type: "redemption.succeeded" | "redemption.rejected" | "redemption.rolled_back" | "order.paid" }
>;

interface Attempted {
  readonly at: number;
  readonly customer: string | null;
  readonly amount: number;
  readonly discount: number;
  readonly codes: readonly string[];
  readonly signals: SignalsPart;
  readonly currency?: string;
}

/** Builds events of one project, with ids that no other project has. */
export class Traffic {
  readonly events: Event[] = [];
  readonly #project: string;

  constructor(project: string) {
    this.#project = project;
  }

  redeemed(attempted: Attempted): Payload<"redemption.succeeded"> & { readonly at: number } {
    const payload = { redemption_id: this.#id("red"), risk: noRisk, ...attemptOf(attempted, attempted.discount) };
    this.#add(attempted.at, { type: "redemption.succeeded", payload });
    return { ...payload, at: attempted.at };
  }

  rejected(attempted: Attempted): void {
    const payload = { rejection_id: this.#id("rej"), risk: noRisk, ...attemptOf(attempted, 0) };
    this.#add(attempted.at, { type: "redemption.rejected", payload });
  }

  undone({ risk: _, at: __, ...redemption }: ReturnType<Traffic["redeemed"]>, at: number, whole: boolean): void {
    const payload = { ...redemption, rollback_id: this.#id("rol"), reason: null, whole };
    this.#add(at, { type: "redemption.rolled_back", payload });
  }

  ordered({ at, customer, ...attempted }: Attempted & { readonly customer: string }): void {
    const { order, signals } = attemptOf({ ...attempted, at, customer }, 0);
    // Only an attempt says these.
    const { account_age_seconds: _, campaign_uses_28d: __, ...origin } = signals;
    const payload = { customer, order: { ...order, id: this.#id("ord") }, signals: origin };
    this.#add(at, { type: "order.paid", payload });
  }

  /** Makes the code `customer`'s own of a referral campaign. */
  referral(customer: string, code: string, at: number): void {
    this.#add(at, {
      type: "voucher.published",
      payload: {
        voucher_id: `vou_${code}`,
        campaign_id: campaignOf(code),
        code,
        kind: "generic",
        customer,
        publication_id: this.#id("pub"),
        channel: "referral",
      },
    });
  }

  #id(prefix: string): string {
    return `${prefix}_${this.#project}_${String(this.events.length).padStart(5, "0")}`;
  }

  #add(at: number, event: Pick<Event, "type" | "payload">): void {
    this.events.push({
      event_id: this.#id("evt"),
      project_id: this.#project,
      version: 1,
      occurred_at: new Date(at).toISOString(),
      ...event,
    } as Event);
  }
}

const noRisk = { score: null, action: "allow", model: null, features: null } as const;

/** Codes that begin with "?" do not exist; "" is an automatic campaign. */
function codePart(code: string, discount: number): CodePart {
  const unknown = code.startsWith("?");
  return {
    code,
    voucher_id: unknown || code === "" ? null : `vou_${code}`,
    campaign_id: unknown ? null : campaignOf(code),
    main_campaign_id: unknown ? null : "cam_main",
    discount_amount: discount,
    reasons: [],
  };
}

function campaignOf(code: string): string {
  return `cam_${code.charAt(0)}`;
}

function attemptOf({ customer, amount, codes, signals, currency = "EUR" }: Attempted, discount: number) {
  const order: OrderPart = {
    id: null,
    currency,
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
        quantity: 1 + (amount % 3),
        unit_amount: amount,
        categories: [],
        discount_amount: discount,
      },
    ],
  };
  return { customer, order, codes: codes.map((code) => codePart(code, discount)), source: "api" as const, signals };
}

/** @returns `count` attempts and what follows from them, in the order of time; some at the very same millisecond. */
export function randomTraffic(project: string, seed: number, count: number): Traffic {
  const traffic = new Traffic(project);
  const random = seeded(seed);
  const below = (bound: number) => Math.floor(random() * bound);
  const among = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const redemptions: ReturnType<Traffic["redeemed"]>[] = [];
  let at = Date.UTC(2026, 1, 3, 4);
  for (const owner of [1, 2]) traffic.referral(`customer-${owner}`, `R${owner}`, at - day);
  for (let step = 0; step < count; step += 1) {
    // Pauses of every size that a window ends at, to the millisecond, and none at all.
    at += among([
      0,
      0,
      1,
      37,
      20_000,
      minute,
      10 * minute,
      hour,
      hour,
      7 * hour,
      day,
      3 * day,
      step % 40 === 0 ? 30 * day : 1,
    ]);
    const burst = step % 100 < 45;
    const customer = random() < 0.15 ? null : `customer-${below(burst ? 60 : 12)}`;
    const place = below(6);
    const signals: SignalsPart = {
      ...(random() < 0.8 ? { device: `device-${burst ? 0 : below(9)}` } : {}),
      ...(random() < 0.8 ? { ip: `ip-${place}.${below(2)}`, network: `network-${burst ? below(40) : place}` } : {}),
      ...(random() < 0.6 ? { card: `card-${below(7)}` } : {}),
      ...(random() < 0.5 ? { address: `address-${below(7)}` } : {}),
      ...(customer === null || random() < 0.3 ? {} : { email_shape: `shape-${below(8)}` }),
      ...(customer === null ? {} : { account_age_seconds: random() < 0.4 ? below(86_500) : 86_000 + below(9e6) }),
      ...(customer === null || random() < 0.2 ? {} : { campaign_uses_28d: below(3) }),
    };
    const amount = 500 + below(20_000);
    const known = burst ? "A1" : among(["A1", "A2", "B1", "R1", "R2"]);
    const attempted = {
      at,
      customer,
      amount,
      discount: below(amount),
      signals,
      currency: random() < 0.9 ? "EUR" : "USD",
    };
    if (customer !== null && random() < 0.3) traffic.ordered({ ...attempted, customer, codes: [] });
    const dice = random();
    if (dice < 0.12) traffic.rejected({ ...attempted, codes: [`?${step}`] });
    else if (dice < 0.22) traffic.rejected({ ...attempted, codes: [known, `?${step}`] });
    else if (dice < 0.3) redemptions.push(traffic.redeemed({ ...attempted, codes: [""] }));
    else if (dice < 0.45 && redemptions.length > 0) {
      const redemption = redemptions.splice(below(redemptions.length), 1)[0];
      if (redemption !== undefined) traffic.undone(redemption, at, random() < 0.8);
    } else redemptions.push(traffic.redeemed({ ...attempted, codes: random() < 0.2 ? [known, "B1"] : [known] }));
  }
  return traffic;
}
