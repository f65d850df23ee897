import { z } from "@hono/zod-openapi";
import { amount, customerIdentifier, customerReference, externalId, listQuery, occurrence } from "../http/schemas.ts";
import { orderItemBody, orderShape, refuseHugeSums, sumOfLines } from "../validations/order-schema.ts";

const status = z.enum(["created", "paid", "cancelled", "refunded"]);
export type OrderStatus = z.output<typeof status>;

export const orderReport = z
  .strictObject({
    id: externalId,
    customer: customerReference,
    status,
    occurred_at: occurrence.optional(),
    ...orderShape,
  })
  .superRefine(refuseHugeSums)
  .superRefine((order, context) => {
    if (order.amount !== undefined && order.amount !== sumOfLines(order)) {
      const message = `Expected the sum of the lines, ${sumOfLines(order)}`;
      context.issues.push({ code: "custom", message, input: order.amount, path: ["amount"] });
    }
  })
  .openapi("OrderReport", {
    example: {
      id: "order-1",
      customer: { identifier: "customer-1" },
      status: "paid",
      currency: "EUR",
      items: [{ sku: "coffee-1kg", quantity: 2, unit_amount: 2495, categories: ["coffee"] }],
      shipping_amount: 490,
    },
  });

export type OrderReport = z.output<typeof orderReport>;

export const orderWire = z
  .object({
    id: externalId,
    customer: z.object({ identifier: customerIdentifier }),
    status,
    currency: z.string(),
    amount: amount.openapi({ description: "Sum of the lines, before discounts, without shipping" }),
    shipping_amount: amount,
    items: z.array(orderItemBody),
    occurred_at: z.string().openapi({ description: "When it got its present status" }),
    paid_at: z.string().nullable(),
    updated_at: z.string(),
  })
  .openapi("StoredOrder");

export const ordersQuery = z.strictObject({ ...listQuery, customer: customerIdentifier.optional() });
