/** What a shop announces in a day, as the outbox gets it: mostly orders, validations and redemptions of three lines. */
import { randomUUID } from "node:crypto";
import type { Event } from "../ingest/events/events.ts";

const customers = 5_000;
const startMs = Date.UTC(2026, 10, 1);
const dayMs = 86_400_000;

const items = ["coffee-1kg", "mug", "filter"].map((sku, at) => ({
  sku,
  product_id: `prod-${sku}`,
  quantity: 1 + at,
  unit_amount: 2_495 - at * 700,
  categories: ["kitchen", sku],
  discount_amount: 120,
}));
const risk = {
  score: 0.12,
  action: "allow" as const,
  model: "risk-1",
  features: { orders_count: 4, amount: 7_200, codes_count: 1, hour: 13, account_days: 220 },
};

export function shopEvents(projectId: string, count: number, seed: number): Event[] {
  return Array.from({ length: count }, (_, at) => {
    const number = seed * count + at;
    const order = {
      id: `o-${number}`,
      currency: "EUR",
      amount: 8_672,
      shipping_amount: 490,
      discount_amount: 360,
      total_amount: 8_802,
      channel: "web",
      store_id: null,
      items,
    };
    const customer = `c-${(number * 7_919) % customers}`;
    const code = {
      code: `SAVE${number}`,
      voucher_id: `vou_${number}`,
      campaign_id: `cam_sub_${number % 20}`,
      main_campaign_id: `cam_main_${number % 5}`,
      discount_amount: 360,
      reasons: [],
      rewards: [{ type: "order_discount", discount_amount: 360 }],
    };
    const envelope = {
      event_id: `evt_${randomUUID()}`,
      project_id: projectId,
      version: 1 as const,
      occurred_at: new Date(startMs + (number % 10) * dayMs + (number % 86_400) * 1_000).toISOString(),
    };
    if (at % 5 < 2) return { ...envelope, type: "order.paid", payload: { customer, order } };
    if (at % 5 === 2) {
      const payload = {
        validation_id: `val_${number}`,
        valid: true,
        customer,
        order,
        codes: [code],
        source: "api" as const,
      };
      return { ...envelope, type: "validation.performed", payload };
    }
    const payload = { redemption_id: `red_${number}`, customer, order, codes: [code], risk, source: "api" as const };
    return { ...envelope, type: "redemption.succeeded", payload };
  });
}
