/** Receipt lines to order lines: whole units, integer cents, and sums that stay what the receipt says. */
import type { Scalar } from "../../api/domain/facts.ts";
import type { Row } from "./source.ts";

export interface Line {
  readonly sku: string;
  readonly product_id: string;
  readonly name?: string;
  readonly quantity: number;
  readonly unit_amount: number;
  readonly categories?: readonly string[];
  readonly attributes?: Readonly<Record<string, Scalar>>;
}

export interface Product {
  readonly department: string | null;
  readonly brand: string | null;
  readonly category: string | null;
  readonly type: string | null;
}

export type ReceiptLine = Row<"transactions_sample">;

const unitsMax = 100;
const miscellaneous = "COUPON/MISC ITEMS";

/** Rounded, since 1.15 * 100 is not quite 115 in binary. */
export function cents(dollars: number): number {
  return Math.round(dollars * 100);
}

/**
 * A receipt line as order lines; none when nothing was bought (no units and no money).
 *
 * Quantities above 100, and those of the category "COUPON/MISC ITEMS", are not unit counts (fuel, for one, is counted
 * in thousandths): such a line becomes one unit at its whole price, and so does one with money but no units. Where the
 * price does not divide by the units, the cents left over go to some units of a second line, so that the sum is exact.
 */
export function orderLines(
  line: ReceiptLine,
  product: Product | undefined,
  marks: Readonly<Record<string, true>>,
): Line[] {
  const amount = cents(line.sales_value);
  if (line.quantity === 0 && amount === 0) return [];
  const counted = line.quantity > 0 && line.quantity <= unitsMax && product?.category !== miscellaneous;
  const units = counted ? line.quantity : 1;
  const extra: Record<string, Scalar> = counted ? {} : { quantity_recorded: line.quantity };
  const unit = Math.floor(amount / units);
  const dearer = amount % units;
  const base = productLine(line.product_id, product, { ...extra, ...marks });
  return [
    { ...base, quantity: units - dearer, unit_amount: unit },
    ...(dearer > 0 ? [{ ...base, quantity: dearer, unit_amount: unit + 1 }] : []),
  ];
}

/** A line that the 5 % sample lacks: the coupon was redeemed, so something that it covers was in the basket. */
export function assumedLine(
  productId: string,
  product: Product | undefined,
  unitAmount: number,
  marks: Readonly<Record<string, true>>,
): Line {
  return { ...productLine(productId, product, { assumed: true, ...marks }), quantity: 1, unit_amount: unitAmount };
}

function productLine(productId: string, product: Product | undefined, attributes: Readonly<Record<string, Scalar>>) {
  const known = {
    ...(product?.department ? { department: product.department } : {}),
    ...(product?.brand ? { brand: product.brand } : {}),
    ...attributes,
  };
  return {
    sku: productId,
    product_id: productId,
    ...(product?.type ? { name: product.type } : {}),
    ...(product?.category ? { categories: [product.category] } : {}),
    ...(Object.keys(known).length > 0 ? { attributes: known } : {}),
  };
}

/** What one unit of a product usually cost in the sample, in cents, and how often it was sold. */
export class PriceBook {
  readonly #prices = new Map<string, number[]>();

  note(line: ReceiptLine): void {
    const amount = cents(line.sales_value);
    if (line.quantity === 0 || line.quantity > unitsMax || amount < line.quantity) return;
    const seen = this.#prices.get(line.product_id) ?? [];
    seen.push(Math.round(amount / line.quantity));
    this.#prices.set(line.product_id, seen);
  }

  /** The covered product sold most often (the smallest id among equals) at its median price; else any at `otherwise`. */
  typical(productIds: Iterable<string>, otherwise: number): { productId: string; unitAmount: number } | undefined {
    let best: { productId: string; sold: number } | undefined;
    for (const productId of productIds) {
      const sold = this.#prices.get(productId)?.length ?? 0;
      if (best === undefined || sold > best.sold || (sold === best.sold && productId < best.productId)) {
        best = { productId, sold };
      }
    }
    if (best === undefined) return undefined;
    return { productId: best.productId, unitAmount: median(this.#prices.get(best.productId) ?? [otherwise]) };
  }

  /** Over all products of the sample, each counted once. */
  medianOfAll(): number {
    return median([...this.#prices.values()].map(median));
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
