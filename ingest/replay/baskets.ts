/** Receipts and redemptions, which the data keeps apart, as baskets on which coupons were redeemed. */
import { assumedInstant, asUtc, campaignMark, couponMark } from "./assumptions.ts";
import { assumedLine, type Line, orderLines, type PriceBook, type Product, type ReceiptLine } from "./lines.ts";
import type { Row } from "./source.ts";

export interface Coupon {
  readonly upc: string;
  readonly campaignId: string;
  readonly productIds: ReadonlySet<string>;
}

export interface Campaign {
  readonly id: string;
  readonly type: Row<"campaign_descriptions">["campaign_type"];
  readonly startDay: string;
  /** The last day on which its coupons are valid. */
  readonly endDay: string;
  /** Sorted by UPC. */
  readonly coupons: readonly Coupon[];
}

export interface Receipt {
  readonly basketId: string;
  readonly householdId: string;
  readonly lines: ReceiptLine[];
}

export interface Order {
  readonly id: string;
  readonly storeId: string | null;
  readonly lines: readonly Line[];
  readonly occurredAt: string;
  /** How much of it is made up: nothing, some lines, or all of it. */
  readonly assumed: "nothing" | "lines" | "all";
}

export interface Basket {
  readonly kind: "basket";
  readonly householdId: string;
  readonly order: Order;
  /** Coupons redeemed with it, before it was paid. */
  readonly redemptions: readonly { readonly campaignId: string; readonly couponUpc: string }[];
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Baskets with the coupons redeemed on them. Redemptions carry no basket: they are matched by household and day. */
export class BasketWriter {
  readonly #campaigns: ReadonlyMap<string, Campaign>;
  readonly #products: ReadonlyMap<string, Product>;
  readonly #prices: PriceBook;
  readonly #medianPrice: number;
  /** The coupons that cover a product. */
  readonly #coverage = new Map<string, Coupon[]>();

  constructor(campaigns: ReadonlyMap<string, Campaign>, products: ReadonlyMap<string, Product>, prices: PriceBook) {
    this.#campaigns = campaigns;
    this.#products = products;
    this.#prices = prices;
    this.#medianPrice = prices.medianOfAll();
    for (const coupon of [...campaigns.values()].flatMap((campaign) => campaign.coupons)) {
      for (const productId of coupon.productIds) {
        const coupons = this.#coverage.get(productId);
        if (coupons === undefined) this.#coverage.set(productId, [coupon]);
        else coupons.push(coupon);
      }
    }
  }

  write(receipts: readonly Receipt[], redemptions: readonly Row<"coupon_redemptions">[]) {
    const onDay = groupBy(redemptions, (row) => `${row.household_id} ${row.redemption_date}`);
    const receiptsOnDay = groupBy(receipts, (receipt) => `${receipt.householdId} ${dayOf(receipt)}`);
    const baskets: Basket[] = [];
    let emptyBaskets = 0;
    for (const [key, ofDay] of receiptsOnDay) {
      const sorted = ofDay.toSorted((a, b) => compare(timeOf(a), timeOf(b)) || compare(a.basketId, b.basketId));
      const redeemed = this.#assign(sorted, onDay.get(key) ?? []);
      for (const [receipt, rows] of redeemed) {
        const basket = this.#basket(receipt, rows);
        if (basket === undefined) emptyBaskets += 1;
        else baskets.push(basket);
      }
    }
    for (const [key, rows] of onDay) if (!receiptsOnDay.has(key)) baskets.push(this.#assumedBasket(rows));
    baskets.sort((a, b) => compare(a.order.occurredAt, b.order.occurredAt) || compare(a.order.id, b.order.id));
    return { baskets, emptyBaskets };
  }

  /** Each redemption goes to the day's first receipt that shows a covered product, else to the day's first receipt. */
  #assign(receipts: readonly Receipt[], rows: readonly Row<"coupon_redemptions">[]) {
    const assigned = new Map<Receipt, Row<"coupon_redemptions">[]>(receipts.map((receipt) => [receipt, []]));
    for (const row of rows) {
      const products = this.#productsOf(row);
      const receipt = receipts.find((one) => one.lines.some((line) => products.has(line.product_id))) ?? receipts[0];
      if (receipt !== undefined) assigned.get(receipt)?.push(row);
    }
    return assigned;
  }

  #basket(receipt: Receipt, rows: readonly Row<"coupon_redemptions">[]): Basket | undefined {
    const day = dayOf(receipt);
    const sampled = receipt.lines.flatMap((line) =>
      orderLines(line, this.#products.get(line.product_id), this.#marks(line.product_id, day)),
    );
    const added = rows
      .filter((row) => !sampled.some((line) => line.unit_amount > 0 && this.#productsOf(row).has(line.product_id)))
      .map((row) => this.#lineFor(row));
    const lines = [...sampled, ...added];
    if (lines.length === 0) return undefined;
    const storeId = receipt.lines[0]?.store_id ?? null;
    const assumed = added.length > 0 ? "lines" : "nothing";
    const order = {
      id: `basket-${receipt.basketId}`,
      storeId,
      lines,
      occurredAt: asUtc(timeOf(receipt)),
      assumed,
    } as const;
    return { kind: "basket", householdId: receipt.householdId, order, redemptions: rows.map(couponOf) };
  }

  /** The basket of that day is not in the sample: one line for each coupon is all that is known of it. */
  #assumedBasket(rows: readonly Row<"coupon_redemptions">[]): Basket {
    const [first] = rows;
    if (first === undefined) throw new RangeError("a basket is assumed only for a redemption");
    const day = first.redemption_date;
    const order = {
      id: `assumed-${first.household_id}-${day}`,
      storeId: null,
      lines: rows.map((row) => this.#lineFor(row)),
      occurredAt: assumedInstant(day),
      assumed: "all",
    } as const;
    return { kind: "basket", householdId: first.household_id, order, redemptions: rows.map(couponOf) };
  }

  #lineFor(row: Row<"coupon_redemptions">): Line {
    const typical = this.#prices.typical(this.#productsOf(row), this.#medianPrice);
    const productId = typical?.productId ?? `unlisted-${row.coupon_upc}`;
    const unitAmount = typical?.unitAmount ?? this.#medianPrice;
    return assumedLine(
      productId,
      this.#products.get(productId),
      unitAmount,
      this.#marks(productId, row.redemption_date),
    );
  }

  /** Marks of the coupons that cover the product and are valid on the day. */
  #marks(productId: string, day: string): Record<string, true> {
    const marks: Record<string, true> = {};
    for (const coupon of this.#coverage.get(productId) ?? []) {
      const campaign = this.#campaigns.get(coupon.campaignId);
      if (campaign === undefined || day < campaign.startDay || day > campaign.endDay) continue;
      marks[campaignMark(campaign.id)] = true;
      marks[couponMark(campaign.id, coupon.upc)] = true;
    }
    return marks;
  }

  #productsOf(row: Row<"coupon_redemptions">): ReadonlySet<string> {
    const coupons = this.#campaigns.get(row.campaign_id)?.coupons ?? [];
    return coupons.find((coupon) => coupon.upc === row.coupon_upc)?.productIds ?? new Set();
  }
}

function couponOf(row: Row<"coupon_redemptions">) {
  return { campaignId: row.campaign_id, couponUpc: row.coupon_upc };
}

function timeOf(receipt: Receipt): string {
  return receipt.lines[0]?.transaction_timestamp ?? "";
}

function dayOf(receipt: Receipt): string {
  return timeOf(receipt).slice(0, 10);
}

function groupBy<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}
