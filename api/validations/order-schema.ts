/** The basket as the shop sends it: `Order` of the wire, shared by orders, validations, redemptions and offers. */
import { z } from "@hono/zod-openapi";
import type { OrderFacts } from "../domain/facts.ts";
import { amount, currency, externalId, metadata } from "../http/schemas.ts";

/** The most a whole order may come to, shipping included: what any other amount of the wire may be, so that every answer fits. */
const orderAmountMax = 1_000_000_000_000;

export const orderItemBody = z
  .strictObject({
    sku: z.string().min(1).max(200),
    product_id: z.string().min(1).max(200).optional(),
    name: z.string().max(500).optional(),
    quantity: z.int().min(1).max(1_000_000),
    unit_amount: amount,
    unit_cost_amount: amount.optional().openapi({
      description: "What one unit costs the shop. Kept for reports of margin; never shown in answers to shoppers.",
    }),
    weight: z.number().min(0).max(1_000_000_000).optional().openapi({ description: "Grams, of one unit" }),
    categories: z.array(z.string().min(1).max(200)).max(50).optional(),
    attributes: metadata.optional(),
  })
  .openapi("OrderItem", {
    example: { sku: "coffee-1kg", name: "Coffee, 1 kg", quantity: 2, unit_amount: 2495, categories: ["coffee"] },
  });

/** Every field of an order but its id. */
export const orderShape = {
  currency,
  items: z.array(orderItemBody).min(1).max(500),
  shipping_amount: amount.optional(),
  amount: z.int().min(0).max(orderAmountMax).optional().openapi({ description: "Must equal the sum of the lines" }),
  tax_included: z.boolean().optional(),
  channel: z.string().min(1).max(100).optional(),
  store_id: z.string().min(1).max(200).optional(),
  location: z.strictObject({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) }).optional(),
  payment: z
    .strictObject({
      method: z.string().min(1).max(100).optional(),
      fingerprint: z.string().min(1).max(200).optional(),
    })
    .optional(),
  device: z
    .strictObject({
      id: z.string().min(1).max(200).optional(),
      ip: z
        .union([z.ipv4().openapi({ format: "ipv4" }), z.ipv6().openapi({ format: "ipv6" })], {
          error: "Expected an IPv4 or IPv6 address",
        })
        .optional(),
      user_agent: z.string().max(1_000).optional(),
      asn: z.int().min(0).max(4_294_967_295).optional().openapi({
        description: "The autonomous system of the address, where the shop knows it",
      }),
    })
    .optional(),
  shipping_address: z.string().max(1_000).optional().openapi({
    description: "Where it goes, in one text. Only a keyed hash of it is kept, to see orders that go to one place.",
  }),
  metadata: metadata.optional(),
};

type Lines = {
  readonly shipping_amount?: number | undefined;
  readonly items: readonly {
    readonly quantity: number;
    readonly unit_amount: number;
    readonly unit_cost_amount?: number | undefined;
  }[];
};

/** Σ quantity × unit amount, in minor units. */
export function sumOfLines(order: Lines): number {
  return order.items.reduce((sum, item) => sum + item.quantity * item.unit_amount, 0);
}

/** A refinement of every schema that has `orderShape`. */
export function refuseHugeSums(order: Lines, context: z.core.$RefinementCtx): void {
  order.items.forEach((item, index) => {
    if (item.quantity * item.unit_amount > orderAmountMax) {
      const message = `quantity × unit_amount may be at most ${orderAmountMax}`;
      context.issues.push({ code: "custom", message, input: order, path: ["items", index, "unit_amount"] });
    }
    if (item.quantity * (item.unit_cost_amount ?? 0) > orderAmountMax) {
      const message = `quantity × unit_cost_amount may be at most ${orderAmountMax}`;
      context.issues.push({ code: "custom", message, input: order, path: ["items", index, "unit_cost_amount"] });
    }
  });
  if (sumOfLines(order) + (order.shipping_amount ?? 0) > orderAmountMax) {
    const message = `Lines and shipping may sum to at most ${orderAmountMax}`;
    context.issues.push({ code: "custom", message, input: order, path: ["items"] });
  }
}

const example = {
  currency: "EUR",
  items: [{ sku: "coffee-1kg", name: "Coffee, 1 kg", quantity: 2, unit_amount: 2495, categories: ["coffee"] }],
  shipping_amount: 490,
};

export const orderBody = z
  .strictObject({ id: externalId.optional(), ...orderShape })
  .superRefine(refuseHugeSums)
  .openapi("Order", { example });

export const orderRequiredId = z
  .strictObject({ id: externalId, ...orderShape })
  .superRefine(refuseHugeSums)
  .openapi("OrderWithId", { example: { id: "order-1", ...example } });

export type OrderBody = z.output<typeof orderBody>;

export function toOrderFacts(body: OrderBody): OrderFacts {
  return {
    id: body.id ?? null,
    currency: body.currency,
    items: body.items.map((item) => ({
      sku: item.sku,
      productId: item.product_id ?? null,
      name: item.name ?? null,
      quantity: item.quantity,
      unitAmount: item.unit_amount,
      ...(item.unit_cost_amount === undefined ? {} : { unitCostAmount: item.unit_cost_amount }),
      weight: item.weight ?? null,
      categories: item.categories ?? [],
      attributes: item.attributes ?? {},
    })),
    shippingAmount: body.shipping_amount ?? 0,
    statedAmount: body.amount ?? null,
    channel: body.channel ?? null,
    storeId: body.store_id ?? null,
    paymentMethod: body.payment?.method ?? null,
    location: body.location ?? null,
    metadata: body.metadata ?? {},
  };
}
