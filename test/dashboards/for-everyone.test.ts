/** The dashboards on a phone, in the dark, by keyboard, without data, without a session: and never a word to others. */
import { expect, it } from "vitest";
import { shippedRules } from "../../api/risk/shipped-rules.ts";
import {
  cell,
  figure,
  follow,
  patience,
  picture,
  useDashboards,
  widerThanTheScreen,
} from "../browser/support/dashboards.ts";

const dashboards = useDashboards();

function allPages(): string[] {
  const { coffeeId, mainId } = dashboards.shop;
  return [
    "",
    "campaigns/",
    `campaigns/${coffeeId}/`,
    `campaigns/${mainId}/`,
    "rejections/",
    "customers/",
    "customers/ben/",
    "segments/",
    "codes/",
    "data-health/",
    "models/",
    "fraud/",
  ];
}

it("fits a phone of 360 pixels on every page, in the dark", async () => {
  const visit = await dashboards.signIn(dashboards.project, "/dashboards/", { width: 360, colorScheme: "dark" });
  const { page, troubles } = visit;
  await figure(page, "redemptions");
  expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
  for (const path of allPages()) {
    await follow(page, `/dashboards/${path}`);
    await page.locator("main h1").first().waitFor({ timeout: patience });
    await page.locator('[data-test="as-of"]').getByText("As of").waitFor({ timeout: patience });
    await page.waitForLoadState("networkidle");
    await picture(visit, `phone-${path.replaceAll("/", "-")}`);
    expect(await widerThanTheScreen(page), path).toBeLessThanOrEqual(0);
  }
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("link", { name: "Models" }).click();
  await page.getByRole("heading", { name: "Models", exact: true }).waitFor({ timeout: patience });
  expect(troubles).toEqual([]);
});

it("can be used with the keyboard alone: a way past the menu, a visible place, links and filters", async () => {
  const visit = await dashboards.signIn(dashboards.project, "/dashboards/");
  const { page, troubles } = visit;
  await figure(page, "redemptions");
  await page.keyboard.press("Tab");
  const active = () => page.evaluate<string>("document.activeElement?.textContent?.trim() ?? ''");
  expect(await active()).toBe("Skip to the content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  expect(await page.evaluate<boolean>("document.getElementById('content').contains(document.activeElement)")).toBe(
    true,
  );
  const outline = await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle");
  expect(outline).toBe("solid");
  for (let presses = 0; (await active()) !== "91 days"; presses += 1) {
    expect(presses).toBeLessThan(20);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Space");
  await expect
    .poll(() => page.getByRole("button", { name: "91 days" }).getAttribute("aria-pressed"), { timeout: patience })
    .toBe("true");
  const summary = page.getByText("Show as a table").first();
  await summary.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("columnheader", { name: "Redemptions" }).first().waitFor({ timeout: patience });
  expect(troubles).toEqual([]);
});

it("stays as one chose it: light or dark, and the days from page to page", async () => {
  const { page, troubles } = await dashboards.signIn(dashboards.project, "/dashboards/");
  await page.getByRole("button", { name: "Dark" }).click({ timeout: patience });
  expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
  await page.getByRole("button", { name: "7 days" }).click();
  await page.getByRole("link", { name: "Rejections", exact: true }).first().click();
  await page.getByRole("heading", { name: "Rejections", exact: true }).waitFor({ timeout: patience });
  expect(await page.getByRole("button", { name: "7 days" }).getAttribute("aria-pressed")).toBe("true");
  await page.reload();
  await page.getByRole("heading", { name: "Rejections", exact: true }).waitFor({ timeout: patience });
  expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
  expect(troubles).toEqual([]);
});

it("says so where nothing has happened, without a complaint in the console", async () => {
  const visit = await dashboards.signIn(dashboards.empty, "/dashboards/");
  const { page, troubles } = visit;
  const empties: [string, string][] = [
    ["", "Nothing has happened yet"],
    ["campaigns/", "No campaigns yet"],
    [`campaigns/${dashboards.shop.coffeeId}/`, "No such campaign"],
    ["rejections/", "Nothing was rejected"],
    ["customers/", "No customers yet"],
    ["segments/", "No customers yet"],
    ["codes/", "Nothing is owed"],
    ["models/", "No offer was served"],
    ["models/", "No model was asked anything"],
    ["models/", "No decision of an arm"],
    ["fraud/", "No attempt was assessed"],
    ["fraud/", `No rule fired in these days: ${shippedRules.length} are enabled`],
    ["fraud/", "Nothing was decided"],
    ["fraud/", "No accounts share"],
  ];
  for (const [path, text] of empties) {
    await follow(page, `/dashboards/${path}`);
    await page.getByText(text).first().waitFor({ timeout: patience });
    await picture(visit, `empty-${path.replaceAll("/", "-")}`);
  }
  expect(troubles).toEqual([]);
  // Another project's customer.
  await follow(page, "/dashboards/customers/ben/");
  await page.getByText("No such customer").waitFor({ timeout: patience });
});

it("says what is wrong with a filter that nobody can mean; ends the session at sign-out, and asks for the key again", async () => {
  const filter = "/dashboards/?from=2026-05-02&to=2026-05-01";
  const { page, troubles } = await dashboards.signIn(dashboards.project, filter);
  await page.getByText("must not be before from").first().waitFor({ timeout: patience });
  const before = troubles.length;
  await page.goto("/dashboards/customers/");
  await cell(page, "ben").waitFor({ timeout: patience });
  await page.getByRole("button", { name: "Sign out" }).click({ timeout: patience });
  await page.getByRole("heading", { name: "Sign in" }).waitFor({ timeout: patience });
  await page.goto("/dashboards/");
  await page.getByRole("heading", { name: "Sign in" }).waitFor({ timeout: patience });
  expect(troubles.slice(before)).toEqual([]);
});

it("renders the reference page from this host alone", async () => {
  const visit = await dashboards.visit();
  await visit.page.goto("/docs");
  await visit.page.getByText("/v1/redemptions").first().waitFor({ timeout: patience });
  await picture(visit, "docs");
  expect(visit.troubles).toEqual([]);
});
