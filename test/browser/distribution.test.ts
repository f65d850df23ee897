/** Channels, templates and subscriptions to events, as a manager sets them up; names are strangers' texts. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { accepted, type Tessera } from "../../api/client/client.ts";
import { attempt } from "../../api/event-subscriptions/attempt.ts";
import { claimDue } from "../../api/event-subscriptions/claim.ts";
import { fanOut } from "../../api/event-subscriptions/fan-out.ts";
import { readBodies } from "../../api/event-subscriptions/send.ts";
import { settle } from "../../api/event-subscriptions/settle.ts";
import { workOnce } from "../../api/list-exports/work.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import type { TestProject } from "../support/app.ts";
import { clientOf } from "../support/client.ts";
import { type MailServer, startMailServer } from "../support/mail-server.ts";
import { newEmailChannel, newTemplate } from "../support/messages.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { useConsole } from "./support/console.ts";
import { patience, picture, widerThanTheScreen } from "./support/dashboards.ts";

const shop = useConsole();
const scopes = ["manage"];
const hostile = `Mail <script>window.pwned=1</script>"><img src=x onerror="window.pwned=1">\u202egnp`;
const password = "correct horse battery";

let project: TestProject;
let tessera: Tessera;
let mail: MailServer;
let receiver: Receiver;
let answer = 500;

beforeAll(async () => {
  project = await shop.app.newProject();
  tessera = clientOf(shop.app, project);
  mail = await startMailServer(
    {},
    {
      allowInsecureAuth: true,
      onAuth: (given, _, done) =>
        given.password === password ? done(null, { user: given.username }) : done(new Error("wrong password")),
    },
  );
  receiver = await startReceiver((response) => response.writeHead(answer).end("<b>said</b>"));
});

afterAll(async () => {
  await mail.close();
  await receiver.close();
});

it("makes a channel for e-mail once, tries it, changes it without its credentials, pauses and deletes it", async () => {
  const visit = await shop.signIn(project, "Mia", "/console/channels", { scopes });
  const { page, troubles } = visit;
  await page.getByText("No channels yet").waitFor();
  await page.getByRole("link", { name: "New channel" }).first().click();
  await page.getByRole("link", { name: /E-mail/ }).click();
  await page.getByLabel("Name (needed)").fill(hostile);
  await page.getByLabel("Port").fill("many");
  await page.getByLabel("Sender's address").fill("shop@shop.example");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Make the channel" }).click();
  // Everything that is wrong beside its field, what was typed kept, what is secret not.
  await page.locator(".field.faulty", { hasText: "Mail server" }).waitFor();
  await page.locator(".field.faulty", { hasText: "Port" }).waitFor();
  expect(await page.getByLabel("Name (needed)").inputValue()).toBe(hostile);
  expect(await page.content()).not.toContain(password);
  await page.getByLabel("Mail server").fill("127.0.0.1");
  await page.getByLabel("Port").fill(String(mail.port));
  await page.getByLabel("Encryption").selectOption("none");
  await page.getByLabel("User", { exact: true }).fill("shop");
  await page.getByLabel("Password").fill(password);
  await page.getByLabel("At most", { exact: true }).fill("100");
  await page.getByLabel("in", { exact: true }).first().fill("60");
  await page.getByLabel("of which at once").fill("5");
  await page.getByRole("button", { name: "Make the channel" }).dblclick();
  await page.getByText("The channel was made.").waitFor();
  const { data } = await accepted(tessera.GET("/v1/channels"));
  expect(data).toMatchObject([{ name: hostile, has_credentials: true, rate_limit: { count: 100, burst: 5 } }]);

  await page.getByLabel("To (needed)").fill("nobody@");
  await page.getByRole("button", { name: "Send the test" }).click();
  await page.locator(".field.faulty", { hasText: "Expected an e-mail address" }).waitFor();
  await page.getByLabel("To (needed)").fill("me@shop.example");
  await page.getByRole("button", { name: "Send the test" }).click();
  await page.getByText("It was taken.").waitFor();
  await page.getByRole("link", { name: "Change" }).click();
  expect(await page.content()).not.toContain(password);
  await page.getByLabel("Sender's name").fill("Roastery");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  await page.getByLabel("To (needed)").fill("me@shop.example");
  await page.getByRole("button", { name: "Send the test" }).click();
  await page.getByText("It was taken.").waitFor();
  expect(mail.mails[1]?.raw).toContain("From: Roastery <shop@shop.example>");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("It is paused").waitFor();
  await page.getByRole("link", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByText("The channel was deleted").waitFor();
  expect((await accepted(tessera.GET("/v1/channels"))).data).toEqual([]);
  expect(await page.evaluate("window.pwned")).toBeUndefined();
  expect(troubles.filter((trouble) => !/400/.test(trouble))).toEqual([]);
});

it("describes a provider's request on a phone without a script, and keeps what is secret in it to itself", async () => {
  const phone = { scopes, scripts: false, width: 390, colorScheme: "dark" } as const;
  const visit = await shop.signIn(project, "Noor", "/console/channels/new?kind=sms", phone);
  const { page } = visit;
  await page.getByLabel("Name (needed)").fill("Texts");
  await page.getByLabel("URL").fill(receiver.url);
  await page.getByLabel("Headers").fill("authorization Bearer");
  await page.getByRole("button", { name: "Make the channel" }).click();
  await page.locator(".field.faulty", { hasText: "Line 1" }).waitFor();
  await page.getByLabel("Headers").fill("authorization: Bearer literal-secret\nx-shop: {{ credentials.token }}");
  await page.getByLabel("Name of credential 1").fill("token");
  await page.getByLabel("Credential 1", { exact: true }).fill("sealed-secret");
  await page.getByLabel("No such address, says the answer").fill("/code = 21211, gone");
  expect(await widerThanTheScreen(page)).toBeLessThanOrEqual(0);
  await page.getByRole("button", { name: "Make the channel" }).click();
  await page.getByText("The channel was made.").waitFor();
  await page.getByRole("link", { name: "Change" }).click();
  expect(await page.content()).not.toMatch(/literal-secret|sealed-secret/);
  await page.getByLabel("Name (needed)").fill("Text messages");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  await page.getByLabel("To (needed)").fill("+49 151 12345678");
  await page.getByRole("button", { name: "Send the test" }).click();
  await page.getByText("a real message would be tried again later").waitFor();
  expect(receiver.received.at(-1)).toMatchObject({
    headers: { authorization: "Bearer literal-secret", "x-shop": "sealed-secret" },
    body: '{"to":"+4915112345678","text":"This is a test of a channel."}',
  });
  const [channel] = (await accepted(tessera.GET("/v1/channels"))).data;
  await picture(visit, "console-channel-phone");
  expect(channel?.settings).toMatchObject({ bounced_when: [{ pointer: "/code", any_of: [21211, "gone"] }] });
  expect(await widerThanTheScreen(page)).toBeLessThanOrEqual(0);
});

it("writes a template with what a customer would read, in two languages, each fault at its text", async () => {
  const visit = await shop.signIn(project, "Tess", "/console/templates/new?kind=email", { scopes });
  const { page, troubles } = visit;
  const style = "<p style='color: rgb(1, 2, 3)'>For {{ customer.name }}<script>parent.pwned=1</script></p>";
  await page.getByLabel("Name (needed)").fill("Your coffee");
  await page.getByLabel("Subject").fill("Hello {{ customer.nmae }}");
  await page.getByLabel("Text").fill("Your code: {{ voucher.code }");
  await page.getByRole("button", { name: "Make the template" }).click();
  await page.locator(".field.faulty", { hasText: "There is no variable customer.nmae" }).waitFor();
  await page.locator(".field.faulty", { hasText: "line:1" }).waitFor();
  expect(await page.getByLabel("Text").inputValue()).toBe("Your code: {{ voucher.code }");
  await page.getByLabel("Subject").fill("Hello {{ customer.name }}");
  await page.getByLabel("Text").fill("Your code: {{ voucher.code }}");
  await page.getByLabel("HTML").fill(style);
  await page.getByRole("button", { name: "Preview", exact: true }).last().click();
  expect(await page.locator("[data-part=subject]").textContent()).toBe("Hello Ada Example");
  // Drawn as it is styled, and able to do nothing.
  const drawn = page.frameLocator("iframe").locator("p");
  expect(await drawn.textContent()).toContain("For Ada Example");
  expect(await drawn.evaluate("getComputedStyle(document.querySelector('p')).color")).toBe("rgb(1, 2, 3)");
  await picture(visit, "console-template");
  await page.getByRole("button", { name: "Add a language" }).click();
  await page.getByLabel("Language (needed)", { exact: true }).nth(1).fill("de");
  await page.getByLabel("Subject").nth(1).fill("Hallo {{ customer.name }}");
  await page.getByRole("button", { name: "Make the template" }).click();
  await page.locator(".field.faulty", { hasText: "May not be blank." }).waitFor();
  await page.getByLabel("Text").nth(1).fill("Dein Code: {{ voucher.code }}");
  await page.getByRole("button", { name: "Make the template" }).dblclick();
  await page.getByText("The template was made.").waitFor();
  await page.getByLabel("Language").selectOption("de");
  await page.getByRole("button", { name: "Show" }).click();
  expect(await page.locator("[data-part=subject]").textContent()).toBe("Hallo Ada Example");
  const { data } = await accepted(tessera.GET("/v1/templates"));
  expect(data).toMatchObject([{ version: 1, languages: { en: { html: style }, de: {} } }]);
  // Looked at and saved as it is, it has no second version.
  await page.getByRole("link", { name: "Change" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  expect((await accepted(tessera.GET("/v1/templates"))).data).toMatchObject([{ version: 1 }]);
  expect(await page.evaluate("window.pwned")).toBeUndefined();
  expect(troubles.filter((trouble) => !/400|sandboxed/.test(trouble))).toEqual([]);
});

it("subscribes to events with a secret that is shown once, follows what was sent, and sends it again", async () => {
  const visit = await shop.signIn(project, "Sven", "/console/event-subscriptions", { scopes });
  const { page, troubles } = visit;
  await page.getByRole("link", { name: "Subscribe to events" }).first().click();
  await page.getByLabel("URL").fill("http://10.0.0.1/hook");
  await page.getByLabel("Or single types").fill("pool.low_stock\nnothing.here");
  await page.getByRole("button", { name: "Subscribe" }).click();
  await page.locator(".notice.bad").waitFor();
  await page.getByLabel("URL").fill(receiver.url);
  await page.getByRole("button", { name: "Subscribe" }).click();
  await page.locator(".fault", { hasText: "no. 2" }).waitFor();
  await page.getByLabel("Or single types").fill("pool.low_stock");
  await page.getByLabel("redemption.*").check();
  await page.getByLabel("Note").fill(hostile);
  await page.getByRole("button", { name: "Subscribe" }).dblclick();
  const secret = await page.getByLabel("The secret").inputValue();
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  await page.getByRole("link", { name: "I have copied it" }).click();
  await page.getByText("Nothing yet").waitFor();
  expect(await page.content()).not.toContain(secret);
  const { data } = await accepted(tessera.GET("/v1/event-subscriptions"));
  expect(data).toMatchObject([{ types: ["redemption.*", "pool.low_stock"], description: hostile }]);
  const id = data[0]?.id ?? "";
  await page.getByRole("button", { name: "Send a test" }).click();
  await page.getByText("HTTP 500").waitFor();

  await sendOne(id);
  await page.goto(`/console/event-subscriptions/${id}`);
  await page.getByRole("link", { name: "pool.low_stock" }).click();
  await page.getByRole("cell", { name: "<b>said</b>" }).waitFor();
  await page.getByRole("button", { name: "Send it again" }).click();
  await page.getByText("It waits to be sent again").waitFor();
  answer = 200;
  await page.goto(`/console/event-subscriptions/${id}/rotate`);
  await page.getByRole("button", { name: "Make the new secret" }).dblclick();
  expect(await page.getByLabel("The secret").inputValue()).not.toBe(secret);
  await page.getByRole("link", { name: "I have copied it" }).click();
  await page.getByText("the one before signs too").waitFor();
  await page.getByRole("button", { name: "Disable" }).click();
  await page.getByText("by hand").waitFor();
  await page.getByRole("button", { name: "Enable again" }).click();
  await page.getByText("It is active again").waitFor();
  await page.getByLabel("From (UTC)").fill("2026-01-02T00:00");
  await page.getByLabel("Before (UTC)").fill("2026-01-01T00:00");
  await page.getByRole("button", { name: "Send them again" }).click();
  await page.locator(".field.faulty", { hasText: "ends before it begins" }).waitFor();
  await page.getByLabel("Before (UTC)").fill("2026-01-03T00:00");
  await page.getByRole("button", { name: "Send them again" }).click();
  await page.getByText("0 events sent again").waitFor();
  await picture(visit, "console-subscription");
  expect(await page.evaluate("window.pwned")).toBeUndefined();
  expect(troubles.filter((trouble) => !/400/.test(trouble))).toEqual([]);
});

it("exports a list once, tells each fault, and hands out the file", async () => {
  const { page, troubles } = await shop.signIn(project, "Lea", "/console/list-exports", { scopes });
  const segment = await accepted(tessera.POST("/v1/segments", { body: { name: hostile } }));
  const params = { path: { id: segment.id } };
  await accepted(tessera.POST("/v1/segments/{id}/members", { params, body: { customers: ["=ada"] } }));
  await page.getByRole("link", { name: "Export a list" }).first().click();
  await page.getByRole("checkbox", { name: "code", exact: true }).check();
  await page.getByLabel("Members of").selectOption(segment.id);
  await page.getByRole("radio", { name: /sent to a URL/ }).check();
  await page.getByRole("textbox", { name: "URL" }).fill("https://10.0.0.1/list?signature=very-secret");
  await page.getByRole("button", { name: "Export the list" }).click();
  await page.locator(".field.faulty", { hasText: "Name the campaign" }).waitFor();
  expect(await page.content()).not.toContain("very-secret");
  await page.getByRole("checkbox", { name: "code", exact: true }).uncheck();
  await page.getByRole("radio", { name: "A file to download" }).check();
  await page.getByRole("button", { name: "Export the list" }).dblclick();
  await page.getByText("The list is being written.").waitFor();
  expect(await page.locator("tbody tr").count()).toBe(1);
  while (await workOnce(shop.app.deps, () => new Date()));
  await page.reload();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: /Download/ }).click();
  expect(await readFile(await (await download).path(), "utf8")).toBe("identifier\r\n'=ada\r\n");
  expect(await page.evaluate("window.pwned")).toBeUndefined();
  expect(troubles.filter((trouble) => !/400/.test(trouble))).toEqual([]);
});

it("stays small and narrow, says once that a form came twice, and shows nothing to others", async () => {
  const phone = { scopes, scripts: false, width: 390 } as const;
  const { page } = await shop.signIn(project, "Kim", "/console/event-subscriptions/new", phone);
  const channel = await newEmailChannel(project, 25);
  await shop.app.pool.query(
    `insert into channel select (jsonb_populate_record(c, jsonb_build_object('id', 'chn_' || n, 'name', n || repeat('<&', 98)))).*
     from channel c, generate_series(1, 50) n where c.id = $1`,
    [channel],
  );
  const template = await newTemplate(project, { name: hostile });
  const body = { url: receiver.url, types: "all" as const };
  const { id: subscription } = await accepted(tessera.POST("/v1/event-subscriptions", { body }));
  // Without a script a second press sends the form again: it makes one, and says where the secret was.
  await page.getByLabel("URL").fill("https://shop.example/hooks");
  await page.getByRole("radio", { name: /Every event/ }).check();
  const form = page.waitForRequest((request) => request.method() === "POST");
  await page.getByRole("button", { name: "Subscribe" }).click();
  await page.getByLabel("The secret").waitFor();
  const again = await page.request.post("/console/event-subscriptions", {
    data: (await form).postData() ?? "",
    headers: { "content-type": "application/x-www-form-urlencoded", origin: shop.baseUrl },
  });
  expect(await again.text()).toContain("was followed once");
  const all = (await accepted(tessera.GET("/v1/event-subscriptions"))).data;
  expect(all.filter(({ url }) => url === "https://shop.example/hooks")).toHaveLength(1);

  const pages = [
    ...[
      "/console/channels",
      "/console/channels/new",
      `/console/channels/${channel}`,
      `/console/channels/${channel}/edit`,
    ],
    ...["/console/templates", `/console/templates/${template}`, `/console/templates/${template}/edit`],
    ...["/console/list-exports", "/console/list-exports/new", "/console/templates/new?kind=popup"],
    ...["", "/new", `/${subscription}`, `/${subscription}/edit`].map((path) => `/console/event-subscriptions${path}`),
  ];
  for (const path of pages) {
    const response = await page.goto(path);
    expect([path, response?.status()]).toEqual([path, 200]);
    expect((await response?.body())?.length, path).toBeLessThan(100_000);
    expect(await widerThanTheScreen(page), path).toBeLessThanOrEqual(0);
  }
  const stranger = await shop.signIn(await shop.app.newProject(), "Sam", "/console", { scopes });
  const till = await shop.signIn(project, "Till", "/console", { scopes: ["checkout"] });
  for (const path of [`channels/${channel}`, `templates/${template}`, `event-subscriptions/${subscription}`]) {
    expect([path, (await stranger.page.goto(`/console/${path}`))?.status()]).toEqual([path, 404]);
    expect([path, (await till.page.goto(`/console/${path}`))?.status()]).toEqual([path, 403]);
  }
});

/** An event happens, and is sent once. */
async function sendOne(subscription: string): Promise<void> {
  const { db, deps } = shop.app;
  const payload = { pool_id: "plc_1", name: "Cinema", left: 1, low_stock: 5 };
  const at = { occurred_at: "2026-01-01T00:00:00.000Z", version: 1 as const };
  const event = { event_id: "evt_1", project_id: project.projectId, type: "pool.low_stock" as const, payload, ...at };
  await appendEvents(db, [event]);
  const params = { path: { id: subscription } };
  const sent = async () => (await accepted(tessera.GET("/v1/event-subscriptions/{id}/deliveries", { params }))).data;
  await expect.poll(async () => fanOut(db).then(sent), { timeout: patience }).toHaveLength(1);
  const now = new Date();
  const claimed = await claimDue(db, 10, now);
  const bodies = await readBodies(db, claimed);
  await settle(db, await Promise.all(claimed.map((one) => attempt(deps, one, bodies.get(one), now))), () => 0);
}
