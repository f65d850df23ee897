/** Vouchers to many: ordered in a form, watched while they are handed out, paused and ended. */
import { expect, it } from "vitest";
import { accepted } from "../../api/client/client.ts";
import { runPublicationJobs } from "../../api/publications/jobs/worker.ts";
import type { TestProject } from "../support/app.ts";
import { setUpStock } from "../support/campaign-stock.ts";
import { clientOf } from "../support/client.ts";
import { workUntil } from "../support/workers.ts";
import { useConsole } from "./support/console.ts";
import { picture, widerThanTheScreen } from "./support/dashboards.ts";

const shop = useConsole();
const scopes = ["manage"];
const hostile = `Spring <script>window.pwned=1</script>"><img src=x onerror="window.pwned=1">`;

const jobsOf = async (project: TestProject) =>
  (await accepted(clientOf(shop.app, project).GET("/v1/publication-jobs"))).data;

async function handOut(project: TestProject): Promise<void> {
  const worker = (signal: AbortSignal) => runPublicationJobs(shop.app.deps, signal);
  await workUntil([worker], async () => (await jobsOf(project)).every(({ status }) => status !== "running"));
}

it("go to a segment from its page: the page of the job follows until everybody has one, each once", async () => {
  const project = await shop.app.newProject();
  const tessera = clientOf(shop.app, project);
  const campaignId = await setUpStock(shop.app.pool, project, { count: 5 });
  const { id } = await accepted(tessera.POST("/v1/segments", { body: { name: hostile } }));
  const customers = ["ada", "bea", hostile];
  await accepted(tessera.POST("/v1/segments/{id}/members", { params: { path: { id } }, body: { customers } }));
  const visit = await shop.signIn(project, "Mia", `/console/segments/${id}`, { scopes });
  const { page, troubles } = visit;
  await page.locator('a[href*="/console/publications/new"]').click();
  expect(await page.getByLabel("Members of").inputValue()).toBe(id);
  await page.getByLabel("Name").fill(hostile);
  // Two ways to say to whom: refused, and nothing of the form is lost.
  await page.getByLabel("Or identifiers").fill("cyd");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.locator(".field.faulty", { hasText: "not both" }).waitFor();
  expect(await page.getByLabel("Name").inputValue()).toBe(hostile);
  expect(await jobsOf(project)).toEqual([]);
  await page.getByLabel("Or identifiers").fill("");
  await page.getByRole("button", { name: "Publish" }).dblclick();
  await page.getByText("The vouchers are being handed out.").waitFor();
  await picture(visit, "console-publication-running");
  await handOut(project);
  await page.getByText("3 of 3 customers").waitFor();
  await page.getByRole("button", { name: "Pause" }).waitFor({ state: "detached" });
  expect(await jobsOf(project)).toMatchObject([
    { name: hostile, status: "done", published: 3, campaign_id: campaignId, segment_id: id },
  ]);
  await page.goto("/console/publications");
  await page.getByRole("row", { name: /3 of 3/ }).waitFor();
  const { data } = await accepted(tessera.GET("/v1/publications", { params: { query: { campaign_id: campaignId } } }));
  expect(data.map(({ customer }) => customer.identifier).sort()).toEqual([...customers].sort());
  expect(await page.evaluate("window.pwned")).toBeUndefined();
  expect(troubles.filter((trouble) => !/400/.test(trouble))).toEqual([]);
});

it("go to whoever is named, on a phone in the dark and without a script: paused, gone on, and ended after a question", async () => {
  const project = await shop.app.newProject();
  await setUpStock(shop.app.pool, project, { count: 5 });
  const options = { scopes, scripts: false, width: 390, colorScheme: "dark" } as const;
  const { page } = await shop.signIn(project, "Noor", "/console/publications", options);
  await page.getByText("Nothing was published to many yet").waitFor();
  await page.getByRole("link", { name: "Publish to many" }).first().click();
  await page.getByRole("button", { name: "Publish" }).click();
  await page.locator(".field.faulty", { hasText: "Choose a segment, or name customers below" }).waitFor();
  await page.getByLabel("Or identifiers").fill(`ada\n${"x".repeat(300)}\nbea`);
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("The vouchers are being handed out.").waitFor();
  expect(await widerThanTheScreen(page)).toBeLessThanOrEqual(0);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("It was paused.").waitFor();
  await handOut(project);
  expect(await jobsOf(project)).toMatchObject([{ status: "paused", published: 0 }]);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("It goes on.").waitFor();
  await page.getByRole("link", { name: "End it" }).click();
  await page.getByText("The 2 customers who are left get nothing.").waitFor();
  await page.getByRole("button", { name: "End it" }).click();
  await page.getByText("It was ended.").waitFor();
  await page.getByRole("table", { name: "Rows that were refused" }).waitFor();
  expect(await jobsOf(project)).toMatchObject([{ status: "cancelled", published: 0, failed: 1 }]);
  const other = await shop.app.newProject();
  const stranger = await shop.signIn(other, "Sam", "/console/publications", { scopes });
  expect((await stranger.page.goto(page.url()))?.status()).toBe(404);
  const till = await shop.signIn(project, "Till", "/console", { scopes: ["checkout"] });
  expect((await till.page.goto("/console/publications"))?.status()).toBe(403);
});
