/** The reviewers' pages in a real browser: by keyboard, by two at once, without scripts, on a phone. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { send } from "../support/answers.ts";
import type { TestProject } from "../support/app.ts";
import { reviewsOf } from "../support/suspicious-shop.ts";
import { useConsole } from "./support/console.ts";
import { picture, widerThanTheScreen } from "./support/dashboards.ts";

const reviews = useConsole();
let project: TestProject;

beforeAll(async () => {
  ({ project } = await reviews.newShop());
});

const statusOf = async (id: string, of = project) => (await send(of, "GET", `/v1/reviews/${id}`)).body.status;
const active = (page: Page) => page.evaluate<string>("document.activeElement?.textContent?.trim() ?? ''");

it("is walked with the keyboard alone, from the queue to a decision and on", async () => {
  const visit = await reviews.signIn(project, "Ada", "/console/reviews");
  const { page, troubles } = visit;
  await picture(visit, "reviews-queue");
  const ids = await page.locator("[data-row]").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-row")));
  expect(ids).toHaveLength(8);
  await page.keyboard.press("Tab");
  expect(await active(page)).toBe("Skip to the content");
  const outline = await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle");
  expect(outline).toBe("solid");

  await page.keyboard.press("?");
  expect(await page.locator("dialog").isVisible()).toBe(true);
  await page.keyboard.press("Escape");
  expect(await page.locator("dialog").isVisible()).toBe(false);

  // The most expensive suspicion is the first; the second one is opened.
  for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
  const focused = await page.evaluate<string>("document.activeElement.closest('tr').dataset.row");
  expect(focused).toBe(ids[1]);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/console/reviews/${ids[1]}**`);
  await picture(visit, "review");
  await page.keyboard.press("a");
  await page.locator(".decide").getByText("Yours until").waitFor();
  await page.keyboard.press("n");
  await page.keyboard.type("The same card as four others, jd.");
  await page.keyboard.press("Escape");
  await page.keyboard.press("d");
  await page.waitForURL("**/console/reviews?**done=dismiss**");
  await page.getByText("The review was dismissed").waitFor();
  expect(await statusOf(ids[1] ?? "")).toBe("dismissed");
  const { body } = await send(project, "GET", `/v1/reviews/${ids[1]}`);
  expect(body.note).toBe("The same card as four others, jd.");

  // Two are selected and decided together.
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  expect(await page.locator("#selected-count").textContent()).toBe("2 selected");
  await page.keyboard.press("d");
  await page.getByText("2 reviews dismissed").waitFor();
  expect(await page.locator("[data-row]").count()).toBe(5);
  expect(troubles).toEqual([]);
});

it("keeps two reviewers from colliding: the second sees who has it, and can decide nothing", async () => {
  const [first, second] = await Promise.all([
    reviews.signIn(project, "Ada Lovelace", "/console/reviews"),
    reviews.signIn(project, "Grace Hopper", "/console/reviews"),
  ]);
  const row = first.page.locator("[data-row] a.who").first();
  const href = (await row.getAttribute("href")) ?? "";
  await Promise.all([first.page.goto(href), second.page.goto(href)]);
  await first.page.getByRole("button", { name: "Take it" }).click();
  await first.page.locator(".decide").getByText("Yours until").waitFor();

  // The second one's page is older than that.
  await second.page.getByRole("button", { name: "Dismiss" }).click();
  await second.page.locator('[data-test="lock"]').getByText("Ada Lovelace").waitFor();
  await picture(second, "review-locked");
  for (const name of ["Fraud", "Dismiss", "Hold"]) {
    expect(await second.page.getByRole("button", { name }).isDisabled()).toBe(true);
  }
  await second.page.keyboard.press("d");
  const id = /rev_\w+/.exec(href)?.[0] ?? "";
  expect(await statusOf(id)).toBe("open");
  await second.page.goto("/console/reviews");
  await second.page.locator(`[data-row="${id}"]`).getByText("has it until").waitFor();

  await first.page.getByRole("button", { name: "Give back" }).click();
  await first.page.getByText("Nobody has it").waitFor();
  await second.page.goto(href);
  await second.page.getByRole("button", { name: "Hold" }).click();
  await second.page.getByText("The review was held").waitFor();
  expect(await statusOf(id)).toBe("held");
  expect(first.troubles).toEqual([]);
  // The one refusal that was meant to be.
  expect(second.troubles.filter((trouble) => !trouble.includes("409"))).toEqual([]);
});

it("works without scripts: filters, a decision, a claw-back that is looked at first, and its undoing", async () => {
  const { project: shop } = await reviews.newShop();
  const visit = await reviews.signIn(shop, "No scripts", "/console/reviews", { scripts: false });
  const { page } = visit;
  const known = await reviewsOf(shop);
  await page.getByLabel("Score from").fill("0.9");
  await page.getByRole("button", { name: "Show" }).click();
  expect(await page.locator("[data-row]").count()).toBe(4);
  await page.getByRole("link", { name: "mk-deals-01" }).click();
  await page.getByLabel("Note for whoever reads this next").fill("One card, one tablet.");
  await page.getByLabel("the whole cluster of 7 accounts").check();
  await page.getByRole("button", { name: "Fraud" }).click();
  await page.getByRole("heading", { name: "What will be clawed back" }).waitFor();
  await picture(visit, "claw-back-preview");
  expect(await page.locator('[data-test="totals"]').textContent()).toContain("Redemptions rolled back7");
  expect(await statusOf(known.get("mk-deals-01") ?? "", shop)).toBe("open");
  await page.getByRole("button", { name: "Confirm fraud and claw back" }).click();
  await page.getByRole("heading", { name: "Clawed back" }).waitFor({ timeout: 60_000 });
  await picture(visit, "claw-back");
  expect(await statusOf(known.get("mk-deals-01") ?? "", shop)).toBe("confirmed");
  const blocked = (await send(shop, "GET", `/v1/reviews/${known.get("maria.k@example.com")}`)).body.customer_summary;
  expect(blocked).toMatchObject({ blocked: true, discount_amount: 0 });

  await page.getByRole("button", { name: "Undo all of it" }).click();
  await page.getByRole("heading", { name: "Undone" }).waitFor({ timeout: 60_000 });
  const free = (await send(shop, "GET", `/v1/reviews/${known.get("maria.k@example.com")}`)).body.customer_summary;
  expect(free.blocked).toBe(false);
  expect(free.discount_amount).toBeGreaterThan(0);
  // What was undone is open again; what stands counts.
  await page.goto(`/console/reviews/${known.get("tom@example.org")}`);
  await page.getByRole("button", { name: "Fraud" }).click();
  await page.getByText("The review was confirmed as fraud").waitFor();
  await page.goto("/console/reviews/metrics");
  await page.getByRole("cell", { name: "No scripts" }).waitFor();
  await picture(visit, "reviews-metrics");
});

it("draws who shares what, the same each time, and says it as a list", async () => {
  const visit = await reviews.signIn(project, "Drawing", "/console/reviews?status=all");
  const { page, troubles } = visit;
  const id = (await reviewsOf(project)).get("mk-deals-02");
  await page.goto(`/console/reviews/${id}`);
  const graph = page.locator("svg.graph");
  expect(await graph.locator(".node").count()).toBe(7);
  expect(await graph.locator(".hub text").allTextContents()).toEqual(["card", "device", "device", "address", "IP"]);
  const drawn = await graph.innerHTML();
  await page.reload();
  expect(await graph.innerHTML()).toBe(drawn);
  await page.getByText("The same as a list").click();
  const list = await page.locator("figure details li").allTextContents();
  expect(list.find((line) => line.startsWith("card"))).toMatch(/maria\.k@example\.com.*mk-deals-02/);
  await page.getByRole("link", { name: "Linked accounts", exact: true }).last().click();
  await page.getByRole("heading", { name: "7 linked accounts" }).waitFor();
  await picture(visit, "cluster");
  await page.goto("/console/clusters");
  await picture(visit, "clusters");
  expect(troubles).toEqual([]);
});

it("fits a phone of 390 pixels on every page, in the dark", async () => {
  const visit = await reviews.signIn(project, "Phone", "/console", { width: 390, colorScheme: "dark" });
  const { page, troubles } = visit;
  const id = (await reviewsOf(project)).get("mk-deals-01");
  const paths = ["", "/reviews?status=all", `/reviews/${id}`, "/reviews/metrics", "/clusters"];
  for (const path of paths) {
    await page.goto(`/console${path}`);
    await page.locator("main h1").waitFor();
    await picture(visit, `phone-console${path.replaceAll(/\W/g, "-").slice(0, 20)}`);
    expect(await widerThanTheScreen(page), path).toBeLessThanOrEqual(0);
  }
  const ground = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
  expect(ground).toBe("rgb(13, 18, 24)");
  expect(troubles).toEqual([]);
});

it("names every field, button and picture, once each, and has its headings in order", async () => {
  const visit = await reviews.signIn(project, "Names", "/console/reviews?status=all", {
    scopes: ["review", "analytics"],
  });
  const { page, troubles } = visit;
  const id = (await reviewsOf(project)).get("mk-deals-03");
  for (const path of [
    "/console",
    "/console/reviews?status=all",
    `/console/reviews/${id}`,
    "/console/reviews/metrics",
    "/console/clusters",
  ]) {
    await page.goto(path);
    const faults = await page.evaluate<string[]>(faultsOfPage);
    expect(faults, path).toEqual([]);
  }
  expect(troubles).toEqual([]);
});

/** Runs in the page. */
const faultsOfPage = `(() => {
  const faults = [];
  const shown = (element) => element.type !== "hidden" && element.checkVisibility();
  for (const field of document.querySelectorAll("input, select, textarea")) {
    if (shown(field) && !field.labels?.length && !field.getAttribute("aria-label")) faults.push("no label: " + field.outerHTML);
  }
  for (const pressed of document.querySelectorAll("button, a")) {
    if (shown(pressed) && pressed.textContent.trim() === "" && !pressed.getAttribute("aria-label")) faults.push("no name: " + pressed.outerHTML);
  }
  for (const drawn of document.querySelectorAll("svg")) {
    if (drawn.getAttribute("aria-hidden") !== "true" && !drawn.getAttribute("aria-labelledby")) faults.push("no text: " + drawn.outerHTML.slice(0, 80));
  }
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push("twice: " + id);
  for (const table of document.querySelectorAll("table")) if (!table.caption) faults.push("a table without a caption");
  const levels = [...document.querySelectorAll("main h1, main h2, main h3")].map((h) => Number(h.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1 || levels[0] !== 1) faults.push("headings: " + levels);
  if (document.documentElement.lang === "" || document.title === "") faults.push("no language or title");
  return faults;
})()`;

/** The picture of docs/images, only when asked for. */
it.runIf(process.env.TESSERA_PICTURES)("is pictured", async () => {
  const { project: shop } = await reviews.newShop();
  await reviews.app.pool.query("update project set name = 'Corner coffee' where id = $1", [shop.projectId]);
  const { page } = await reviews.signIn(shop, "Ada Lovelace", "/console/reviews", { scopes: ["review", "analytics"] });
  // As high as the page, so that the column on the left is, too.
  await page.setViewportSize({ width: 1280, height: 1_600 });
  const id = (await reviewsOf(shop)).get("mk-deals-02");
  await page.goto(`/console/reviews/${id}`);
  await page.getByRole("button", { name: "Take it" }).click();
  const directory = process.env.TESSERA_PICTURES ?? "";
  await mkdir(directory, { recursive: true });
  await page.screenshot({ path: join(directory, "reviews.png"), fullPage: true, animations: "disabled" });
});
