import { rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Basket } from "../../../ingest/replay/baskets.ts";
import { type Plan, readPlan } from "../../../ingest/replay/plan.ts";
import { checkSource, readTable, SourceError } from "../../../ingest/replay/source.ts";
import { writeJourney } from "./journey-files.ts";

let folder: string;

beforeEach(async () => {
  folder = await writeJourney();
});

afterEach(() => rm(folder, { recursive: true }));

function basketsOf(plan: Plan, householdId: string): Basket[] {
  const deeds = plan.days.flatMap((day) => [...(day.deeds.get(householdId) ?? [])]);
  return deeds.filter((deed) => deed.kind === "basket");
}

describe("the files", () => {
  it("are accepted when all are there, and the missing ones are named when not", async () => {
    await expect(checkSource(folder)).resolves.toBeUndefined();
    await unlink(join(folder, "coupons.csv.gz"));
    await unlink(join(folder, "products.csv.gz"));
    await expect(checkSource(folder)).rejects.toThrow(/lacks coupons\.csv\.gz, products\.csv\.gz/);
  });

  it("name file, line and column of the first row that is not what it should be", async () => {
    const broken = await writeJourney({
      coupon_redemptions: `"household_id","coupon_upc","campaign_id","redemption_date"\n"7","500","1",2017-03-04\n"7","500","1",2017-02-30\n`,
    });
    const read = async () => {
      for await (const _row of readTable(broken, "coupon_redemptions"));
    };
    await expect(read()).rejects.toThrow(SourceError);
    await expect(read()).rejects.toThrow(/coupon_redemptions\.csv\.gz, line 3: redemption_date/);
    await rm(broken, { recursive: true });
  });
});

describe("the plan", () => {
  it("lists days in order, and a household from the first day that mentions it", async () => {
    const plan = await readPlan(folder);
    expect(plan.days.map(({ day }) => day)).toEqual(["2017-03-01", "2017-03-03", "2017-03-04", "2017-03-10"]);
    expect(plan.households).toEqual([
      { id: "7", firstDay: "2017-03-01", demographics: expect.objectContaining({ age: "65+", kids_count: "0" }) },
      { id: "9", firstDay: "2017-03-03", demographics: {} },
    ]);
    expect(plan.households[0]?.demographics).not.toHaveProperty("home_ownership");
  });

  it("counts a repeated coupon row once, and keeps the coverage of each campaign apart", async () => {
    const { campaigns } = await readPlan(folder);
    const coverage = campaigns.map(({ id, coupons }) => [
      id,
      coupons.map(({ upc, productIds }) => [upc, [...productIds]]),
    ]);
    expect(coverage).toEqual([
      [
        "1",
        [
          ["500", ["100", "101"]],
          ["600", ["999"]],
        ],
      ],
      ["8", [["500", ["102"]]]],
    ]);
  });

  it("publishes each campaign once to each household, on its first day, with a coupon of that campaign", async () => {
    const plan = await readPlan(folder);
    const publications = plan.days
      .flatMap(({ deeds }) => [...deeds.values()].flat())
      .filter((d) => d.kind === "publication");
    expect(publications.map((p) => [p.day, p.campaignId, p.householdId]).sort()).toEqual([
      ["2017-03-01", "8", "7"],
      ["2017-03-03", "1", "7"],
      ["2017-03-03", "1", "9"],
    ]);
    for (const { campaignId, couponUpc } of publications) {
      expect(plan.campaigns.find(({ id }) => id === campaignId)?.coupons.map(({ upc }) => upc)).toContain(couponUpc);
    }
    expect(await readPlan(folder)).toEqual(plan);
  });

  it("matches a redemption with the receipt of that day that shows a covered product", async () => {
    const [first, second] = basketsOf(await readPlan(folder), "7");
    expect(first?.order).toMatchObject({ id: "basket-b2", occurredAt: "2017-03-04T08:00:00Z", storeId: "31" });
    expect(first?.redemptions).toEqual([{ campaignId: "8", couponUpc: "500" }]);
    expect(second?.order).toMatchObject({ id: "basket-b1", assumed: "nothing" });
    expect(second?.redemptions).toEqual([{ campaignId: "1", couponUpc: "500" }]);
  });

  it("completes a receipt whose sample lacks the covered product by a line that says so", async () => {
    const [first] = basketsOf(await readPlan(folder), "7");
    expect(first?.order.assumed).toBe("lines");
    expect(first?.order.lines.map((line) => [line.sku, line.attributes?.assumed ?? false])).toEqual([
      ["300", false],
      ["102", true],
    ]);
    expect(first?.order.lines[1]?.attributes).toMatchObject({ campaign_8: true, coupon_8_500: true });
  });

  it("assumes a basket at noon for a redemption whose day has no receipt", async () => {
    const [, assumed] = basketsOf(await readPlan(folder), "9");
    expect(assumed?.order).toMatchObject({
      id: "assumed-9-2017-03-10",
      occurredAt: "2017-03-10T12:00:00Z",
      assumed: "all",
      storeId: null,
    });
    expect(assumed?.order.lines).toEqual([
      {
        sku: "999",
        product_id: "999",
        quantity: 1,
        unit_amount: 115,
        attributes: { assumed: true, campaign_1: true, coupon_1_600: true },
      },
    ]);
  });

  it("marks a line only with coupons that are valid on its day", async () => {
    const [sold] = basketsOf(await readPlan(folder), "9");
    expect(sold?.order.lines[0]?.attributes).toMatchObject({ campaign_1: true, coupon_1_500: true });
    const late = await writeJourney({
      campaign_descriptions: `"campaign_id","campaign_type","start_date","end_date"\n"1","Type B",2017-03-05,2017-04-09\n"8","Type A",2017-03-01,2017-03-05\n`,
    });
    const [before] = basketsOf(await readPlan(late), "9");
    expect(before?.order.lines[0]?.attributes).not.toHaveProperty("campaign_1");
    await rm(late, { recursive: true });
  });

  it("leaves out and counts a receipt on which nothing was bought", async () => {
    const plan = await readPlan(folder);
    expect(plan.emptyBaskets).toBe(1);
    expect(basketsOf(plan, "9").map(({ order }) => order.id)).toEqual(["basket-b3", "assumed-9-2017-03-10"]);
  });
});
