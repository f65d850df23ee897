/** Messages to customers as a manager follows them: what became of each, trying again, and who is not written to. */
import { expect, it } from "vitest";
import { accepted } from "../../api/client/client.ts";
import { clientOf } from "../support/client.ts";
import { newCustomer, newEmailChannel, newTemplate, order, work } from "../support/messages.ts";
import { useConsole } from "./support/console.ts";
import { picture, widerThanTheScreen } from "./support/dashboards.ts";

const shop = useConsole();
const scopes = ["manage"];
const hostile = `Mail <script>window.pwned=1</script>"><img src=x onerror="window.pwned=1">`;

it("are listed with why they were not sent, looked at attempt by attempt, and tried again", async () => {
  const project = await shop.app.newProject();
  const visit = await shop.signIn(project, "Mia", "/console/deliveries", { scopes });
  const { page, troubles } = visit;
  await page.getByText("No messages").waitFor();
  // Nobody listens there: an attempt fails, and is made again later.
  const channelId = await newEmailChannel(project, 9, { name: hostile });
  const templateId = await newTemplate(project, { name: hostile });
  const at = new Date();
  const willing = await newCustomer(project);
  const unwilling = await newCustomer(project, { consent: { email: false } });
  const tried = await order(shop.app, project, { channelId, templateId, customerId: willing }, at);
  await work(shop.app, project, tried.id, at);
  const skipped = await order(shop.app, project, { channelId, templateId, customerId: unwilling }, at);
  expect(skipped).toMatchObject({ status: "skipped", reason: "no_consent" });

  await page.reload();
  expect(await page.locator("tbody tr").count()).toBe(2);
  await picture(visit, "console-deliveries");
  await page.getByLabel("Status").selectOption("skipped");
  await page.getByRole("button", { name: "Show" }).click();
  expect(await page.locator("tbody tr").count()).toBe(1);
  await page.locator("tbody a").first().click();
  await page.getByText("no consent").waitFor();
  // Whether it may be sent is asked once more, when its turn comes.
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("It is queued again").waitFor();
  await page.goto(`/console/deliveries/${tried.id}`);
  expect(await page.locator("table tbody tr").count()).toBe(1);
  const params = { path: { id: tried.id } };
  const one = await accepted(clientOf(shop.app, project).GET("/v1/deliveries/{id}", { params }));
  expect(await page.locator("table tbody").textContent()).toContain(one.attempts_log[0]?.outcome);
  expect(await page.evaluate("window.pwned")).toBeUndefined();
  expect(troubles.filter((trouble) => !/40[09]/.test(trouble))).toEqual([]);
  await page.goto("/console/deliveries?from=yesterday");
  expect(await page.locator(".faults li").count()).toBe(1);

  const stranger = await shop.signIn(await shop.app.newProject(), "Sam", "/console", { scopes });
  expect((await stranger.page.goto(`/console/deliveries/${tried.id}`))?.status()).toBe(404);
});

it("leave suppressed addresses alone, which are put on the list and taken off it, on a phone and without a script", async () => {
  const project = await shop.app.newProject();
  const phone = { scopes, scripts: false, width: 390, colorScheme: "dark" } as const;
  const { page } = await shop.signIn(project, "Noor", "/console/suppressions", phone);
  const suppressed = async () => (await accepted(clientOf(shop.app, project).GET("/v1/suppressions"))).data;
  await page.getByRole("button", { name: "Never write to it again" }).click();
  await page.locator(".field.faulty", { hasText: "Address" }).waitFor();
  await page.getByLabel("Address").fill("nobody@");
  await page.getByRole("button", { name: "Never write to it again" }).click();
  await page.getByText("Expected an e-mail address.").first().waitFor();
  expect(await page.getByLabel("Address").inputValue()).toBe("nobody@");
  await page.getByLabel("Address").fill("Nobody@People.example");
  await page.getByRole("button", { name: "Never write to it again" }).click();
  await page.getByText("The address is not written to any more.").waitFor();
  expect(await suppressed()).toMatchObject([{ reason: "manual" }]);
  for (const path of ["/console/suppressions", "/console/deliveries"]) {
    const response = await page.goto(path);
    expect((await response?.body())?.length, path).toBeLessThan(100_000);
    expect(await widerThanTheScreen(page), path).toBeLessThanOrEqual(0);
  }
  await page.goto("/console/suppressions");
  await page.getByRole("button", { name: /Take off the list/ }).click();
  await page.getByText("The address may be written to again.").waitFor();
  expect(await suppressed()).toEqual([]);
  const till = await shop.signIn(project, "Till", "/console", { scopes: ["checkout"] });
  for (const path of ["/console/suppressions", "/console/deliveries"]) {
    expect([path, (await till.page.goto(path))?.status()]).toEqual([path, 403]);
  }
});
