/** Workflows read back as steps: tried out, started, stopped and watched, each customer's run with what its steps did. */
import { expect, it } from "vitest";
import { accepted } from "../../api/client/client.ts";
import { clientOf } from "../support/client.ts";
import { newEmailChannel, newTemplate } from "../support/messages.ts";
import { setUpPromotion } from "../support/promotions.ts";
import { given, newCardCampaign, orderPaid } from "../support/workflows.ts";
import { useConsole } from "./support/console.ts";
import { picture, widerThanTheScreen } from "./support/dashboards.ts";

const shop = useConsole();
const scopes = ["manage"];
const hostile = `Thanks <script>window.pwned=1</script>"><img src=x onerror="window.pwned=1">`;
const definition = {
  trigger: { on: "order.paid" as const },
  conditions: { on: "order.amount", op: "greater_or_equal" as const, value: 5000 },
  steps: [
    { type: "points" as const, points: 10 },
    { type: "wait" as const, days: 1 },
    { type: "points" as const, points: 20 },
  ],
  settings: { currency: "EUR", time_zone: "Europe/Berlin" },
};

it("is read as sentences, activated after a question, tried out, paused and archived", async () => {
  const project = await shop.app.newProject();
  const visit = await shop.signIn(project, "Mia", "/console/workflows", { scopes });
  const { page, troubles } = visit;
  await page.getByText("No workflows yet").waitFor();
  const tessera = clientOf(shop.app, project);
  const { id } = await accepted(tessera.POST("/v1/workflows", { body: { name: hostile, ...definition } }));
  await page.reload();
  await page.getByRole("link", { name: /Thanks/ }).click();
  expect(await page.locator('[data-test="steps"] li').count()).toBe(3);
  expect(await page.locator("main").textContent()).toContain("50.00 EUR");
  await page.getByRole("link", { name: "Activate", exact: true }).click();
  expect(await accepted(tessera.GET("/v1/workflows/{id}", { params: { path: { id } } }))).toMatchObject({
    status: "draft",
  });
  await page.getByRole("button", { name: "Activate" }).click();
  await page.getByText("It is active").waitFor();
  const log = await accepted(tessera.GET("/v1/audit-log", { params: { query: { subject_type: "workflow" } } }));
  expect(log.data[0]).toMatchObject({ action: "status_changed", actor: { name: "Mia" } });
  await page.getByRole("button", { name: "Try it out" }).click();
  await page.locator('[data-test="dry-run"]', { hasText: "0 runs would have begun" }).waitFor();
  await page.getByLabel("From (UTC)").fill("2199-01-01T00:00");
  await page.getByRole("button", { name: "Try it out" }).click();
  await page.locator(".field.faulty", { hasText: "in the past" }).waitFor();
  for (const [verb, status] of [
    ["Pause", "paused"],
    ["Archive", "archived"],
  ] as const) {
    await page.goto(`/console/workflows/${id}`);
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
  await page.getByRole("link", { name: "eve", exact: true }).click();
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
  const path = { id: story.id };
  const runs = await accepted(clientOf(shop.app, project).GET("/v1/workflows/{id}/runs", { params: { path } }));
  const run = `/console/workflows/runs/${runs.data[0]?.id}`;
  for (const path of [`/console/workflows/${story.id}`, run, "/console/workflows"]) {
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

it("is composed step by step without a script, on a phone in the dark, and changed as a new version", async () => {
  const project = await shop.app.newProject();
  await setUpPromotion(project, { sub: { name: "Autumn harvest" } });
  await newCardCampaign(project, "Shop credit");
  await newEmailChannel(project, 2525, { name: "Newsletter" });
  await newTemplate(project, { name: "We miss you" });
  const phone = await shop.signIn(project, "Mia", "/console/workflows/new", {
    ...{ scopes, width: 390, colorScheme: "dark", scripts: false },
  });
  const { page } = phone;
  const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
  const step = (number: number) => page.getByRole("group", { name: `Step ${number}` });
  await page.getByLabel("Name (needed)").fill(hostile);
  await page.getByLabel("It begins when").selectOption("voucher.expiring");
  await press("Read back");
  await page.getByLabel("Days before (needed)").fill("soon");
  await page.getByLabel("Autumn harvest").check();
  await press("Add a condition");
  await page.getByLabel("Value", { exact: true }).fill("2");
  await step(1).getByLabel("What happens").selectOption("deliver");
  await press("Read back");
  await step(1).getByLabel("Channel").selectOption({ label: "Newsletter" });
  await press("Add a step");
  await step(2).getByLabel("What happens").selectOption("gift_credit");
  await press("Read back");
  await step(2).getByLabel("Credit").fill("5,50");
  await step(2).getByLabel("Gift cards of").selectOption({ index: 1 });
  await press("Create the draft");
  // What is wrong is said where it was typed, all of it at once, and nothing is lost.
  expect(await page.locator(".field.faulty").allTextContents()).toEqual([
    expect.stringContaining("A number, please."),
    expect.stringContaining("Please fill this in."),
  ]);
  expect(await page.getByLabel("Name (needed)").inputValue()).toBe(hostile);
  const tessera = clientOf(shop.app, project);
  expect((await accepted(tessera.GET("/v1/workflows"))).data).toEqual([]);
  await page.getByLabel("Days before (needed)").fill("5");
  await step(1).getByLabel("Template").selectOption({ label: "We miss you (email)" });
  await page.getByLabel("No messages from").fill("21:00");
  await page.getByLabel("until", { exact: true }).fill("08:00");
  await press("Move step 2 up");
  expect(await page.locator('[data-test="sentence"]').textContent()).toMatch(
    /^When a customer's voucher of Autumn harvest expires in 5 days and the number of the customer's paid orders is at least 2, put 5\.50 EUR on their gift card of Shop credit, then send We miss you \(email\) by Newsletter\.$/,
  );
  expect(await widerThanTheScreen(page)).toBeLessThanOrEqual(0);
  expect((await page.content()).length).toBeLessThan(100_000);
  await picture(phone, "console-workflow-form-phone");
  await press("Create the draft");
  await page.getByText("The draft is made.").waitFor();
  const { data } = await accepted(tessera.GET("/v1/workflows"));
  expect(data).toMatchObject([
    { name: hostile, status: "draft", version: 1, settings: { quiet_hours: { to: "08:00" } } },
  ]);
  await press("Try it out");
  await page.locator('[data-test="dry-run"]', { hasText: "0 runs would have begun" }).waitFor();
  expect(phone.troubles.filter((trouble) => !/400/.test(trouble))).toEqual([]);

  const visit = await shop.signIn(project, "Noor", `/console/workflows/${data[0]?.id}`, { scopes });
  const desk = visit.page;
  await desk.getByRole("link", { name: "Change" }).click();
  await desk.getByLabel("Name (needed)").fill("Vouchers that end soon");
  await desk.getByRole("button", { name: "Move step 2 up" }).press("Enter");
  await desk.locator('[data-test="sentence-steps.0"]', { hasText: "Send We miss you" }).waitFor();
  await desk.getByRole("button", { name: "Add a step" }).click();
  await desk.getByRole("group", { name: "Step 3" }).waitFor();
  await desk.waitForLoadState();
  await desk.getByRole("group", { name: "Step 3" }).getByLabel("What happens").selectOption("wait");
  await desk.getByLabel("Days (needed)").fill("3");
  await desk.getByRole("button", { name: "Move step 3 up" }).click();
  await desk.getByRole("button", { name: "Read back" }).click();
  // Somebody else was quicker: it is said, and saving again is a decision.
  const params = { path: { id: data[0]?.id ?? "" } };
  await accepted(tessera.PATCH("/v1/workflows/{id}", { params, body: { settings: { entry: "once" } } }));
  await desk.getByRole("button", { name: "Save" }).click();
  await desk.getByText("Somebody changed this workflow while you did").waitFor();
  await desk.getByRole("button", { name: "Save" }).click();
  await desk.getByText("Saved, as a new version").waitFor();
  expect(await desk.locator('[data-test="steps"] li').allTextContents()).toEqual([
    "Send We miss you by Newsletter",
    "Wait 3 days",
    expect.stringContaining("Put 5.50 EUR on their gift card of "),
  ]);
  expect(await accepted(tessera.GET("/v1/workflows/{id}", { params }))).toMatchObject({
    name: "Vouchers that end soon",
    version: 3,
    settings: { entry: "every_time" },
  });
  await desk.getByRole("link", { name: "Change" }).click();
  await desk.locator('[data-test="sentence"]', { hasText: "wait 3 days" }).waitFor();
  await desk.setViewportSize({ width: 1280, height: 1_930 });
  await picture(visit, "console-workflow-form");
  expect(await desk.evaluate("window.pwned")).toBeUndefined();
  expect(visit.troubles.filter((trouble) => !/409/.test(trouble))).toEqual([]);
});

it("write to a customer no more often together than is set for all of them, and as often as ever when it is taken back", async () => {
  const project = await shop.app.newProject();
  const { page } = await shop.signIn(project, "Mia", "/console/workflows", { scopes, scripts: false, width: 390 });
  const cap = async () => (await accepted(clientOf(shop.app, project).GET("/v1/workflow-settings"))).cap;
  await page.getByRole("link", { name: "For all workflows" }).click();
  await page.getByText("may get any number of messages").waitFor();
  await page.getByLabel("At most so many messages").fill("2");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".field.faulty", { hasText: "in any" }).waitFor();
  expect([await cap(), await page.getByLabel("At most so many messages").inputValue()]).toEqual([null, "2"]);
  await page.getByLabel("in any").fill("7");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("at most 2 messages in any 7 days").waitFor();
  expect(await cap()).toEqual({ deliveries_max: 2, days: 7 });
  for (const label of ["At most so many messages", "in any"]) await page.getByLabel(label).fill("");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("may get any number of messages").waitFor();
  expect(await cap()).toBeNull();
});
