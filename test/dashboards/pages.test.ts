/** Every page of the dashboards in a real browser, over real stores: the figures are the API's, and links lead on. */
import { expect, it } from "vitest";
import { cell, expectFigure, figure, patience, picture, useDashboards } from "../browser/support/dashboards.ts";
import { standingRedemptions } from "../browser/support/shop.ts";

const dashboards = useDashboards();
const dayMs = 86_400_000;

async function read<T>(path: string): Promise<T> {
  const response = await dashboards.project.request("GET", path);
  expect(response.status, path).toBe(200);
  return (await response.json()) as T;
}

/** Of the last days, today included. */
async function recentRedemptions(days: number) {
  const today = Math.floor(Date.now() / dayMs);
  const all = await standingRedemptions(dashboards.project);
  return all.filter(({ occurred_at }) => today - Math.floor(Date.parse(occurred_at) / dayMs) < days);
}

it("shows on the overview what the API says was redeemed, for the days that are asked for", async () => {
  const visit = await dashboards.signIn(dashboards.project, "/dashboards/");
  const { page, troubles } = visit;
  await page.getByRole("heading", { name: "Overview", exact: true }).waitFor({ timeout: patience });
  const month = await recentRedemptions(28);
  await expectFigure(page, "redemptions", month.length);
  await expectFigure(
    page,
    "discount",
    month.reduce((sum, { discount_amount }) => sum + discount_amount, 0),
  );
  await cell(page, "Coffee week").waitFor({ timeout: patience });
  await expect
    .poll(() => page.locator('[data-test="as-of"]').textContent(), { timeout: patience })
    .toContain("up to date");
  await picture(visit, "overview");

  await page.getByRole("button", { name: "7 days" }).click();
  await expectFigure(page, "redemptions", (await recentRedemptions(7)).length);
  const day = (ago: number) => new Date(Date.now() - ago * dayMs).toISOString().slice(0, 10);
  await page.goto(`/dashboards/?from=${day(20)}&to=${day(10)}`);
  const between = (await recentRedemptions(21)).length - (await recentRedemptions(10)).length;
  await expectFigure(page, "redemptions", between);
  expect(await page.getByLabel("From").inputValue()).toBe(day(20));
  expect(troubles).toEqual([]);
});

it("leads from the overview to a campaign whose figures equal its report", async () => {
  const visit = await dashboards.signIn(dashboards.project, "/dashboards/");
  const { page, troubles } = visit;
  await page.getByRole("link", { name: "Coffee week" }).first().click({ timeout: patience });
  await page.waitForURL(`**/dashboards/campaigns/${dashboards.shop.coffeeId}/**`);
  await expect
    .poll(() => page.locator('[data-test="campaign-name"]').textContent(), { timeout: patience })
    .toBe("Coffee week");
  const codes = (await standingRedemptions(dashboards.project)).flatMap((redemption) =>
    redemption.codes.filter((code) => code.campaign_id === dashboards.shop.coffeeId),
  );
  await expectFigure(page, "redemptions", codes.length);
  await expectFigure(
    page,
    "discount",
    codes.reduce((sum, code) => sum + code.discount_amount, 0),
  );
  expect(await figure(page, "margin")).toBeGreaterThan(0);
  expect(await page.locator('[data-test="budget"]').textContent()).toContain("of €600.00");
  const redeemed = Number(await page.locator('[data-step="redeemed"]').getAttribute("data-value"));
  expect(redeemed).toBeGreaterThanOrEqual(codes.length);
  await page.locator('[data-test="not-measured"]').waitFor({ timeout: patience });
  const { lift } = await read<{ lift: { measured: boolean; detail: string } }>(
    `/v1/campaigns/${dashboards.shop.coffeeId}/report`,
  );
  expect(lift.measured).toBe(false);
  expect(await page.locator('[data-test="not-measured"]').textContent()).toContain(
    lift.detail.replace("Not measured: ", ""),
  );
  await page.locator('[data-table="categories"]').getByText("coffee").waitFor({ timeout: patience });
  await picture(visit, "campaign");
  expect(troubles).toEqual([]);
});

it("lists campaigns by type, status and name, and shows a name as text however it looks", async () => {
  const visit = await dashboards.signIn(dashboards.project, "/dashboards/campaigns/");
  const { page, troubles } = visit;
  await cell(page, "Welcome <b>back</b>").waitFor({ timeout: patience });
  await picture(visit, "campaigns");
  await page.getByRole("searchbox").fill("coffee");
  await expect.poll(() => page.locator('[data-table="campaigns"] tbody tr').count()).toBe(1);
  await page.getByRole("button", { name: "Main campaigns" }).click();
  await page.getByText("No campaign fits.").waitFor();
  await page.getByRole("searchbox").fill("");
  await page.getByRole("link", { name: "Autumn" }).click();
  await page.getByRole("heading", { name: "Its promotions" }).waitFor({ timeout: patience });
  await cell(page, "Coffee week").waitFor({ timeout: patience });
  expect(troubles).toEqual([]);
});

it("narrows rejections by reason and campaign with links, and says who bought later all the same", async () => {
  const visit = await dashboards.signIn(dashboards.project, "/dashboards/rejections/?days=all");
  const { page, troubles } = visit;
  const { data } = await read<{ data: { reasons: { key: string }[] }[] }>("/v1/rejections?limit=100");
  const inEuro = data.length;
  await expectFigure(page, "rejections", inEuro);
  await picture(visit, "rejections");
  const tooLittle = data.filter(({ reasons }) => reasons.some(({ key }) => key === "order_below_minimum")).length;
  expect(tooLittle).toBeGreaterThan(0);
  await expectFigure(page, "converted", tooLittle);
  await page.locator('[data-list="reasons"]').getByRole("link", { name: "Order below minimum" }).click();
  await expectFigure(page, "rejections", tooLittle);
  expect(page.url()).toContain("reason=order_below_minimum");
  await page.locator('[data-table="rejections-by-campaign"]').getByRole("link", { name: "Coffee week" }).click();
  await page.locator('[data-chip="campaign"]').getByText("Coffee week").waitFor({ timeout: patience });
  await expectFigure(page, "rejections", tooLittle);
  await page.locator('[data-chip="reason"]').click();
  await page.locator('[data-chip="campaign"]').click();
  await expectFigure(page, "rejections", inEuro);
  expect(troubles).toEqual([]);
});

it("finds customers by name and by segment, and shows one as the API has them", async () => {
  const visit = await dashboards.signIn(dashboards.project, "/dashboards/customers/");
  const { page, troubles } = visit;
  const rows = page.locator('[data-table="customers"] tbody tr');
  await expect.poll(() => rows.count(), { timeout: patience }).toBe(5);
  await picture(visit, "customers");
  await page.getByRole("searchbox").fill("ANNA");
  await expect.poll(() => rows.count(), { timeout: patience }).toBe(1);
  await page.getByRole("link", { name: "anna@example.com" }).click();
  await page.locator('[data-test="customer"]').waitFor({ timeout: patience });
  interface ThreeSixty {
    figures: Record<string, number>;
    segments: { name: string }[];
  }
  const known = await read<ThreeSixty>("/v1/customers/anna%40example.com/360");
  for (const name of ["orders_count", "orders_amount", "redemptions_count", "discount_amount", "rejections_count"]) {
    await expectFigure(page, name, known.figures[name] ?? Number.NaN);
  }
  expect(await page.locator('[data-test="timeline"] li').count()).toBeGreaterThan(5);
  await picture(visit, "customer");
  await page.locator('[data-card="segments"]').getByRole("link", { name: "Regulars" }).click();
  await expect.poll(() => rows.count(), { timeout: patience }).toBe(2);
  await page.locator('[data-chip="segment"]').getByText("Regulars").waitFor({ timeout: patience });
  expect(troubles).toEqual([]);
});

it("opens customers whose identifiers hold slashes, blanks and letters beyond ASCII", async () => {
  const visit = await dashboards.signIn(dashboards.project, "/dashboards/customers/");
  for (const name of ["carla/berlin", "eva ünal"]) {
    await visit.page.getByRole("link", { name }).click({ timeout: patience });
    const heading = visit.page.locator('[data-test="customer"] h1').getByText(name, { exact: true });
    await heading.waitFor({ timeout: patience });
    await visit.page.goBack();
  }
  expect(visit.troubles).toEqual([]);
});

it("leads from a segment to its customers", async () => {
  const visit = await dashboards.signIn(dashboards.project, "/dashboards/segments/");
  const { page, troubles } = visit;
  const first = page.locator("[data-segment]").first();
  await first.waitFor({ timeout: patience });
  await picture(visit, "segments");
  await page.locator('[data-table="segments"]').getByRole("link", { name: "Regulars" }).waitFor({ timeout: patience });
  const members = Number(await first.getAttribute("data-value"));
  await first.click();
  const shown = page.locator('[data-test="shown"]');
  await expect.poll(() => shown.getAttribute("data-value"), { timeout: patience }).toBe(String(members));
  expect(troubles).toEqual([]);
});

it("counts codes, and what gift cards and points still owe", async () => {
  const visit = await dashboards.signIn(dashboards.project, "/dashboards/codes/");
  const { page, troubles } = visit;
  await expectFigure(page, "created", 5); // two generic codes, three cards
  const owed = (kind: string) => page.locator(`[data-liability="${kind}"]`).getAttribute("data-value");
  await page.locator('[data-liability="gift_card"]').waitFor({ timeout: patience });
  expect(await owed("gift_card")).toBe(String(3 * 5_000 - 1_900));
  expect(await owed("points")).toBe("120");
  await picture(visit, "codes");
  expect(troubles).toEqual([]);
});

it("says how healthy the data is, as the API does", async () => {
  const visit = await dashboards.signIn(dashboards.project, "/dashboards/data-health/");
  const { page, troubles } = visit;
  await page.locator('[data-test="verdict"]').waitFor({ timeout: patience });
  const known = await read<{ events: { type: string; count: number }[] }>("/v1/data-health");
  const total = known.events.reduce((sum, { count }) => sum + count, 0);
  expect(await page.locator('[data-figure="events"]').textContent()).toContain(total.toLocaleString("en"));
  expect(await page.locator('[data-table="events"] tbody tr').count()).toBe(known.events.length);
  await picture(visit, "data-health");
  expect(troubles).toEqual([]);
});

it("names the models in service, their scores and the offers they ranked", async () => {
  const visit = await dashboards.signIn(dashboards.project, "/dashboards/models/");
  const { page, troubles } = visit;
  await expect.poll(() => page.locator('[data-test="version"]').count(), { timeout: patience }).toBe(2);
  // The tests' application has no models: every decision is one without a score.
  const { data: rejected } = await read<{ data: unknown[] }>("/v1/rejections?limit=100");
  expect(rejected.length).toBeGreaterThan(0);
  await expect.poll(() => figure(page, "unscored"), { timeout: patience }).toBeGreaterThan(rejected.length);
  await expectFigure(page, "shown", 1);
  const policies = page.locator('[data-table="policies"] tbody tr');
  await policies.filter({ hasText: "Champion" }).waitFor({ timeout: patience });
  expect(await page.locator('[data-card="model-risk"] [data-status="champion"]').count()).toBe(1);
  await page.locator('[data-test="store"]').waitFor({ timeout: patience });
  await picture(visit, "models");
  expect(troubles).toEqual([]);
});

it("tells what looked like abuse, which rules saw it, what waits for a reviewer, and who is linked", async () => {
  const visit = await dashboards.signIn(dashboards.project, "/dashboards/fraud/");
  const { page, troubles } = visit;
  await expectFigure(page, "flagged", 2);
  const { data: waiting } = await read<{ data: unknown[] }>("/v1/reviews?status=open");
  expect(waiting.length).toBe(1);
  await expectFigure(page, "reviews_open", waiting.length);
  const rules = page.locator('[data-table="rules"] tbody tr');
  const large = rules.filter({ hasText: "Large <b>basket</b>" });
  await large.waitFor({ timeout: patience });
  expect(await large.locator("td").nth(1).textContent()).toMatch(/^\s*2\b/);
  const watching = rules.filter({ hasText: "Any basket of some size" });
  expect(await watching.locator("td").nth(2).textContent()).toMatch(/^\s*2\b/);
  const reviewers = page.locator('[data-table="reviewers"] tbody tr');
  await reviewers.first().waitFor({ timeout: patience });
  expect(await reviewers.count()).toBe(1);
  const cluster = page.locator('[data-table="clusters"] tbody tr');
  await cluster.first().waitFor({ timeout: patience });
  expect(await cluster.count()).toBe(1);
  expect(await cluster.textContent()).toContain("share 1 card");
  await picture(visit, "fraud");
  await page.locator('[data-table="risk-by-campaign"]').getByRole("link", { name: "Coffee week" }).click();
  await expectFigure(page, "flagged", 0);
  await page.locator('[data-chip="campaign"]').getByText("Coffee week").waitFor({ timeout: patience });
  await page.getByText("Every attempt of these days was allowed.").waitFor({ timeout: patience });
  expect(troubles).toEqual([]);
});

it("shows what is expected of a customer with its bounds, or why nothing is", async () => {
  const visit = await dashboards.signIn(dashboards.project, "/dashboards/customers/ben/");
  const { page, troubles } = visit;
  const card = page.locator('[data-card="predictions"]');
  await card.getByText("Not computed yet").waitFor({ timeout: patience });
  await picture(visit, "customer-not-predicted");
  const predictions = {
    as_of: "2026-10-01T00:00:00.000Z",
    model: "lifetime@test",
    currency: "EUR",
    probability_alive: 0.91,
    expected_orders_90d: 3.2,
    expected_orders_365d: { expected: 12.1, low: 6, high: 20 },
    predicted_value_amount_365d: { expected: 123_456, low: 60_000, high: 210_000 },
    engagement: 0.66,
    category_preference: [],
    discount_preference: 1.4,
  };
  await page.route("**/dashboards/api/customers/ben", async (route) => {
    const known = await (await route.fetch()).json();
    await route.fulfill({ json: { ...known, predictions, predictions_missing: null } });
  });
  await page.reload();
  await card.getByText("€1,234.56").waitFor({ timeout: patience });
  expect(await card.textContent()).toContain("€600.00 to €2,100.00");
  expect(await card.textContent()).toContain("As of 1 Oct 2026");
  await picture(visit, "customer-predicted");
  expect(troubles).toEqual([]);
});
