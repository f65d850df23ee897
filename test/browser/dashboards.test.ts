/** The dashboards in a real browser, over real stores, from sign-in to one customer. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import type { TestProject } from "../support/app.ts";
import { useChromium, type Visit } from "./support/chromium.ts";
import { useServedApp } from "./support/served-app.ts";
import { openShop, type Shop, standingRedemptions } from "./support/shop.ts";

const app = useServedApp();
const browser = useChromium();
const dayMs = 86_400_000;
const patience = 60_000;

let project: TestProject;
let empty: TestProject;
let shop: Shop;

beforeAll(async () => {
  project = await app.newProject();
  empty = await app.newProject();
  shop = await openShop(project, new Date());
  await app.drain();
});

async function signIn(key: string, path: string, options: { width?: number; colorScheme?: "light" | "dark" } = {}) {
  const visit = await browser.visit({ baseUrl: app.baseUrl, ...options });
  await visit.page.goto(path);
  await visit.page.getByLabel("Secret key").fill(key);
  await visit.page.getByRole("button", { name: "Open dashboards" }).click();
  return visit;
}

async function figure(page: Page, name: string): Promise<number> {
  const element = page.locator(`[data-figure="${name}"]`).first();
  await element.waitFor({ timeout: patience });
  await expect.poll(() => element.getAttribute("data-value"), { timeout: patience }).toMatch(/^-?\d/);
  return Number(await element.getAttribute("data-value"));
}

/** A table keeps a copy of itself for the clipboard, which nobody sees. */
function cell(page: Page, text: string) {
  return page.locator("td:visible", { hasText: text }).first();
}

/** Pictures for people, only when asked for. */
async function picture(visit: Visit, name: string): Promise<void> {
  const directory = process.env.TESSERA_PICTURES;
  if (!directory) return;
  await visit.page.waitForLoadState("networkidle");
  await mkdir(directory, { recursive: true });
  await visit.page.screenshot({ path: join(directory, `${name}.png`), fullPage: true, animations: "disabled" });
}

it("shows on the overview what the API says was redeemed in the last 28 days, and nothing goes wrong", async () => {
  const visit = await signIn(project.key, "/dashboards/");
  const { page, troubles } = visit;
  await page.getByRole("heading", { name: "Overview", exact: true }).waitFor({ timeout: patience });
  const newest = Math.floor(Date.now() / dayMs);
  const recent = (await standingRedemptions(project)).filter(
    (redemption) => newest - Math.floor(Date.parse(redemption.occurred_at) / dayMs) < 28,
  );
  expect(await figure(page, "redemptions")).toBe(recent.length);
  const discount = recent.reduce((sum, redemption) => sum + redemption.discount_amount, 0) / 100;
  expect(await figure(page, "discount")).toBeCloseTo(discount, 5);
  await cell(page, "Coffee week").waitFor({ timeout: patience });
  await expect
    .poll(() => page.locator('[data-test="as-of"]').textContent(), { timeout: patience })
    .toContain("up to date");
  await picture(visit, "overview");
  expect(troubles).toEqual([]);
});

it("leads from the overview to a campaign whose figures equal its report", async () => {
  const visit = await signIn(project.key, "/dashboards/");
  const { page, troubles } = visit;
  await cell(page, "Coffee week").click({ timeout: patience });
  await page.waitForURL(`**/dashboards/campaigns/${shop.coffeeId}/`);
  await expect
    .poll(() => page.locator('[data-test="campaign-name"]').textContent(), { timeout: patience })
    .toBe("Coffee week");
  const ofCampaign = (await standingRedemptions(project)).flatMap((redemption) =>
    redemption.codes.filter((code) => code.campaign_id === shop.coffeeId),
  );
  expect(await figure(page, "redemptions")).toBe(ofCampaign.length);
  const discount = ofCampaign.reduce((sum, code) => sum + code.discount_amount, 0);
  expect(await figure(page, "discount")).toBeCloseTo(discount / 100, 5);
  expect(await page.locator('[data-test="budget"]').textContent()).toContain("of €600.00");
  await picture(visit, "campaign");
  expect(troubles).toEqual([]);
});

it("lists campaigns, shows a name as text however it looks, and says which promotions a main campaign has", async () => {
  const visit = await signIn(project.key, "/dashboards/campaigns/");
  const { page, troubles } = visit;
  await cell(page, "Welcome <b>back</b>").waitFor({ timeout: patience });
  await picture(visit, "campaigns");
  await page.goto(`/dashboards/campaigns/${shop.mainId}/`);
  await page.getByRole("heading", { name: "Its promotions" }).waitFor({ timeout: patience });
  await cell(page, "Coffee week").waitFor({ timeout: patience });
  expect(troubles).toEqual([]);
});

it("finds a customer and shows orders, redemptions and rejections as the API has them", async () => {
  const visit = await signIn(project.key, "/dashboards/customers/");
  const { page, troubles } = visit;
  await page.getByRole("searchbox").fill("ANNA");
  await expect.poll(() => page.locator('[data-test="customers"] tbody tr').count(), { timeout: patience }).toBe(1);
  await picture(visit, "customers");
  await page.getByRole("link", { name: "anna@example.com" }).click();
  await page.locator('[data-test="customer"]').waitFor({ timeout: patience });
  const hers = (await standingRedemptions(project)).filter((r) => r.customer?.identifier === "anna@example.com");
  expect(await figure(page, "redemptions_count")).toBe(hers.length);
  expect(await figure(page, "discount_amount")).toBe(hers.reduce((sum, r) => sum + r.discount_amount, 0));
  expect(await page.locator('[data-test="timeline"] li').count()).toBeGreaterThan(hers.length);
  await picture(visit, "customer");
  expect(troubles).toEqual([]);
});

it("opens customers whose identifiers hold slashes, blanks and letters beyond ASCII", async () => {
  const visit = await signIn(project.key, "/dashboards/customers/");
  for (const name of ["carla/berlin", "eva ünal"]) {
    await visit.page.getByRole("link", { name }).click({ timeout: patience });
    await visit.page
      .locator('[data-test="customer"] h1')
      .getByText(name, { exact: true })
      .waitFor({ timeout: patience });
    await visit.page.goBack();
  }
  expect(visit.troubles).toEqual([]);
});

it("fits a phone, in the dark", async () => {
  const visit = await signIn(project.key, "/dashboards/", { width: 390, colorScheme: "dark" });
  const { page, troubles } = visit;
  await figure(page, "redemptions");
  expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
  await picture(visit, "overview-phone");
  for (const path of ["", "campaigns/", `campaigns/${shop.coffeeId}/`, "customers/", "customers/ben/"]) {
    await page.goto(`/dashboards/${path}`);
    await page.locator("main h1").first().waitFor({ timeout: patience });
    await picture(visit, `phone-${path.replaceAll("/", "-")}`);
    const overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
    expect(overflow, path).toBeLessThanOrEqual(0);
  }
  expect(troubles).toEqual([]);
});

it("says so where nothing has happened, without a complaint in the console", async () => {
  const visit = await signIn(empty.key, "/dashboards/");
  const { page, troubles } = visit;
  await page.getByText("Nothing has happened yet").waitFor({ timeout: patience });
  await picture(visit, "overview-empty");
  await page.goto("/dashboards/campaigns/");
  await page.getByText("No campaigns yet").waitFor({ timeout: patience });
  await page.goto("/dashboards/customers/");
  await page.getByText("No customers yet").waitFor({ timeout: patience });
  await page.goto(`/dashboards/campaigns/${shop.coffeeId}/`);
  await page.getByText("No such campaign").waitFor({ timeout: patience });
  expect(troubles).toEqual([]);
});

it("ends the session at sign-out, and asks for the key again", async () => {
  const { page, troubles } = await signIn(project.key, "/dashboards/customers/");
  await page.getByRole("button", { name: "Sign out" }).click({ timeout: patience });
  await page.getByRole("heading", { name: "Sign in" }).waitFor({ timeout: patience });
  await page.goto("/dashboards/");
  await page.getByRole("heading", { name: "Sign in" }).waitFor({ timeout: patience });
  expect(troubles).toEqual([]);
});

it("renders the reference page from this host alone", async () => {
  const visit = await browser.visit({ baseUrl: app.baseUrl });
  await visit.page.goto("/docs");
  await visit.page.getByText("/v1/redemptions").first().waitFor({ timeout: patience });
  await picture(visit, "docs");
  expect(visit.troubles).toEqual([]);
});
