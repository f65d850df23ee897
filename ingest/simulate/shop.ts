/** The made-up shop: what it sells and which campaigns it runs. */
import type { Line } from "./acts.ts";
import type { Draw } from "./draw.ts";

export const currency = "EUR";

/** Codes of the campaigns; personal codes are made one a customer. */
export const codes = { welcome: "WELCOME15", newsletter: "SPRING10", staff: "STAFF30", service: "SORRY5" } as const;

export const campaigns = [
  { mark: "welcome", name: "Welcome", percent_bp: 1_500, perCustomer: 1, template: "discount", code: codes.welcome },
  {
    mark: "newsletter",
    name: "Spring letter",
    percent_bp: 1_000,
    perCustomer: null,
    template: "discount",
    code: codes.newsletter,
  },
  { mark: "staff", name: "Staff", percent_bp: 3_000, perCustomer: null, template: "discount", code: codes.staff },
  {
    mark: "service",
    name: "Customer service",
    amount: 500,
    perCustomer: null,
    template: "discount",
    code: codes.service,
  },
  {
    mark: "personal",
    name: "Personal coupons",
    percent_bp: 2_000,
    perCustomer: null,
    template: "discount",
    code: null,
  },
  { mark: "friends", name: "Friends", amount: 1_000, perCustomer: 1, template: "referral", code: null },
] as const;
export type CampaignMark = (typeof campaigns)[number]["mark"];

interface Product {
  readonly sku: string;
  readonly unitAmount: number;
  readonly category: string;
}

const categories = ["kitchen", "garden", "books", "clothes", "toys", "electronics"] as const;

/** Log-normal prices around 18 EUR; electronics four times as dear. */
export function makeCatalogue(draw: Draw): readonly Product[] {
  return Array.from({ length: 80 }, (_, index) => {
    const category = draw.pick(categories);
    const dear = category === "electronics" ? Math.log(4) : 0;
    const unitAmount = Math.max(150, Math.round(Math.exp(draw.normal(Math.log(1_800) + dear, 0.7))));
    return { sku: `sku-${index}`, unitAmount, category };
  });
}

/** Mostly one to three lines of one or two pieces. */
export function fillBasket(draw: Draw, catalogue: readonly Product[]): readonly Line[] {
  const lines = new Map<string, Line>();
  const count = 1 + draw.poisson(1.1);
  while (lines.size < count) {
    const { sku, unitAmount, category } = draw.pick(catalogue);
    lines.set(sku, { sku, quantity: 1 + draw.poisson(0.25), unit_amount: unitAmount, categories: [category] });
  }
  return [...lines.values()];
}
