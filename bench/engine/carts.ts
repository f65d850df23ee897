/** Carts as a shop sends them, from a seed. Every fact that a rule asks for is there: engines differ on what is absent. */
import type { CustomerFacts, OrderFacts } from "../../api/domain/facts.ts";
import { products } from "./rules.ts";

export interface Cart {
  readonly order: OrderFacts;
  readonly customer: CustomerFacts;
}

const categories = ["coffee", "tea", "kitchen", "shoes", "books", "tobacco", "gift-cards", "garden"];

/** Mulberry32: small, seeded, good enough to fill carts. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function makeCarts(count: number, seed: number): Cart[] {
  const random = randomFrom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const one = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  return Array.from({ length: count }, (_, number) => ({
    order: {
      id: `order-${number}`,
      currency: one(["EUR", "EUR", "EUR", "CHF"]),
      items: Array.from({ length: 1 + below(8) }, () => ({
        sku: `sku-${below(products)}`,
        productId: null,
        name: null,
        quantity: 1 + below(3),
        unitAmount: 150 + below(4_000),
        weight: null,
        categories: [...new Set(Array.from({ length: 1 + below(2) }, () => one(categories)))],
        attributes: {},
      })),
      shippingAmount: one([0, 490, 690, 990]),
      statedAmount: null,
      channel: one(["web", "app", "store", "marketplace"]),
      storeId: one(["berlin", "bern", "hamburg", "vienna"]),
      paymentMethod: one(["card", "invoice", "cash"]),
      location: null,
      metadata: { campaign: one(["spring", "none"]) },
    },
    customer: {
      identifier: `customer-${number}`,
      id: `cus_${number}`,
      blocked: false,
      attributes: { orders: below(12), country: one(["DE", "AT", "CH", "FR", "IT"]) },
      tags: { tier: [one(["bronze", "silver", "gold", "platinum"])] },
      metadata: {},
      createdAt: 0,
      birthday: null,
      inGlobalHoldout: false,
      isNew: below(4) === 0,
      segments: [],
      points: 0,
      history: {},
    },
  }));
}

/** The cart in the words that rules use; sums are made for the peers, ours makes its own. */
export function plainCart({ order, customer }: Cart) {
  return {
    order: {
      amount: order.items.reduce((sum, item) => sum + item.unitAmount * item.quantity, 0),
      quantity: order.items.reduce((sum, item) => sum + item.quantity, 0),
      currency: order.currency,
      shipping_amount: order.shippingAmount,
      channel: order.channel,
      store_id: order.storeId,
      payment_method: order.paymentMethod,
      metadata: order.metadata,
    },
    items: order.items.map((item) => ({
      sku: item.sku,
      quantity: item.quantity,
      unit_amount: item.unitAmount,
      categories: item.categories,
    })),
    customer: { is_new: customer.isNew, attributes: customer.attributes, tags: customer.tags },
  };
}
