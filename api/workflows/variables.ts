import type { Occurrence } from "./trigger-match.ts";

const linesMax = 20;
const propertiesBytesMax = 8 * 1024;

/** What templates may say of what set a run off: `order` with its first 20 lines, and the event's fields as `properties`. */
export function variablesOf({ order, fields }: Occurrence): Record<string, unknown> {
  const properties = Buffer.byteLength(JSON.stringify(fields)) > propertiesBytesMax ? {} : fields;
  if (order === null) return { properties };
  const { id, currency, amount, shipping_amount, discount_amount, total_amount, items } = order;
  const lines = items.slice(0, linesMax).map(({ sku, quantity, unit_amount }) => ({ sku, quantity, unit_amount }));
  return {
    properties,
    order: { id, currency, amount, shipping_amount, discount_amount, total_amount, items: lines },
  };
}
