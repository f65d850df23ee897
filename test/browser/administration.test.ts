/** Members, keys and the audit log, as an owner uses them; names are strangers' texts. */
import { beforeAll, expect, it } from "vitest";
import { accepted, type Tessera } from "../../api/client/client.ts";
import type { TestProject } from "../support/app.ts";
import { clientOf } from "../support/client.ts";
import { useConsole } from "./support/console.ts";
import { patience, picture, widerThanTheScreen } from "./support/dashboards.ts";

const admin = useConsole();
const scopes = ["admin"];
const hostile = `Mallory <script>window.pwned=1</script>"><img src=x onerror="window.pwned=1">\u202egnp`;

let project: TestProject;
let tessera: Tessera;

beforeAll(async () => {
  project = await admin.app.newProject();
  tessera = clientOf(admin.app, project);
});

it("lets an owner add a member, who signs in with the key that was shown once, until they are removed", async () => {
  const { page, troubles } = await admin.signIn(project, "Olga", "/console/members", { scopes });
  await page.getByText("Nobody yet").waitFor();
  await page.getByRole("link", { name: "Add a member" }).first().click();
  await page.getByLabel("E-mail").fill("not an address");
  await page.getByRole("radio", { name: /Cashier/ }).check();
  await page.getByRole("button", { name: "Add the member" }).click();
  // Both faults at once, what was typed is kept, and nobody was added.
  await page.locator(".notice.bad", { hasText: "name" }).waitFor();
  expect(await page.locator(".field.faulty").count()).toBe(2);
  expect(await page.getByLabel("E-mail").inputValue()).toBe("not an address");
  expect(await page.getByRole("radio", { name: /Cashier/ }).isChecked()).toBe(true);
  await page.getByLabel("Name").fill(hostile);
  await page.getByLabel("E-mail").fill("mallory@shop.example");
  await page.getByRole("button", { name: "Add the member" }).dblclick();
  const text = await page.getByLabel("The key").inputValue();
  expect(text).toMatch(/^tsk_[\w-]{43}$/);
  await page.getByRole("link", { name: "I have copied it" }).click();
  await page.getByRole("cell", { name: "Cashier" }).waitFor();
  expect(await page.content()).not.toContain(text);
  expect(await page.evaluate("window.pwned")).toBeUndefined();

  const { data } = await accepted(tessera.GET("/v1/members"));
  const path = { id: data.find(({ role }) => role === "cashier")?.id ?? "" };
  const theirs = await admin.visit({ width: 390 });
  await theirs.page.goto("/console/members");
  expect(await theirs.page.locator("main").textContent()).toContain("an owner made for you");
  await theirs.page.getByLabel("Secret key").fill(text);
  await theirs.page.getByRole("button", { name: "Sign in" }).click();
  await theirs.page.getByText("need a key with the scope admin").waitFor();
  await theirs.page.goto("/console");
  expect(await theirs.page.getByRole("link", { name: "Members", includeHidden: true }).count()).toBe(0);

  await page.getByRole("link", { name: /Mallory/ }).click();
  await page.getByRole("radio", { name: /Owner/ }).check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  await expect
    .poll(async () => (await theirs.page.goto("/console/members"))?.status(), { timeout: patience })
    .toBe(200);
  // The last owner stays.
  await page.getByRole("link", { name: "Remove the member" }).click();
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByText("The last owner can be neither removed").waitFor();
  const refused = await tessera.PATCH("/v1/members/{id}", { params: { path }, body: { role: "cashier" } });
  expect(refused.response.status).toBe(409);
  await accepted(tessera.POST("/v1/members", { body: { name: "Second", role: "owner" } }));
  await page.goto(`/console/members/${path.id}/remove`);
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByText("The member was removed").waitFor();
  await expect
    .poll(async () => (await theirs.page.goto("/console/members")) && new URL(theirs.page.url()).pathname, {
      timeout: patience,
    })
    .toBe("/console/sign-in");
  const expected = /answer (400|403|409)|status of (400|403|409)/;
  expect([...troubles, ...theirs.troubles].filter((trouble) => !expected.test(trouble))).toEqual([]);
});

it("makes a key with scopes, shows it once, replaces it with a grace and revokes it, without a script", async () => {
  const visit = await admin.signIn(project, "Kim", "/console/keys", { scopes, scripts: false, width: 390 });
  const { page } = visit;
  await page.getByRole("link", { name: "Make a key" }).click();
  await page.getByLabel("Name").fill("Till <b>7</b>");
  await page.getByRole("checkbox", { name: /^checkout/ }).uncheck();
  await page.getByRole("button", { name: "Make the key" }).click();
  await page.locator(".notice.bad", { hasText: "scopes" }).waitFor();
  await page.getByRole("checkbox", { name: /^analytics/ }).check();
  await page.getByRole("button", { name: "Make the key" }).click();
  const first = await page.getByLabel("The key").inputValue();
  const ask = async (key: string) =>
    (await project.request("GET", "/v1/customers", undefined, { authorization: `Bearer ${key}` })).status;
  expect(await ask(first)).toBe(200);
  await page.getByRole("link", { name: "I have copied it" }).click();
  expect(await page.content()).not.toContain(first);
  await page.getByRole("link", { name: `Rotate …${first.slice(-4)}` }).click();
  await page.getByLabel("The old key ends").selectOption({ label: "in an hour" });
  await page.getByRole("button", { name: "Make the new key" }).click();
  const second = await page.getByLabel("The key").inputValue();
  expect([await ask(first), await ask(second)]).toEqual([200, 200]);
  await page.goto("/console/keys");
  await page.getByRole("link", { name: `Revoke …${second.slice(-4)}` }).click();
  await page.getByRole("button", { name: "Revoke" }).click();
  await page.getByText("The key was revoked").waitFor();
  expect([await ask(first), await ask(second)]).toEqual([200, 401]);
  expect(await widerThanTheScreen(page)).toBeLessThanOrEqual(0);
});

it("shows who changed what, before and after, by subject, person and time", async () => {
  const ada = await accepted(tessera.POST("/v1/members", { body: { name: "Ada L.", role: "manager" } }));
  const hers = clientOf(admin.app, { key: ada.key?.text ?? "" });
  const { id } = await accepted(hers.POST("/v1/pools", { body: { name: hostile } }));
  const change = { params: { path: { id } }, body: { name: "Cards", low_stock: 5 } };
  await accepted(hers.PATCH("/v1/pools/{id}", change));
  const visit = await admin.signIn(project, "Ola", "/console/audit-log", { scopes });
  const { page, troubles } = visit;
  await picture(visit, "console-audit-log");
  await page.getByLabel("Of what").selectOption("pool");
  await page.getByLabel("By whom").selectOption({ label: "Ada L." });
  await page.getByRole("button", { name: "Show" }).click();
  expect(await page.locator("tbody tr").count()).toBe(2);
  const newest = page.locator("tbody tr").first();
  expect(await newest.locator("ins").allTextContents()).toEqual(["5", "Cards"]);
  expect(await newest.locator("del").textContent()).toContain("Mallory <script>");
  await newest.getByRole("link").first().click();
  expect(await page.locator("main").textContent()).toContain(id);
  await page.goto("/console/audit-log?to=2001-01-01T00:00");
  await page.getByText("Nothing was changed").waitFor();
  expect(await page.evaluate("window.pwned")).toBeUndefined();
  expect(troubles).toEqual([]);
  await page.goto("/console/audit-log?from=yesterday&subject_type=weather");
  expect(await page.locator(".faults li").count()).toBe(2);
});

it("fits a phone in the dark, in few bytes, and shows another project's to nobody", async () => {
  const [member] = (await accepted(tessera.GET("/v1/members"))).data;
  const [entry] = (await accepted(tessera.GET("/v1/audit-log"))).data;
  const keys = (await accepted(tessera.GET("/v1/keys"))).data;
  const key = keys.find((one) => one.member_id === null && one.revoked_at === null);
  const paths = [
    `/console/members/${member?.id}`,
    `/console/members/${member?.id}/remove`,
    `/console/keys/${key?.id}/rotate`,
    `/console/keys/${key?.id}/revoke`,
    `/console/audit-log/${entry?.id}`,
  ];
  const phone = { scopes, width: 390, colorScheme: "dark" } as const;
  const visit = await admin.signIn(project, "Pia", "/console/members", phone);
  for (const path of [
    "/console/members",
    "/console/members/new",
    "/console/keys",
    "/console/keys/new",
    ...paths,
    "/console/audit-log",
  ]) {
    const response = await visit.page.goto(path);
    expect([path, response?.status()]).toEqual([path, 200]);
    expect((await response?.body())?.length, path).toBeLessThan(100_000);
    expect(await widerThanTheScreen(visit.page), path).toBeLessThanOrEqual(0);
    if (path === "/console/members" || path === paths[0])
      await picture(visit, `console-${path.split("/")[2]}-${path.length}`);
  }
  expect(visit.troubles).toEqual([]);
  const stranger = await admin.signIn(await admin.app.newProject(), "Sam", "/console", { scopes });
  for (const path of paths) expect([path, (await stranger.page.goto(path))?.status()]).toEqual([path, 404]);
});
