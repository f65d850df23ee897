/** Segments: lists that are named by hand, and rules that are put together in a form and tried out before they are saved. */
import { expect, it } from "vitest";
import { accepted, type Schemas } from "../../api/client/client.ts";
import { clientOf } from "../support/client.ts";
import { useConsole } from "./support/console.ts";
import { picture, widerThanTheScreen } from "./support/dashboards.ts";

const shop = useConsole();
const scopes = ["manage"];
const hostile = `eve <script>window.pwned=1</script>"><img src=x onerror="window.pwned=1">`;

it("is a list: made with pasted customers, filled from a file, taken out of, renamed and deleted, without a script", async () => {
  const project = await shop.app.newProject();
  const tessera = clientOf(shop.app, project);
  const segments = async () => (await accepted(tessera.GET("/v1/segments"))).data;
  const visit = await shop.signIn(project, "Mia", "/console/segments", { scopes, scripts: false });
  const { page, troubles } = visit;
  await page.getByText("No segments yet").waitFor();
  await page.getByRole("link", { name: "New list" }).first().click();
  await page.getByLabel("Identifiers").fill(`ada\n${hostile}\nbob`);
  await page.getByRole("button", { name: "Make the list" }).click();
  // Refused for its name, it keeps what was pasted, and nobody was made.
  await page.locator(".field.faulty", { hasText: "Name" }).waitFor();
  expect(await page.getByLabel("Identifiers").inputValue()).toContain(hostile);
  expect((await accepted(tessera.GET("/v1/customers"))).data).toEqual([]);
  await page.getByLabel("Name").fill(hostile);
  await page.getByRole("button", { name: "Make the list" }).click();
  await page.getByText("3 customers entered.").waitFor();
  const [segment] = await segments();
  expect(segment).toMatchObject({ kind: "static", members_count: 3, name: hostile });
  const id = segment?.id ?? "";

  await page.goto(`/console/segments/${id}`);
  const file = { name: "m.csv", mimeType: "text/csv", buffer: Buffer.from("customer\nada\ncarla\n blank\n") };
  await page.getByLabel("Or a file").setInputFiles(file);
  await page.getByRole("button", { name: "Put them in" }).click();
  await page.getByText("1 customer entered.").waitFor();
  const told = await page.locator(".notice").textContent();
  expect(told).toContain("1 was in it already");
  expect(told).toContain("line 4:");
  await page.getByRole("button", { name: "Take out whoever is ticked" }).click();
  await page.getByText("Nobody was ticked.").waitFor();
  await page.goto(`/console/segments/${id}`);
  await page.getByLabel("Take out bob").check();
  await page.getByLabel(/Take out eve/).check();
  await page.getByRole("button", { name: "Take out whoever is ticked" }).click();
  await page.getByText("They were taken out.").waitFor();
  const left = await accepted(tessera.GET("/v1/segments/{id}/members", { params: { path: { id } } }));
  expect(left.data.map(({ identifier }) => identifier).sort()).toEqual(["ada", "carla"]);
  const moves = await accepted(tessera.GET("/v1/audit-log", { params: { query: { subject_type: "segment" } } }));
  expect(moves.data.map(({ action, after }) => [action, after?.count])).toEqual([
    ["members_removed", 2],
    ["members_added", 1],
    ["members_added", 3],
    ["created", undefined],
  ]);

  await page.getByLabel("Name").fill("vip");
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByText("Saved.").waitFor();
  await page.getByRole("link", { name: "Delete the segment" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByText("The segment was deleted").waitFor();
  expect(await segments()).toEqual([]);
  expect(troubles.filter((trouble) => !/400/.test(trouble))).toEqual([]);
});

it("is made by rules in a form that reads them aloud, tried out before it is saved and changed afterwards", async () => {
  const project = await shop.app.newProject();
  const tessera = clientOf(shop.app, project);
  const visit = await shop.signIn(project, "Noor", "/console/segments/new-by-rules", { scopes });
  const { page } = visit;
  await page.getByLabel("Name").fill("Regulars of the month");
  await page.getByRole("button", { name: "Save" }).click();
  // What is wrong is said beside the field of the condition, and the form is as it was.
  await page.locator(".condition .field.faulty", { hasText: "Value" }).waitFor();
  expect(await page.getByLabel("Name").inputValue()).toBe("Regulars of the month");
  await page.getByLabel("Value").fill("3");
  await page.getByLabel("In the last").fill("30");
  await page.getByRole("button", { name: "Add a condition" }).click();
  const second = page.locator(".condition").nth(1);
  await second.getByLabel("Fact").selectOption({ label: "Customer's attribute" });
  await page.getByRole("button", { name: "Update the form" }).click();
  await second.getByLabel("Its name in your shop").fill("city");
  await second.getByLabel("Is compared").selectOption("any_of");
  await page.getByRole("button", { name: "Update the form" }).click();
  await second.getByLabel("Values").fill("Berlin, Hamburg");
  await page.getByRole("button", { name: "Who would be in it?" }).click();
  await page.locator('[data-test="preview"]', { hasText: "0 of 0 customers" }).waitFor();
  await picture(visit, "console-segment-rules");
  await second.getByLabel("Values").fill(`Berlin, ${hostile.replaceAll(",", "")}`);
  await page.getByRole("button", { name: "Who would be in it?" }).click();
  await page.locator('[data-test="preview"]', { hasText: "0 of 0 customers" }).waitFor();
  const read = await page.locator('[data-test="sentence"]').textContent();
  expect(read).toContain("in the last 30 days is at least 3 and");
  expect(read).toContain("<script>");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The segment was made.").waitFor();
  const [segment] = (await accepted(tessera.GET("/v1/segments"))).data;
  expect(segment?.rules).toEqual({
    all: [
      { on: "customer.orders_count", op: "greater_or_equal", value: 3, window_days: 30 },
      { on: "customer.attributes.city", op: "any_of", value: ["Berlin", hostile] },
    ],
  });
  await page.getByText("evaluating", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Change the rules" }).click();
  expect(await page.getByLabel("In the last").inputValue()).toBe("30");
  await page.getByRole("button", { name: "Remove condition 2" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Everybody is looked at by the new rules").waitFor();
  const changed = accepted(tessera.GET("/v1/segments/{id}", { params: { path: { id: segment?.id ?? "" } } }));
  expect((await changed).rules).toMatchObject({ all: [{ on: "customer.orders_count" }] });
  expect(await page.evaluate("window.pwned")).toBeUndefined();
});

it("fits a phone, and reads to an analyst who changes nothing", async () => {
  const project = await shop.app.newProject();
  const tessera = clientOf(shop.app, project);
  const flat = { on: "customer.points", op: "greater_than" as const, value: 10 };
  const nested: Schemas["Rule"] = {
    all: [flat, { any: [flat, { on: "customer.birthday", op: "exists", value: true }] }],
  };
  const made = await accepted(tessera.POST("/v1/segments", { body: { name: "deep", rules: nested } }));
  const listed = await accepted(tessera.POST("/v1/segments", { body: { name: "list" } }));
  const customers = Array.from({ length: 60 }, (_, n) => `customer-${n}`);
  const ofList = { params: { path: { id: listed.id } } };
  await accepted(tessera.POST("/v1/segments/{id}/members", { ...ofList, body: { customers } }));
  const { page, troubles } = await shop.signIn(project, "Pia", "/console/segments", {
    scopes,
    width: 390,
    colorScheme: "dark",
  });
  const own = [`/console/segments/${made.id}`, `/console/segments/${made.id}/rules`, `/console/segments/${listed.id}`];
  for (const path of [
    ...own,
    "/console/segments",
    "/console/segments/new",
    "/console/segments/new-by-rules",
    `${own[2]}/delete`,
  ]) {
    const response = await page.goto(path);
    expect([path, response?.status()]).toEqual([path, 200]);
    expect((await response?.body())?.length, path).toBeLessThan(100_000);
    expect(await widerThanTheScreen(page), path).toBeLessThanOrEqual(0);
  }
  await page.goto(own[1] ?? "");
  await page.getByText("groups inside groups").waitFor();
  await page.goto(own[2] ?? "");
  await page.getByRole("link", { name: "Next page" }).click();
  expect(await page.locator('input[name="customers"]').count()).toBe(10);
  expect(troubles).toEqual([]);
  const analyst = await shop.signIn(project, "Ana", own[2] ?? "", { scopes: ["analytics"] });
  expect(await analyst.page.getByRole("button", { name: "Put them in" }).count()).toBe(0);
  expect((await analyst.page.goto(`${own[2]}/delete`))?.status()).toBe(403);
  const stranger = await shop.signIn(await shop.app.newProject(), "Sam", "/console", { scopes });
  for (const path of own) expect([path, (await stranger.page.goto(path))?.status()]).toEqual([path, 404]);
});
