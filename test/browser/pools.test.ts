/** Pools of other companies' codes: made, filled from a file and by hand, and watched. */
import { expect, it } from "vitest";
import { accepted } from "../../api/client/client.ts";
import { clientOf } from "../support/client.ts";
import { useConsole } from "./support/console.ts";
import { picture, widerThanTheScreen } from "./support/dashboards.ts";

const shop = useConsole();
const scopes = ["manage"];
const hostile = `Cinema <script>window.pwned=1</script>"><img src=x onerror="window.pwned=1">`;

it("is made, filled with a file and with pasted codes, and says how many are left", async () => {
  const project = await shop.app.newProject();
  const visit = await shop.signIn(project, "Mia", "/console/pools", { scopes });
  const { page, troubles } = visit;
  await page.getByText("No pools yet").waitFor();
  await page.getByRole("link", { name: "New pool" }).first().click();
  await page.getByLabel("Low from").fill("many");
  await page.getByRole("button", { name: "Make the pool" }).click();
  expect(await page.locator(".faults li").allTextContents()).toHaveLength(2);
  expect(await page.getByLabel("Low from").inputValue()).toBe("many");
  await page.getByLabel("Name").fill(hostile);
  await page.getByLabel("Low from").fill("3");
  await page.getByRole("button", { name: "Make the pool" }).click();
  await page.getByText("never filled").waitFor();

  const file = { name: "codes.csv", mimeType: "text/csv", buffer: Buffer.from('code\nA-1\nA-2\nA-1\n"A\u00003"\n') };
  await page.getByLabel("A file").setInputFiles(file);
  await page.getByRole("button", { name: "Add the codes" }).click();
  await page.getByText("2 codes added.").waitFor();
  const told = await page.locator(".notice").textContent();
  expect(told).toContain("1 code was there already");
  expect(told).toContain("line 5:");
  await page.getByText("low stock", { exact: true }).waitFor();
  await page.getByLabel("Or the codes themselves").fill(`A-2\n${hostile}\n"B,2"\n\n`);
  await page.getByRole("button", { name: "Add the codes" }).click();
  await page.getByText("2 codes added.").waitFor();
  await page.getByText("in stock", { exact: true }).waitFor();
  await picture(visit, "console-pool");
  // A third party's codes are money: no page shows them.
  expect(await page.locator("main").textContent()).not.toContain("A-1");
  const tessera = clientOf(shop.app, project);
  const [pool] = (await accepted(tessera.GET("/v1/pools"))).data;
  expect(pool).toMatchObject({ size: 4, left: 4, low_stock: 3, name: hostile });
  const [entry] = (await accepted(tessera.GET("/v1/audit-log"))).data;
  expect(entry).toMatchObject({ action: "codes_added", actor: { name: "Mia" }, after: { count: 2 } });
  expect(await page.evaluate("window.pwned")).toBeUndefined();
  expect(troubles.filter((trouble) => !/400/.test(trouble))).toEqual([]);
});

it("refuses a file that is none, on a phone and without a script, and shows another project's pool to nobody", async () => {
  const project = await shop.app.newProject();
  const tessera = clientOf(shop.app, project);
  const { id } = await accepted(tessera.POST("/v1/pools", { body: { name: "Tickets" } }));
  await accepted(tessera.POST("/v1/pools", { body: { name: "Cards" } }));
  const { page } = await shop.signIn(project, "Noor", `/console/pools/${id}`, { scopes, scripts: false, width: 390 });
  await page.getByRole("button", { name: "Add the codes" }).click();
  await page.locator(".field.faulty", { hasText: "Choose a file" }).waitFor();
  const wrong = { name: "codes.csv", mimeType: "text/csv", buffer: Buffer.from("voucher\nA-1\n") };
  await page.getByLabel("A file").setInputFiles(wrong);
  await page.getByRole("button", { name: "Add the codes" }).click();
  await page.locator(".notice.bad", { hasText: "voucher" }).waitFor();
  await page.getByLabel("Name").fill("Cards");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".field.faulty", { hasText: "already" }).waitFor();
  await page.getByLabel("Name").fill("Tickets of May");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  for (const path of [`/console/pools/${id}`, "/console/pools", "/console/pools/new"]) {
    const response = await page.goto(path);
    expect([path, response?.status()]).toEqual([path, 200]);
    expect((await response?.body())?.length, path).toBeLessThan(100_000);
    expect(await widerThanTheScreen(page), path).toBeLessThanOrEqual(0);
  }
  const other = await shop.app.newProject();
  const stranger = await shop.signIn(other, "Sam", "/console/pools", { scopes });
  expect((await stranger.page.goto(`/console/pools/${id}`))?.status()).toBe(404);
  const till = await shop.signIn(project, "Till", "/console", { scopes: ["checkout"] });
  expect((await till.page.goto("/console/pools"))?.status()).toBe(403);
});
