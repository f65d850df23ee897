/** The basket of a trial: as its form holds it, and as the API takes it. */

import { instantOf } from "../parts/moments.tsx";
import { minorOf, wholeOf } from "../parts/money.ts";
import { first, partsOf } from "../rules/nested.ts";
import type { Setting } from "../rules/values.ts";
import type { Form } from "../viewer.ts";

export const freshLine = { sku: "sample", quantity: "1" } as const;

export const sampleBasket: Form = {
  "order.items.0.sku": ["sample"],
  "order.items.0.quantity": ["1"],
  "order.items.0.unit_amount": ["50"],
};

export function readTrial(form: Form, { currency, timeZone }: Setting): Record<string, unknown> {
  const text = (name: string) => first(form, name).trim() || undefined;
  const items = partsOf(form, "order.items").map((part) => {
    const at = `order.items.${part}`;
    const categories = (text(`${at}.categories`) ?? "").split(",").map((name) => name.trim());
    return present({
      sku: text(`${at}.sku`),
      name: text(`${at}.name`),
      quantity: wholeOf(text(`${at}.quantity`)),
      unit_amount: minorOf(text(`${at}.unit_amount`), currency),
      categories: categories.filter((name) => name !== ""),
    });
  });
  const method = text("order.payment.method");
  const identifier = text("customer.identifier");
  return present({
    customer: identifier === undefined ? undefined : { identifier },
    at: instantOf(text("at"), timeZone),
    order: present({
      currency,
      items,
      shipping_amount: minorOf(text("order.shipping_amount"), currency),
      channel: text("order.channel"),
      store_id: text("order.store_id"),
      payment: method === undefined ? undefined : { method },
    }),
  });
}

function present(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
