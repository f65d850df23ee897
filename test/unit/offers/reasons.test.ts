import { describe, expect, it } from "vitest";
import { type Explained, reasonsFor } from "../../../api/offers/reasons.ts";
import { named, rawVector } from "../../../models/features/feature.ts";
import { campaignRate, type OfferInput, personalisationFeatures } from "../../../models/features/personalisation.ts";

/** A customer and a campaign of whom nothing is known yet. */
const nothing: OfferInput = {
  tenureSeconds: null,
  ordersCount: 0,
  ordersAmount: 0,
  secondsSinceLastOrder: null,
  orders90dCount: 0,
  publicationsCount: 0,
  redemptionsCount: 0,
  redemptionsDiscountAmount: 0,
  secondsSinceLastRedemption: null,
  redemptionsMadeCount: 0,
  redemptionsMade90dCount: 0,
  redeemedOrdersAmount: 0,
  redeemedDiscountAmount: 0,
  customerMainPublicationsCount: 0,
  customerMainRedemptionsCount: 0,
  campaignPublicationsCount: 0,
  campaignRedemptionsCount: 0,
  campaignDiscountAmount: 0,
  mainPublicationsCount: 0,
  mainRedemptionsCount: 0,
  templatePublicationsCount: 0,
  templateRedemptionsCount: 0,
  projectPublicationsCount: 0,
  projectRedemptionsCount: 0,
  secondsUntilEnd: null,
  template: "discount",
  secondsSincePublication: null,
  served30dCount: 0,
  basketAmount: null,
  basketDiscountAmount: null,
  basketCategoriesCount: 0,
  basketCategoriesKnownCount: 0,
  hour: 12,
  weekday: 1,
};

function explained(change: Partial<Omit<Explained, "eligible">> & { discountAmount?: number | null }): Explained {
  const { discountAmount = 500, ...rest } = change;
  const campaign = { currency: "EUR", endsAt: null } as Explained["eligible"]["campaign"];
  return {
    eligible: { campaign, discountAmount, inWallet: false },
    input: nothing,
    contributions: null,
    isExplored: false,
    now: 0,
    ...rest,
  };
}

describe("reasons", () => {
  it("come in the order of what counts, and leave out what speaks against the offer", () => {
    const input = {
      ...nothing,
      customerMainRedemptionsCount: 2,
      campaignPublicationsCount: 10,
      campaignRedemptionsCount: 3,
      ordersCount: 4,
    };
    const contributions = { customer_main_redemption_rate: 0.4, campaign_redemption_rate: -0.9, orders_90d: 0.8 };
    expect(reasonsFor(explained({ input, contributions }))).toEqual([
      "fits a returning customer",
      "redeemed 2 similar offers",
      "saves 5.00 EUR on this basket",
    ]);
    // Without a model nothing speaks against anything, and nothing is made of the customer.
    expect(reasonsFor(explained({ input }))).toEqual([
      "saves 5.00 EUR on this basket",
      "redeemed 2 similar offers",
      "redeemed 3 times of 10 times handed out",
    ]);
  });

  it("say when an offer is shown to learn, and always something", () => {
    expect(reasonsFor(explained({ discountAmount: null }))).toEqual(["open to this customer now"]);
    expect(reasonsFor(explained({ isExplored: true })).at(-1)).toMatch(/^shown now and then/);
  });

  it("never tell a name or a figure of the model", () => {
    const contributions = Object.fromEntries(personalisationFeatures.features.map(({ name }) => [name, 0.1234]));
    const text = reasonsFor(explained({ contributions, input: { ...nothing, ordersCount: 3 } })).join(" ");
    expect(text).not.toMatch(/0[.]12|_|%/);
  });
});

describe("what a cold start knows", () => {
  it("begins a shop at one in twenty, and a campaign where those like it stand", () => {
    expect(campaignRate(nothing)).toBeCloseTo(0.05, 12);
    const project = { projectPublicationsCount: 100_000, projectRedemptionsCount: 30_000 };
    expect(campaignRate({ ...nothing, ...project })).toBeCloseTo(0.3, 3);
    const template = { templatePublicationsCount: 50_000, templateRedemptionsCount: 5_000 };
    expect(campaignRate({ ...nothing, ...project, ...template })).toBeCloseTo(0.1, 2);
    const main = { mainPublicationsCount: 10_000, mainRedemptionsCount: 4_000 };
    expect(campaignRate({ ...nothing, ...project, ...template, ...main })).toBeCloseTo(0.4, 2);
  });

  it("lets a campaign's own figures prevail as they grow, and counts none of them twice", () => {
    const main = { mainPublicationsCount: 2_000, mainRedemptionsCount: 200 };
    const own = (publications: number, redemptions: number) =>
      campaignRate({
        ...nothing,
        campaignPublicationsCount: publications,
        campaignRedemptionsCount: redemptions,
        mainPublicationsCount: main.mainPublicationsCount + publications,
        mainRedemptionsCount: main.mainRedemptionsCount + redemptions,
      });
    expect(own(0, 0)).toBeCloseTo(0.1, 2);
    expect(own(20, 10)).toBeCloseTo((10 + 20 * 0.0995) / 40, 3);
    expect(own(5_000, 2_500)).toBeCloseTo(0.5, 2);
    // The only campaign of a new shop: from one in twenty on, and no faster.
    const alone = {
      campaignRedemptionsCount: 1,
      mainRedemptionsCount: 1,
      templateRedemptionsCount: 1,
      projectRedemptionsCount: 1,
    };
    expect(campaignRate({ ...nothing, ...alone })).toBeCloseTo(0.1, 12);
  });

  it("has a number for every feature of a customer and a campaign never seen before", () => {
    const vector = rawVector(personalisationFeatures, nothing);
    expect(vector.every(Number.isFinite)).toBe(true);
    expect(named(personalisationFeatures, vector)).toMatchObject({
      tenure_days: 0,
      days_since_last_order: 730,
      redemption_rate: 0.05,
      discounted_order_share: 0.25,
      is_held: 0,
      days_since_publication: 730,
      category_fit: 0.5,
      discount_depth_gap: 0,
    });
  });

  it("measures a discount against the basket, and against what the customer is used to", () => {
    const input = {
      ...nothing,
      basketAmount: 4_000,
      basketDiscountAmount: 400,
      redeemedOrdersAmount: 10_000,
      redeemedDiscountAmount: 3_000,
    };
    const features = named(personalisationFeatures, rawVector(personalisationFeatures, input));
    expect(features.discount_depth).toBeCloseTo(0.1, 12);
    expect(features.discount_depth_gap).toBeCloseTo(-0.2, 12);
    // Without a basket: what the campaign usually gives, of what the customer usually buys.
    const usual = { campaignRedemptionsCount: 2, campaignDiscountAmount: 1_000, ordersCount: 4, ordersAmount: 10_000 };
    const without = named(personalisationFeatures, rawVector(personalisationFeatures, { ...nothing, ...usual }));
    expect(without.discount_depth).toBeCloseTo(0.2, 12);
  });
});
