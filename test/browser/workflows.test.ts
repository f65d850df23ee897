/** Workflows read back as steps: tried out, started, stopped and watched, each customer's run with what its steps did. */
import { expect, it } from "vitest";
import { send } from "../support/answers.ts";
import { given, orderPaid } from "../support/workflows.ts";
import { useConsole } from "./support/console.ts";
import { picture, widerThanTheScreen } from "./support/dashboards.ts";

const shop = useConsole();
const scopes = ["manage"];
const hostile = `Thanks <script>window.pwned=1</script>"><img src=x onerror="window.pwned=1">`;
const definition = {
  trigger: { on: "order.paid" },
  conditions: { on: "order.amount", op: "greater_or_equal", value: 5000 },
  steps: [
    { type: "points", points: 10 },
    { type: "wait", days: 1 },
    { type: "points", points: 20 },
  ],
  settings: { currency: "EUR", time_zone: "Europe/Berlin" },
};

it("is read as sentences, activated after a question, tried out, paused and archived", async () => {
  const project = await shop.app.newProject();
  const visit = await shop.signIn(project, "Mia", "/console/workflows", { scopes });
  const { page, troubles } = visit;
  await page.getByText("No workflows yet").waitFor();
  const made = await send(project, "POST", "/v1/workflows", { name: hostile, ...definition });
  await page.reload();
  await page.getByRole("link", { name: /Thanks/ }).click();
  expect(await page.locator('[data-test="steps"] li').count()).toBe(3);
  expect(await page.locator("main").textContent()).toContain("50.00 EUR");
  await page.getByRole("link", { name: "Activate", exact: true }).click();
  expect((await send(project, "GET", `/v1/workflows/${made.body.id}`)).body.status).toBe("draft");
  await page.getByRole("button", { name: "Activate" }).click();
  await page.getByText("It is active").waitFor();
  expect((await send(project, "GET", "/v1/audit-log?subject_type=workflow")).body.data[0]).toMatchObject({
    action: "status_changed",
    actor: { name: "Mia" },
  });
  await page.getByRole("button", { name: "Try it out" }).click();
  await page.locator('[data-test="dry-run"]', { hasText: "0 runs would have begun" }).waitFor();
  await page.getByLabel("From (UTC)").fill("2199-01-01T00:00");
  await page.getByRole("button", { name: "Try it out" }).click();
  await page.locator(".field.faulty", { hasText: "in the past" }).waitFor();
  for (const [verb, status] of [
    ["Pause", "paused"],
    ["Archive", "archived"],
  ] as const) {
    await page.goto(`/console/workflows/${made.body.id}`);
    await page.getByRole("link", { name: verb, exact: true }).click();
    await page.getByRole("button", { name: verb }).click();
    await page.getByText(`It is ${status}`).waitFor();
  }
  expect(await page.getByRole("link", { name: "Activate", exact: true }).count()).toBe(0);
  expect(await page.evaluate("window.pwned")).toBeUndefined();
  expect(troubles.filter((trouble) => !/400/.test(trouble))).toEqual([]);
});

it("shows what became of each customer's run, and lets those go on that failed", async () => {
  const project = await shop.app.newProject();
  const story = await given(shop.app, project, { name: "Points for a large order", ...definition });
  await story
    .when("order.paid", orderPaid("o1", 6000))
    .when("order.paid", orderPaid("o2", 7000, "bob"))
    .done();
  await story.after("1 day").expect({ status: "finished" });
  await story.when("order.paid", orderPaid("o3", 8000, "eve")).done();
  // As a step leaves it that has failed for the last time.
  await shop.app.pool.query(
    "update workflow_run set status = 'failed', reason = 'campaign_not_active', ended_at = now() where project_id = $1 and status = 'running'",
    [project.projectId],
  );
  const visit = await shop.signIn(project, "Noor", `/console/workflows/${story.id}`, { scopes });
  const { page, troubles } = visit;
  await page.getByText("1 run failed.").waitFor();
  expect(await page.locator("#runs tbody tr").count()).toBe(3);
  await picture(visit, "console-workflow");
  await page.getByLabel("Status").selectOption("failed");
  await page.getByRole("button", { name: "Show" }).click();
  expect(await page.locator("#runs tbody tr").count()).toBe(1);
  await page.getByRole("link", { name: "eve" }).click();
  await page.getByText("campaign not active").waitFor();
  expect(await page.locator(".timeline li").first().textContent()).toContain("done");
  await page.getByRole("button", { name: "Let it go on" }).click();
  await page.getByText("It goes on with the step that failed.").waitFor();
  await page.locator(".timeline", { hasText: "retried" }).waitFor();
  expect(troubles).toEqual([]);

  const analyst = await shop.signIn(project, "Ana", `/console/workflows/${story.id}`, {
    scopes: ["analytics"],
    width: 390,
    colorScheme: "dark",
    scripts: false,
  });
  const run = (await send(project, "GET", `/v1/workflows/${story.id}/runs`)).body.data[0].id;
  for (const path of [`/console/workflows/${story.id}`, `/console/workflows/runs/${run}`, "/console/workflows"]) {
    const response = await analyst.page.goto(path);
    expect([path, response?.status()]).toEqual([path, 200]);
    expect((await response?.body())?.length, path).toBeLessThan(100_000);
    expect(await widerThanTheScreen(analyst.page), path).toBeLessThanOrEqual(0);
    expect(await analyst.page.getByRole("link", { name: "Pause", exact: true }).count()).toBe(0);
  }
  expect((await analyst.page.goto(`/console/workflows/${story.id}/pause`))?.status()).toBe(403);
  const stranger = await shop.signIn(await shop.app.newProject(), "Sam", "/console", { scopes });
  for (const path of [`/console/workflows/${story.id}`, `/console/workflows/runs/${run}`]) {
    expect([path, (await stranger.page.goto(path))?.status()]).toEqual([path, 404]);
  }
});
