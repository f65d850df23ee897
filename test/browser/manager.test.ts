/** The manager in a real browser: makes a batch and prints it, imports a file, looks after a customer. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { accepted, type Tessera } from "../../api/client/client.ts";
import { runVoucherBatches } from "../../api/vouchers/batch-worker.ts";
import { runVoucherImports } from "../../api/vouchers/imports/worker.ts";
import type { TestProject } from "../support/app.ts";
import { readBarcodes } from "../support/barcodes.ts";
import { clientOf } from "../support/client.ts";
import { paint, readPdf } from "../support/pdf.ts";
import { setUpPromotion } from "../support/promotions.ts";
import { useConsole } from "./support/console.ts";
import { picture, widerThanTheScreen } from "./support/dashboards.ts";

const console_ = useConsole();
const manager = { scopes: ["manage", "checkout", "admin"] };
const hostile = "\u202e<script>alert(1)</script>";
const stop = new AbortController();
let workers: Promise<unknown>;
let project: TestProject;
let tessera: Tessera;
let campaignId: string;

beforeAll(async () => {
  const { deps } = console_.app;
  workers = Promise.all([runVoucherBatches(deps, stop.signal), runVoucherImports(deps, stop.signal)]);
  project = await console_.app.newProject();
  tessera = clientOf(console_.app, project);
  const sub = { name: `Summer ${hostile}`, customer_information: "5 € off, until the leaves fall.", points_price: 100 };
  ({ campaignId } = await setUpPromotion(project, { sub, voucher: { code: "SUMMER" } }));
});
afterAll(async () => {
  stop.abort();
  await workers;
});

const field = (name: string) => `[name="${name}"]`;

it("makes a batch once however often the button is pressed, watches it grow, and prints a sheet that a scanner reads", async () => {
  const visit = await console_.signIn(project, "Manager", "/console/vouchers", manager);
  const { page, troubles } = visit;
  await page.getByRole("link", { name: "Generate codes" }).click();
  await page.getByRole("button", { name: "Generate" }).click();
  await page.getByText("Please fill this in.").first().waitFor();
  await page.locator(field("size")).fill("30");
  await page.locator(field("pattern.prefix")).fill("sun-");
  await page.getByRole("button", { name: "Generate" }).dblclick();
  await page.getByText("30 of 30 codes").waitFor();
  await page.getByRole("heading", { name: "Print labels" }).waitFor();
  await picture(visit, "batch");
  const batches = (await accepted(tessera.GET("/v1/voucher-batches"))).data;
  expect(batches).toMatchObject([{ size: 30, done: 30, status: "done" }]);

  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: "Sheet as PDF" }).click();
  const { pages } = readPdf(await readFile(await (await coming).path()));
  const found = [];
  for (const one of pages) found.push(...(await readBarcodes(paint(one, 200))));
  const query = { batch_id: batches[0]?.id ?? "", limit: 100 };
  const known = await accepted(tessera.GET("/v1/vouchers", { params: { query } }));
  expect(found.map(({ text }) => text).sort()).toEqual(known.data.map(({ code }) => code).sort());

  // A chosen one, from the list.
  await page.goto("/console/vouchers?code=sun-&status=created");
  expect(await page.locator("tbody tr").count()).toBe(25);
  await picture(visit, "vouchers");
  const code = (await page.locator("a.code").first().textContent()) ?? "";
  await page.getByLabel(`Select ${code}`).check();
  await page.getByText("Print those that are selected").click();
  const chosen = page.waitForEvent("download");
  await page.getByRole("button", { name: "Sheet as PDF" }).click();
  const [sheet] = readPdf(await readFile(await (await chosen).path())).pages;
  expect(sheet && (await readBarcodes(paint(sheet, 200)))).toMatchObject([{ text: code }]);

  await page.getByRole("link", { name: code }).click();
  await page.getByRole("button", { name: "Disable" }).click();
  await page.getByText("Nobody can use it any more.").waitFor();
  await page.getByLabel("Customer").fill("nobody");
  await page.getByRole("button", { name: "Hand out" }).click();
  await page.getByText("cannot be published").waitFor();
  await page.getByRole("button", { name: "Enable" }).click();
  await page.getByText("It can be used again.").waitFor();
  expect(await page.locator("main script").count()).toBe(0);
  expect(troubles.filter((trouble) => !/40[09]/.test(trouble))).toEqual([]);
});

it("imports a file without scripts, on a phone, and tells each bad row with its line", async () => {
  const options = { ...manager, scripts: false, width: 390, colorScheme: "dark" as const };
  const visit = await console_.signIn(project, "Importer", "/console/vouchers/import", options);
  const { page } = visit;
  const file = `code,customer_identifier,expires_at\nFILE-1,anna,\nB@D CODE,,\nFILE-2,,yesterday\nFILE-3,,2030-01-01T00:00:00Z\n`;
  await page
    .locator("input[type=file]")
    .setInputFiles({ name: "codes.csv", mimeType: "text/csv", buffer: Buffer.from(file) });
  await page.getByRole("button", { name: "Import" }).click();
  await page.locator("h1", { hasText: "Import" }).waitFor();
  // Without scripts the browser loads the page again until it is done.
  await page.getByText("2 imported, 2 left out.").waitFor();
  await picture(visit, "import-phone");
  expect(await page.locator("tbody tr").count()).toBe(2);
  expect(await widerThanTheScreen(page)).toBeLessThanOrEqual(0);
  await page.goto("/console/vouchers");
  expect(await widerThanTheScreen(page)).toBeLessThanOrEqual(0);
  await page.goto("/console/vouchers/code/file-1");
  await page.getByText("anna").first().waitFor();
  expect((await page.content()).length).toBeLessThan(100_000);
});

it("looks after a customer: finds them, gives a voucher and points, exchanges, blocks, and erases after saying what goes", async () => {
  const path = { identifier: "anna/berlin" };
  const profile = { name: hostile, email: "Anna@example.com" };
  await accepted(tessera.PUT("/v1/customers/{identifier}", { params: { path }, body: profile }));
  const order = { id: "c-1", currency: "EUR", items: [{ sku: "coffee", quantity: 2, unit_amount: 2500 }] };
  const body = { codes: ["SUMMER"], customer: path, order };
  // It costs points, of which there are none yet.
  const refused = await tessera.POST("/v1/redemptions", { params: { header: { "idempotency-key": "c-1" } }, body });
  expect(refused.error).toMatchObject({ code: "redemption_rejected" });
  const visit = await console_.signIn(project, "Care", "/console/customers", manager);
  const { page, troubles } = visit;
  await page.getByLabel("Identifier, or e-mail address").fill("anna@EXAMPLE.com");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "anna/berlin" }).click();
  await page.locator('[data-test="figures"]').waitFor();
  expect(await page.locator("main script").count()).toBe(0);
  expect(await page.getByText("Highest risk").count()).toBe(0);

  await page.locator(field("points")).fill("250");
  await page.getByRole("button", { name: "Book" }).click();
  await page.getByText("Please say why.").first().waitFor();
  await page.getByLabel("Reason").fill("Sorry for the delay");
  await page.getByRole("button", { name: "Book" }).click();
  await page.getByText("The points were booked.").waitFor();
  await page.getByRole("button", { name: "Exchange" }).click();
  await page.getByText("The points were exchanged").waitFor();
  expect(await page.locator('[data-test="wallet"]').textContent()).toContain("150");
  await page.locator(field("campaign_id")).selectOption(campaignId);
  await page.getByRole("button", { name: "Hand out" }).click();
  await page.getByText("The voucher was handed out.").waitFor();
  const wallet = await accepted(tessera.GET("/v1/customers/{identifier}/wallet", { params: { path } }));
  expect(wallet.data.length).toBe(2);
  await picture(visit, "customer");
  await page.getByRole("button", { name: "Block", exact: true }).click();
  await page.getByText("The customer redeems nothing from now on.").waitFor();
  expect(await accepted(tessera.GET("/v1/customers/{identifier}", { params: { path } }))).toMatchObject({
    blocked: true,
  });

  await page.getByRole("link", { name: "Erase" }).click();
  await page.getByText("nobody can bring them back").waitFor();
  await picture(visit, "customer-erase");
  await page.getByRole("button", { name: "Erase for good" }).click();
  await page.getByText("The customer is being erased.").waitFor();
  const erasures = await console_.app.db
    .selectFrom("erasure")
    .select("reason")
    .where("project_id", "=", project.projectId)
    .execute();
  expect(erasures).toEqual([{ reason: "requested" }]);
  expect(troubles.filter((trouble) => !trouble.includes("400"))).toEqual([]);
});

it("lets a reviewer look and change nothing, and shows nothing of another project", async () => {
  const visit = await console_.signIn(project, "Reviewer", "/console", { scopes: ["review"] });
  const { page } = visit;
  await accepted(tessera.PUT("/v1/customers/{identifier}", { params: { path: { identifier: "ben" } }, body: {} }));
  await page.goto("/console/customers/of/ben");
  await page.getByText("Highest risk").waitFor();
  for (const name of ["Book", "Hand out", "Block", "Erase"]) {
    expect(await page.getByRole("button", { name }).count()).toBe(0);
  }
  for (const path of [
    "/console/vouchers",
    "/console/customers",
    "/console/customers/of/ben/erase",
    "/console/redeem",
  ]) {
    expect((await page.goto(path))?.status()).toBe(403);
  }
  const other = await console_.app.newProject();
  const stranger = await console_.signIn(other, "Stranger", "/console/vouchers", manager);
  await stranger.page.getByText("No vouchers here.").waitFor();
  for (const path of ["/console/vouchers/code/SUMMER", "/console/customers/of/ben"]) {
    expect((await stranger.page.goto(path))?.status()).toBe(404);
  }
});
