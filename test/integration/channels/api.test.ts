import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { rewritePlaces } from "../../../api/erasures/rewrite-places.ts";
import { isSuppressed } from "../../../api/suppressions/suppress.ts";
import { withSession } from "../../../ingest/session.ts";
import { send } from "../../support/answers.ts";
import { useApp } from "../../support/app.ts";
import { startMailServer } from "../../support/mail-server.ts";
import { newCustomer, newEmailChannel, newTemplate, order, work } from "../../support/messages.ts";

const context = useApp();
const noon = new Date("2026-11-23T12:00:00Z");

/** A provider of text messages that answers as a test says. */
async function startProvider(answer: (body: string) => { status: number; body: unknown }) {
  const asked: { url: string; authorization: string | undefined; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      asked.push({ url: request.url ?? "", authorization: request.headers.authorization, body });
      const { status, body: content } = answer(body);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

it("keeps credentials sealed: they are in no answer, not in the audit log, and not in the database", async () => {
  const project = await context.newProject();
  const credentials = { username: "shop-user", password: "hunter2-hunter2" };
  const id = await newEmailChannel(project, 25, { credentials });
  const channel = await send(project, "GET", `/v1/channels/${id}`);
  expect(channel.body).toMatchObject({ has_credentials: true, kind: "email", enabled: true, rate_limit: null });
  const changed = await send(project, "PATCH", `/v1/channels/${id}`, {
    name: "Renamed",
    credentials: { ...credentials, password: "other-hunter3" },
  });
  const log = await send(project, "GET", "/v1/audit-log?subject_type=channel");
  expect(log.body.data).toHaveLength(2);
  const { rows } = await context.pool.query("select c::text as row from channel c where project_id = $1", [
    project.projectId,
  ]);
  const seen = JSON.stringify([channel.body, changed.body, log.body, rows]);
  for (const secret of ["shop-user", "hunter2", "hunter3", Buffer.from("hunter2").toString("hex")]) {
    expect(seen).not.toContain(secret);
  }
  await send(project, "PATCH", `/v1/channels/${id}`, { credentials: null });
  expect((await send(project, "GET", `/v1/channels/${id}`)).body.has_credentials).toBe(false);
});

it("reads settings as the kind says, and names what is wrong", async () => {
  const project = await context.newProject();
  const email = { name: "Mail", kind: "email" };
  const settings = { host: "smtp.example", from: { email: "shop@shop.example" } };
  const faults = async (method: string, path: string, body: object) =>
    (await send(project, method, path, body)).body.errors?.map(({ pointer }: { pointer: string }) => pointer);
  expect(await faults("POST", "/v1/channels", { ...email, settings: { ...settings, port: 0 } })).toEqual([
    "/settings/port",
  ]);
  expect(await faults("POST", "/v1/channels", { ...email, settings, credentials: { user: "x" } })).toContain(
    "/credentials/user",
  );
  expect(await faults("POST", "/v1/channels", { ...email, kind: "pigeon", settings })).toEqual(["/kind"]);
  const sms = { name: "SMS", kind: "sms", settings: { url: "https://{{ to }}/x" } };
  expect(await faults("POST", "/v1/channels", sms)).toEqual(["/settings/url"]);
  const id = await newEmailChannel(project, 25);
  expect(await faults("PATCH", `/v1/channels/${id}`, { settings: { host: "x" } })).toEqual(["/settings/from"]);
  expect(await faults("POST", "/v1/channels", { ...email, settings })).toEqual(["/name"]);
  expect((await project.request("DELETE", `/v1/channels/${id}`)).status).toBe(204);
  expect((await send(project, "POST", "/v1/channels", { ...email, settings })).status).toBe(201);
});

it("leads to no private network, neither when it is made nor when it is changed", async () => {
  const project = await context.newProject();
  const from = { email: "shop@shop.example" };
  const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const channels = [
    { kind: "email", settings: { host: "10.0.0.1", from }, pointer: "/settings/host" },
    { kind: "email", settings: { host: "smtp.example:25", from }, pointer: "/settings/host" },
    { kind: "sms", settings: { url: "https://169.254.169.254/x?to={{ to }}" }, pointer: "/settings/url" },
    { kind: "messenger", settings: { url: "https://[fd00::1]/" }, pointer: "/settings/url" },
    { kind: "webhook", settings: { url: "https://192.168.1.1/" }, credentials: { secret }, pointer: "/settings/url" },
  ];
  for (const { pointer, ...channel } of channels) {
    const { status, body } = await send(project, "POST", "/v1/channels", { name: "Inside", ...channel });
    expect([channel, status, body.errors?.[0].pointer]).toEqual([channel, 400, pointer]);
  }
  const id = await newEmailChannel(project, 25);
  const changed = await send(project, "PATCH", `/v1/channels/${id}`, { settings: { host: "10.0.0.1", from } });
  expect([changed.status, changed.body.errors]).toEqual([
    400,
    [{ pointer: "/settings/host", detail: "The host must lead to a public address." }],
  ]);
});

it("sends credentials nowhere else than where whoever gave them said, unless they are given again", async () => {
  const project = await context.newProject();
  const mail = await newEmailChannel(project, 25, { credentials: { username: "shop", password: "hunter2" } });
  const text = await send(project, "POST", "/v1/channels", {
    name: "SMS",
    kind: "sms",
    settings: { url: "https://sms.example/{{ credentials.token }}" },
    credentials: { token: "t0ken" },
  });
  const from = { email: "shop@shop.example" };
  const { settings } = (await send(project, "GET", `/v1/channels/${mail}`)).body;
  const [more, elsewhere] = [{ credentials: { username: "shop", password: "again" } }, { host: "evil.example", from }];
  for (const [id, body, status] of [
    [mail, { settings: elsewhere }, 400],
    [mail, { settings: { ...settings, port: 2525 } }, 400],
    [mail, { settings: { ...settings, reply_to: "help@shop.example" } }, 200],
    [mail, { settings: elsewhere, ...more }, 200],
    [mail, { settings, credentials: null }, 200],
    [mail, { settings: elsewhere }, 200],
    [text.body.id, { settings: { url: "https://sms.example.evil.example/{{ credentials.token }}" } }, 400],
    [text.body.id, { settings: { url: "https://user@evil.example/{{ credentials.token }}" } }, 400],
    [text.body.id, { settings: { url: "https://SMS.example/v2/{{ credentials.token }}" } }, 200],
  ] as const) {
    const answer = await send(project, "PATCH", `/v1/channels/${id}`, body);
    expect([body, answer.status, answer.body.errors?.[0].pointer]).toEqual([
      body,
      status,
      status === 400 ? "/credentials" : undefined,
    ]);
  }
});

it("sends a test to one address, to servers that may be reached only", async () => {
  const mail = await startMailServer();
  onTestFinished(() => mail.close());
  const project = await context.newProject();
  const id = await newEmailChannel(project, mail.port);
  const address = "boss@shop.example";
  const templateId = await newTemplate(project);
  const tried = await send(project, "POST", `/v1/channels/${id}/test`, { address, template_id: templateId });
  expect(tried.body).toMatchObject({ outcome: "sent", reason: null });
  expect(mail.mails.map(({ to }) => to)).toEqual([[address]]);
  expect((await send(project, "POST", `/v1/channels/${id}/test`, { address: "nobody" })).body.errors).toMatchObject([
    { pointer: "/address" },
  ]);
  for (const [host, security, reason] of [
    ["169.254.169.254", "starttls", "address_refused"],
    ["10.0.0.1", "tls", "address_refused"],
    ["8.8.8.8", "none", "encryption_required"],
  ]) {
    const settings = { host, security, from: { email: "shop@shop.example" } };
    // As of a channel that was made when the operator allowed more.
    await context.pool.query(
      "update channel set settings = settings || $1, updated_at = clock_timestamp() where id = $2",
      [settings, id],
    );
    const refused = await send(project, "POST", `/v1/channels/${id}/test`, { address });
    expect(refused.body).toEqual({ outcome: "failed", reason, provider_id: null });
  }
});

it("sends text messages as a provider wants them, and hears what it says", async () => {
  const provider = await startProvider((body) =>
    body.includes("4930000000") ? { status: 400, body: { code: 21211 } } : { status: 201, body: { sid: "SM1" } },
  );
  const project = await context.newProject();
  const channel = await send(project, "POST", "/v1/channels", {
    name: "SMS",
    kind: "sms",
    settings: {
      url: `${provider.url}/Accounts/{{ credentials.account_sid }}/Messages.json`,
      basic_auth: { username: "{{ credentials.account_sid }}", password: "{{ credentials.auth_token }}" },
      body: { type: "form", fields: { To: "{{ to }}", From: "Shop", Body: "{{ text }}" } },
      provider_id: "/sid",
      bounced_when: [{ pointer: "/code", any_of: [21211] }],
    },
    credentials: { account_sid: "AC/1", auth_token: "t0ken" },
  });
  const languages = { en: { text: "{{ customer.name }}: {{ order.total | money: 'EUR' }}" } };
  const templateId = await newTemplate(project, { name: "Text", kind: "sms", languages });
  const given = { channelId: channel.body.id, templateId, variables: { order: { total: 1_999 } } };
  const ada = await newCustomer(project, { name: "Ada & Bob", phone: "+49 151 2345678" });
  const nobody = await newCustomer(project, { phone: "+4930000000" });
  const badNumber = await newCustomer(project, { phone: "0151-2345678" });
  const [good, bad, none] = await Promise.all(
    [ada, nobody, badNumber].map((customerId) => order(context, project, { ...given, customerId }, noon)),
  );
  expect(none).toMatchObject({ status: "skipped", reason: "no_address" });
  for (const { id } of [good, bad].filter((ordered) => ordered !== undefined)) await work(context, project, id, noon);
  expect(provider.asked[0]).toEqual({
    url: "/Accounts/AC%2F1/Messages.json",
    authorization: `Basic ${Buffer.from("AC/1:t0ken").toString("base64")}`,
    body: "To=%2B491512345678&Body=Ada+%26+Bob%3A+%E2%82%AC19.99&From=Shop",
  });
  expect((await send(project, "GET", `/v1/deliveries?status=sent`)).body.data).toMatchObject([
    { provider_id: "SM1", customer: expect.any(String) },
  ]);
  expect((await send(project, "GET", `/v1/deliveries?status=bounced`)).body.data).toMatchObject([
    { reason: "http_400_21211" },
  ]);
  expect((await send(project, "GET", "/v1/suppressions?kind=sms&address=%2B49%2030000000")).body.data).toHaveLength(1);
});

it("takes consent back by a post, never by opening the link", async () => {
  const mail = await startMailServer();
  onTestFinished(() => mail.close());
  const project = await context.newProject();
  const languages = { en: { subject: "Hi", text: "{{ unsubscribe_url }}" } };
  const reachable = {
    channelId: await newEmailChannel(project, mail.port),
    templateId: await newTemplate(project, { languages }),
    customerId: await newCustomer(project),
  };
  const { id } = await order(context, project, reachable, noon);
  await work(context, project, id, noon);
  const raw = mail.mails[0]?.raw.replaceAll("=\r\n", "") ?? "";
  const path = /https:\/\/vouchers\.example(\/unsubscribe\/[\w.-]+)/.exec(raw)?.[1] ?? "";
  const consent = async () => {
    const { rows } = await context.pool.query("select consent ->> 'email' as email from customer where id = $1", [
      reachable.customerId,
    ]);
    return rows[0].email;
  };
  const page = await context.app.request(path);
  expect(page.status).toBe(200);
  expect(page.headers.get("content-security-policy")).not.toContain("script-src");
  expect(await page.text()).not.toMatch(/<script|src=/);
  expect(await consent()).toBe("true");
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const press = () => context.app.request(path, { method: "POST", headers: form, body: "List-Unsubscribe=One-Click" });
  expect((await press()).status).toBe(200);
  expect((await press()).status).toBe(200);
  expect(await consent()).toBe("false");
  const { rows } = await context.pool.query(
    "select 1 from outbox where project_id = $1 and type = 'customer.updated'",
    [project.projectId],
  );
  expect(rows).toHaveLength(1);
  expect(await order(context, project, reachable, noon)).toMatchObject({ reason: "no_consent" });
  for (const bad of [
    `${path}x`,
    path.replace(".email.", ".sms."),
    "/unsubscribe/x",
    `/unsubscribe/${"x".repeat(5_000)}`,
  ]) {
    expect([bad, (await context.app.request(bad, { method: "POST" })).status]).toEqual([bad, 404]);
  }
});

it("hears of bounces and complaints, once each", async () => {
  const mail = await startMailServer();
  onTestFinished(() => mail.close());
  const project = await context.newProject();
  const reachable = { channelId: await newEmailChannel(project, mail.port), templateId: await newTemplate(project) };
  const ordered = [];
  for (let n = 0; n < 2; n += 1) {
    const made = await order(context, project, { ...reachable, customerId: await newCustomer(project) }, noon);
    await work(context, project, made.id, noon);
    ordered.push(made.id);
  }
  const bounces = [
    { reason: "bounced", provider_id: `<${ordered[0]}@shop.example>` },
    { reason: "complained", delivery_id: ordered[1] },
    { reason: "bounced", address: "Other@people.example" },
    { reason: "bounced", delivery_id: "dlv_unknown" },
  ];
  const tell = async () =>
    (await send(project, "POST", `/v1/channels/${reachable.channelId}/bounces`, { bounces })).body;
  expect(await tell()).toEqual({ received: 4, suppressed: 3, deliveries: 1, unknown: 1 });
  expect(await tell()).toEqual({ received: 4, suppressed: 0, deliveries: 0, unknown: 1 });
  const statuses = await Promise.all(
    ordered.map(async (id) => (await send(project, "GET", `/v1/deliveries/${id}`)).body.status),
  );
  expect(statuses).toEqual(["bounced", "sent"]);
  const found = await send(project, "GET", "/v1/suppressions?kind=email&address=other@PEOPLE.example");
  expect(found.body.data).toMatchObject([{ reason: "bounced", address: "other@people.example" }]);
  expect((await project.request("DELETE", `/v1/suppressions/${found.body.data[0].id}`)).status).toBe(204);
  expect((await send(project, "GET", "/v1/suppressions?address=x@y.example")).status).toBe(400);
});

it("forgets addresses in an erasure, and still does not write to who bounced", async () => {
  const mail = await startMailServer({ recipient: () => "550 5.1.1 no such user" });
  onTestFinished(() => mail.close());
  const project = await context.newProject();
  const customerId = await newCustomer(project, { email: "leaver@people.example" });
  const reachable = { channelId: await newEmailChannel(project, mail.port), templateId: await newTemplate(project) };
  const variables = { properties: { street: "Elm Street 1" } };
  const { id } = await order(context, project, { ...reachable, customerId, variables }, noon);
  await work(context, project, id, noon);
  const { rows } = await context.pool.query("select identifier from customer where id = $1", [customerId]);
  const person = { identifier: rows[0].identifier, texts: ["leaver@people.example", "Ada"] };
  const { projectId } = project;
  const erased = { projectId, person, customerIds: [customerId], pseudonym: "erased-1" };
  await withSession(context.pool, (client) => rewritePlaces(client, erased));
  const found = await context.pool.query(
    `select d::text as row from delivery d where project_id = $1
     union all select s::text from suppression s where project_id = $1
     union all select a::text from delivery_attempt a where project_id = $1`,
    [projectId],
  );
  expect(found.rows).toHaveLength(3);
  expect(JSON.stringify(found.rows)).not.toMatch(/leaver|Elm/);
  expect(await isSuppressed(context.db, projectId, "email", "leaver@people.example")).toBe(true);
  expect((await send(project, "GET", "/v1/suppressions")).body.data).toMatchObject([{ address: null }]);
});

it("forgets a number however the shop wrote it, and no address that only ends alike", async () => {
  const project = await context.newProject();
  for (const [kind, address] of [
    ["sms", "+4915112345678"],
    ["email", "notbob@people.example"],
  ]) {
    expect((await send(project, "POST", "/v1/suppressions", { kind, address })).status).toBe(200);
  }
  const person = { identifier: "customer-bob", texts: ["bob@people.example", "+49 (151) 123-456.78"] };
  const erased = { projectId: project.projectId, person, customerIds: [], pseudonym: "erased-1" };
  await withSession(context.pool, (client) => rewritePlaces(client, erased));
  const { body } = await send(project, "GET", "/v1/suppressions");
  expect(body.data).toMatchObject([{ address: "notbob@people.example" }, { kind: "sms", address: null }]);
});

it("keeps what a template has said, and shows what a customer would read", async () => {
  const project = await context.newProject();
  const id = await newTemplate(project);
  const languages = {
    en: { subject: "Two", text: "{{ voucher.code }}" },
    de: { subject: "Zwei", text: "{{ voucher.code }}" },
  };
  expect((await send(project, "PATCH", `/v1/templates/${id}`, { languages })).body).toMatchObject({ version: 2 });
  expect((await send(project, "PATCH", `/v1/templates/${id}`, { languages, name: "Same" })).body).toMatchObject({
    version: 2,
    name: "Same",
  });
  const versions = (await send(project, "GET", `/v1/templates/${id}/versions`)).body.data;
  expect(versions.map(({ version }: { version: number }) => version)).toEqual([2, 1]);
  const customerId = await newCustomer(project, { name: "Eve <i>", attributes: { language: "de-AT" } });
  const { rows } = await context.pool.query("select identifier from customer where id = $1", [customerId]);
  const customer = rows[0].identifier;
  const preview = (body: object) => send(project, "POST", "/v1/templates/preview", body);
  expect((await preview({ template_id: id, customer })).body).toEqual({
    language: "de",
    parts: { subject: "Zwei", text: "SPRING-2026" },
    variables: ["voucher.code"],
  });
  const html = { kind: "email", parts: { html: "<p>{{ customer.name }}</p>" }, customer };
  expect((await preview(html)).body.parts).toEqual({ html: "<p>Eve &lt;i&gt;</p>" });
  const faults = async (parts: object) => (await preview({ kind: "email", parts })).body.errors;
  expect(await faults({ text: "{{ customer.nmae }}" })).toEqual([
    { pointer: "/parts/text", detail: "There is no variable customer.nmae." },
  ]);
  expect(await faults({ body: "x" })).toMatchObject([{ pointer: "/parts/body" }]);
  expect(await faults({ text: "a\n{{ properties.x }}" })).toEqual([
    { pointer: "/parts/text", detail: "text: undefined variable: properties.x, line:2, col:4" },
  ]);
  const bad = { name: "Bad", kind: "email", purpose: "marketing", language: "fr", languages: { en: { subject: "x" } } };
  const refused = (await send(project, "POST", "/v1/templates", bad)).body.errors;
  expect(refused.map(({ pointer }: { pointer: string }) => pointer)).toEqual(["/languages/en/text", "/language"]);
});
