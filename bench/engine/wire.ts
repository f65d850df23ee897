/** A cart as a shop sends it. */
import type { Cart } from "./carts.ts";

export function wireBasket({ order }: Cart) {
  return {
    currency: "EUR",
    items: order.items.map((item) => ({
      sku: item.sku,
      quantity: item.quantity,
      unit_amount: item.unitAmount,
      categories: item.categories,
    })),
    shipping_amount: order.shippingAmount,
    channel: order.channel,
    store_id: order.storeId,
    payment: { method: order.paymentMethod },
    metadata: order.metadata,
  };
}
