/** A shop with a ring of accounts that share a card, a device and an address, honest customers, and reviews of what they did. */
import { expect } from "vitest";
import { refreshClusters } from "../../api/clusters/refresh.ts";
import { reviewConsumer } from "../../api/reviews/open.ts";
import { drainConsumer } from "../../ingest/consumer.ts";
import { createRelay } from "../../ingest/relay.ts";
import type { RiskScore } from "../../models/serving.ts";
import { refreshCustomers } from "../../warehouse/refresh-customers.ts";
import { type ScoredApp, setPolicy } from "../integration/risk/scored-app.ts";
import { send } from "./answers.ts";
import type { TestProject } from "./app.ts";
import { redeemBody, setUpPromotion } from "./promotions.ts";

/** The names of customers, of whom the first `ring` share things. */
export interface Shop {
  readonly code: string;
  readonly campaignId: string;
}

let orders = 0;

/** In the words of the model's features, by what the attempt came with. */
function scored(given: Attempt): RiskScore {
  const reasons = [
    given.card === undefined
      ? {
          feature: "discount_share",
          value: 0.3,
          contribution: 1.9,
          text: "The discount is 30 % of the basket, three times the usual.",
        }
      : {
          feature: "card_accounts_90d",
          value: 4,
          contribution: 2.4,
          text: "4 accounts paid with this card in the last 90 days.",
        },
    given.address === undefined
      ? { feature: "account_age_hours", value: 1, contribution: 0.8, text: "The account is 1 hour old." }
      : {
          feature: "address_accounts_90d",
          value: 4,
          contribution: 2.1,
          text: "4 accounts had parcels sent to this address in the last 90 days.",
        },
    given.device === undefined
      ? {
          feature: "ip_accounts_7d",
          value: 2,
          contribution: 0.6,
          text: "2 accounts came from this IP in the last 7 days.",
        }
      : {
          feature: "device_accounts_7d",
          value: 3,
          contribution: 1.6,
          text: "3 accounts came from this device in the last 7 days.",
        },
    {
      feature: "amount_ratio",
      value: 1.4,
      contribution: 0.3,
      text: "The basket is 1.4 times the usual one of this shop.",
    },
    { feature: "orders_paid", value: 2, contribution: -0.7, text: "2 orders were paid and never sent back." },
  ];
  reasons.sort((a, b) => b.contribution - a.contribution);
  return { score: given.score, model: "risk@test", features: null, reasons };
}

export interface Attempt {
  readonly customer: string;
  readonly score: number;
  readonly device?: string;
  readonly card?: string;
  readonly address?: string;
  readonly ip?: string;
  /** What one of two units costs. */
  readonly price?: number;
  readonly sku?: string;
  readonly name?: string;
}

export async function openShop(project: TestProject, sub: object = {}): Promise<Shop> {
  const { code, campaignId } = await setUpPromotion(project, {
    sub: { name: "Welcome week", rewards: [{ type: "order_discount", percent_bp: 3_000 }], ...sub },
  });
  // Whatever is worse than not is looked at.
  await setPolicy(project, null, { flag: 0.5 });
  return { code, campaignId };
}

/** @returns the order's id. */
export async function attempt(app: ScoredApp, project: TestProject, shop: Shop, given: Attempt): Promise<string> {
  orders += 1;
  const orderId = `order-${orders}`;
  app.score(project, () => scored(given));
  const { device, card, address, ip = `198.51.100.${orders % 250}` } = given;
  const body = redeemBody({
    codes: [shop.code],
    orderId,
    customer: given.customer,
    order: {
      items: [
        {
          sku: given.sku ?? "beans",
          name: given.name ?? "Coffee beans, 1 kg",
          quantity: 2,
          unit_amount: given.price ?? 2_500,
        },
      ],
      device: { ip, ...(device === undefined ? {} : { id: device }) },
      ...(card === undefined ? {} : { payment: { method: "card", fingerprint: card } }),
      ...(address === undefined ? {} : { shipping_address: address }),
    },
  });
  const { status, body: answer } = await send(project, "POST", "/v1/redemptions", body, { "idempotency-key": orderId });
  expect(status, JSON.stringify(answer)).toBe(201);
  return orderId;
}

/** Everything that follows from events has followed: reviews are open, the warehouse knows who is linked. */
export async function settleShop(app: ScoredApp): Promise<void> {
  const { log } = app.deps;
  await drainConsumer(reviewConsumer({ db: app.db, log }));
  await createRelay({ pool: app.pool, warehouse: app.warehouse, log }).drain();
  await refreshCustomers(app.warehouse);
  await refreshClusters(app.warehouse);
}

/** Six accounts, one card, two devices, an address; and two strangers with a suspicious basket each. */
export const ring: readonly Attempt[] = [
  { customer: "maria.k@example.com", score: 0.86, card: "card-1", device: "tablet", price: 8_900 },
  { customer: "m.kowalski77", score: 0.93, card: "card-1", device: "tablet", address: "Lime Street 5, 10115 Berlin" },
  { customer: "mk-deals-01", score: 0.98, card: "card-1", device: "phone", price: 12_900 },
  { customer: "mk-deals-02", score: 0.97, card: "card-1", device: "phone", address: "Lime Street 5, 10115 Berlin" },
  { customer: "mk-deals-03", score: 0.91, device: "phone", address: "Lime Street 5, 10115 Berlin", price: 6_400 },
  { customer: "j.kowalska", score: 0.62, address: "Lime Street 5, 10115 Berlin", ip: "203.0.113.9" },
  { customer: "lena", score: 0.71, device: "lena's phone", ip: "203.0.113.9", price: 4_200 },
  { customer: "tom@example.org", score: 0.78, device: "tom's laptop", card: "card-9", price: 15_900 },
];

interface Listed {
  readonly id: string;
  readonly customer: { readonly identifier: string } | null;
}

export async function reviewsOf(project: Pick<TestProject, "request">, query = ""): Promise<Map<string, string>> {
  const { status, body } = await send(project, "GET", `/v1/reviews?limit=100${query}`);
  expect(status).toBe(200);
  return new Map((body.data as Listed[]).map((review) => [review.customer?.identifier ?? "", review.id]));
}
