/** What is in the cart. It lives in the page's address and forms: this shop remembers nobody. */
export interface Product {
  readonly sku: string;
  readonly name: string;
  /** Minor units. */
  readonly price: number;
  readonly category: string;
}

export const products: readonly Product[] = [
  { sku: "beans", name: "Coffee beans, 1 kg", price: 1895, category: "coffee" },
  { sku: "mug", name: "Mug", price: 1500, category: "tableware" },
  { sku: "kettle", name: "Kettle", price: 5490, category: "kitchen" },
];

const quantityMax = 20;

export interface Cart {
  /** Made with the cart: whatever is retried is retried under it. */
  readonly orderId: string;
  /** Empty: a guest. */
  readonly customer: string;
  readonly code: string;
  /** The page showed something off without a code: a campaign that applies by itself. */
  readonly automatic: boolean;
  /** By sku. */
  readonly quantities: Readonly<Record<string, number>>;
}

export function cartOf(form: Readonly<Record<string, string | undefined>>, newId: () => string): Cart {
  const orderId = form.order ?? "";
  return {
    orderId: /^[0-9a-f-]{36}$/.test(orderId) ? orderId : newId(),
    customer: (form.customer ?? "").trim().slice(0, 200),
    code: (form.code ?? "").trim().slice(0, 100),
    automatic: form.automatic === "yes",
    quantities: Object.fromEntries(products.map(({ sku }) => [sku, quantityOf(form[sku])])),
  };
}

function quantityOf(text = ""): number {
  return /^\d{1,2}$/.test(text) ? Math.min(Number(text), quantityMax) : 0;
}

/** As Tessera expects the lines of an order. */
export function itemsOf({ quantities }: Cart) {
  return products.flatMap(({ sku, name, price, category }) => {
    const quantity = quantities[sku] ?? 0;
    return quantity === 0 ? [] : [{ sku, name, quantity, unit_amount: price, categories: [category] }];
  });
}
