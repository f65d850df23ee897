/** The data set as what happened, in order: who there is, what was offered, and every day with its deeds. */
import { standInCoupon } from "./assumptions.ts";
import { type Basket, BasketWriter, type Campaign, compare, type Receipt } from "./baskets.ts";
import { PriceBook, type Product } from "./lines.ts";
import { type Row, readTable } from "./source.ts";

export interface Household {
  readonly id: string;
  /** The first day on which any table mentions the household; the data does not say when it joined. */
  readonly firstDay: string;
  readonly demographics: Readonly<Record<string, string>>;
}

export interface Publication {
  readonly kind: "publication";
  /** The campaign's first day. */
  readonly day: string;
  readonly householdId: string;
  readonly campaignId: string;
  readonly couponUpc: string;
}

export type Deed = Publication | Basket;

interface Day {
  readonly day: string;
  /** By household, each household's deeds in order. */
  readonly deeds: ReadonlyMap<string, readonly Deed[]>;
}

export interface Plan {
  readonly households: readonly Household[];
  readonly campaigns: readonly Campaign[];
  readonly days: readonly Day[];
  /** Baskets with nothing in them: no units and no money on any sampled line. */
  readonly emptyBaskets: number;
}

export async function readPlan(folder: string): Promise<Plan> {
  const campaigns = await readCampaigns(folder);
  const products = await readProducts(folder);
  const receipts = new Map<string, Receipt>();
  const prices = new PriceBook();
  for await (const line of readTable(folder, "transactions_sample")) {
    const receipt = receipts.get(line.basket_id) ?? {
      basketId: line.basket_id,
      householdId: line.household_id,
      lines: [],
    };
    receipt.lines.push(line);
    receipts.set(line.basket_id, receipt);
    prices.note(line);
  }

  const days = new Map<string, Map<string, Deed[]>>();
  const add = (day: string, deed: Deed) => {
    const deeds = days.get(day) ?? new Map<string, Deed[]>();
    days.set(day, deeds.set(deed.householdId, [...(deeds.get(deed.householdId) ?? []), deed]));
  };
  for (const publication of await readPublications(folder, campaigns)) add(publication.day, publication);
  const writer = new BasketWriter(campaigns, products, prices);
  const { baskets, emptyBaskets } = writer.write([...receipts.values()], await readRedemptions(folder));
  for (const basket of baskets) add(basket.order.occurredAt.slice(0, 10), basket);

  return {
    households: await readHouseholds(folder, days),
    campaigns: [...campaigns.values()],
    days: [...days].sort(([a], [b]) => compare(a, b)).map(([day, deeds]) => ({ day, deeds })),
    emptyBaskets,
  };
}

async function readCampaigns(folder: string): Promise<Map<string, Campaign>> {
  const covered = new Map<string, Map<string, Set<string>>>();
  for await (const row of readTable(folder, "coupons")) {
    const coupons = covered.get(row.campaign_id) ?? new Map<string, Set<string>>();
    covered.set(row.campaign_id, coupons);
    coupons.set(row.coupon_upc, (coupons.get(row.coupon_upc) ?? new Set()).add(row.product_id));
  }
  const campaigns = new Map<string, Campaign>();
  for await (const row of readTable(folder, "campaign_descriptions")) {
    const coupons = [...(covered.get(row.campaign_id) ?? [])].sort(([a], [b]) => compare(a, b));
    campaigns.set(row.campaign_id, {
      id: row.campaign_id,
      type: row.campaign_type,
      startDay: row.start_date,
      endDay: row.end_date,
      coupons: coupons.map(([upc, productIds]) => ({ upc, campaignId: row.campaign_id, productIds })),
    });
  }
  return campaigns;
}

async function readProducts(folder: string): Promise<Map<string, Product>> {
  const products = new Map<string, Product>();
  for await (const row of readTable(folder, "products")) {
    products.set(row.product_id, {
      department: row.department,
      brand: row.brand,
      category: row.product_category,
      type: row.product_type,
    });
  }
  return products;
}

/** One publication for each household and campaign: see `standInCoupon`. */
async function readPublications(folder: string, campaigns: ReadonlyMap<string, Campaign>): Promise<Publication[]> {
  const publications: Publication[] = [];
  for await (const { campaign_id: campaignId, household_id: householdId } of readTable(folder, "campaigns")) {
    const campaign = campaigns.get(campaignId);
    const upcs = campaign?.coupons.map((coupon) => coupon.upc) ?? [];
    const couponUpc = standInCoupon(householdId, campaignId, upcs);
    if (campaign === undefined || couponUpc === undefined) continue;
    publications.push({ kind: "publication", day: campaign.startDay, householdId, campaignId, couponUpc });
  }
  return publications;
}

async function readRedemptions(folder: string): Promise<Row<"coupon_redemptions">[]> {
  const redemptions: Row<"coupon_redemptions">[] = [];
  for await (const row of readTable(folder, "coupon_redemptions")) redemptions.push(row);
  return redemptions;
}

async function readHouseholds(
  folder: string,
  days: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
): Promise<Household[]> {
  const firstDays = new Map<string, string>();
  for (const [day, deeds] of [...days].sort(([a], [b]) => compare(a, b))) {
    for (const id of deeds.keys()) if (!firstDays.has(id)) firstDays.set(id, day);
  }
  const demographics = new Map<string, Record<string, string>>();
  for await (const { household_id, ...bands } of readTable(folder, "demographics")) {
    demographics.set(
      household_id,
      Object.fromEntries(Object.entries(bands).filter((entry): entry is [string, string] => entry[1] !== null)),
    );
  }
  return [...firstDays].map(([id, firstDay]) => ({ id, firstDay, demographics: demographics.get(id) ?? {} }));
}
