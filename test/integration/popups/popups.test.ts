import { expect, it, onTestFinished } from "vitest";
import { newId } from "../../../api/ids.ts";
import { isSafeLink } from "../../../api/popups/adapter.ts";
import { forgetOldPopups } from "../../../api/popups/forget.ts";
import { listWaiting } from "../../../api/popups/queries.ts";
import { createPopupStreams } from "../../../api/popups/streams.ts";
import { send, withKey } from "../../support/answers.ts";
import { type TestProject, useApp } from "../../support/app.ts";
import { order, work } from "../../support/messages.ts";

const context = useApp();
const shopOrigin = "https://shop.example";

async function setUp() {
  const project = await context.newProject();
  const customer = await send(project, "PUT", "/v1/customers/c1", { name: "Ada <b>" });
  const channel = await send(project, "POST", "/v1/channels", { name: "Site", kind: "popup", settings: {} });
  expect(channel.status, JSON.stringify(channel.body)).toBe(201);
  return { project, customerId: customer.body.id as string, channelId: channel.body.id as string };
}

async function show(shop: Awaited<ReturnType<typeof setUp>>, url = "/offers", at = new Date()) {
  const { project, customerId, channelId } = shop;
  const languages = { en: { title: "For {{ customer.name }}", text: "10 off", button: "See", url } };
  const template = await send(project, "POST", "/v1/templates", {
    name: `Pop-up ${Math.random()}`,
    kind: "popup",
    purpose: "marketing",
    language: "en",
    languages,
  });
  expect(template.status, JSON.stringify(template.body)).toBe(201);
  const asked = { channelId, templateId: template.body.id, customerId };
  const { id } = await order(context, project, asked, at);
  await work(context, project, id, at);
  await work(context, project, id, at);
  return id;
}

async function tokenOf(project: TestProject, identifier = "c1"): Promise<Record<string, string>> {
  const answer = await send(project, "POST", "/v1/popup-tokens", { customer: { identifier } });
  expect(answer.status).toBe(201);
  return { "tessera-customer": answer.body.token };
}

/** What comes until it holds the text. @throws when the stream ends before. */
async function readUntil(reader: ReadableStreamDefaultReader<string> | undefined, wanted: string): Promise<string> {
  let text = "";
  while (!text.includes(wanted)) {
    const part = await reader?.read();
    if (part?.value === undefined) throw new Error(`the stream ended after ${text}`);
    text += part.value;
  }
  return text;
}

it("keeps a message for its customer, once, until they close it", async () => {
  const shop = await setUp();
  const { project } = shop;
  const deliveryId = await show(shop);
  const token = await tokenOf(project);
  const { body } = await send(project, "GET", "/v1/popups", undefined, token);
  expect(body.data).toMatchObject([{ title: "For Ada <b>", text: "10 off", button: "See", url: "/offers" }]);
  const { id } = body.data[0];
  expect((await send(project, "GET", "/v1/popups", undefined, await tokenOf(project, "c2"))).body.data).toEqual([]);
  for (const step of ["shown", "shown", "dismissed"]) {
    const answer = await project.request("POST", `/v1/popups/${id}/${step}`, undefined, token);
    expect(answer.status).toBe(204);
  }
  expect((await send(project, "GET", "/v1/popups", undefined, token)).body.data).toEqual([]);
  const { rows } = await context.pool.query(
    "select type, payload from outbox where project_id = $1 and type like 'popup.%' order by seq",
    [project.projectId],
  );
  expect(rows.map((row) => [row.type, row.payload.delivery_id])).toEqual([
    ["popup.shown", deliveryId],
    ["popup.dismissed", deliveryId],
  ]);
  const others = await tokenOf(project, "c2");
  const stranger = await send(project, "POST", `/v1/popups/${id}/clicked`, undefined, others);
  expect(stranger).toMatchObject({ status: 404, body: { code: "not_found" } });
});

it("believes a token and nothing else: not a forged one, not another project's, not one that has run out", async () => {
  const { project } = await setUp();
  const { "tessera-customer": token = "" } = await tokenOf(project);
  const [body = "", signature = ""] = token.split(".");
  const forged = Buffer.from(JSON.stringify({ p: project.projectId, c: "cus_other", e: 9_999_999_999 }));
  const foreign = await tokenOf(await context.newProject());
  for (const text of [
    "x",
    `${body}.`,
    `${body}.${signature.slice(1)}`,
    `${forged.toString("base64url")}.${signature}`,
    `${token}.x`,
    foreign["tessera-customer"] ?? "",
  ]) {
    for (const path of ["/v1/popups", "/v1/popups/stream"]) {
      const answer = await send(project, "GET", path, undefined, { "tessera-customer": text });
      expect([text, answer.status]).toEqual([text, 401]);
    }
  }
});

it("lets the shop's pages in with a publishable key, and others not", async () => {
  const { project } = await setUp();
  const token = await tokenOf(project);
  const key = { kind: "publishable", allowed_origins: [shopOrigin] };
  const browser = await withKey(context, project, key);
  const from = (origin: string) => browser.request("GET", "/v1/popups", undefined, { ...token, origin });
  const allowed = await from(shopOrigin);
  expect(allowed.status).toBe(200);
  expect(allowed.headers.get("access-control-allow-origin")).toBe(shopOrigin);
  expect((await from("https://evil.example")).status).toBe(403);
  const tokens = await browser.request(
    "POST",
    "/v1/popup-tokens",
    { customer: { identifier: "c1" } },
    { origin: shopOrigin },
  );
  expect(tokens.status).toBe(403);
  const preflight = await context.app.request("/v1/popups/pop_1/shown", {
    method: "OPTIONS",
    headers: { origin: shopOrigin, "access-control-request-method": "POST" },
  });
  expect(preflight.headers.get("access-control-allow-headers")).toContain("tessera-customer");
});

it("reads so many of each customer, takes nobody's place for what another leaves unread, and drops who does not read", async () => {
  const { project, customerId } = await setUp();
  const other = (await send(project, "PUT", "/v1/customers/c2", {})).body.id as string;
  const ids = [customerId, customerId, customerId, other].map((owner) => [newId("pop"), owner] as const);
  for (const [id, owner] of ids) {
    await context.pool.query(
      `insert into popup_message (project_id, id, customer_id, delivery_id, content, created_at, expires_at)
       values ($1, $2, $3, $2, '{}', now(), now() + interval '1 day')`,
      [project.projectId, id, owner],
    );
  }
  const both = [project.projectId, project.projectId];
  const waiting = await listWaiting(context.db, both, [customerId, other], 2);
  expect(waiting.map(({ id }) => id)).toEqual([0, 1, 3].map((at) => ids[at]?.[0]));
  const closing = new AbortController();
  onTestFinished(() => closing.abort());
  const limits = { all: 1, perProject: 1, perCustomer: 1, unread: 1 };
  const streams = createPopupStreams({ ...context.deps, closing: closing.signal }, limits);
  const open = () =>
    streams.open({ projectId: project.projectId, customerId, expiresAt: Date.now() / 1_000 + 60 }, () => ({}));
  expect(open()).toBeDefined();
  expect(open()).toBeUndefined();
  await expect.poll(() => open() !== undefined).toBe(true);
});

it("tells a stream of what waits, and ends it in order when the process stops", async () => {
  const shop = await setUp();
  await show(shop);
  const closing = new AbortController();
  const { db, log } = context.deps;
  const limits = { all: 3, perProject: 2, perCustomer: 1, unread: 50 };
  const streams = createPopupStreams({ db, log, closing: closing.signal }, limits);
  const who = { projectId: shop.project.projectId, customerId: shop.customerId, expiresAt: Date.now() / 1_000 + 60 };
  const stream = streams.open(who, (popup) => popup.content);
  expect(streams.open(who, (popup) => popup.content)).toBeUndefined();
  const second = streams.open({ ...who, customerId: "cus_2" }, (popup) => popup.content);
  expect(second).toBeDefined();
  expect(streams.open({ ...who, customerId: "cus_3" }, (popup) => popup.content)).toBeUndefined();
  const reader = stream?.pipeThrough(new TextDecoderStream()).getReader();
  const text = await readUntil(reader, "event: popup");
  expect(text).toContain('"title":"For Ada <b>"');
  closing.abort();
  expect(await reader?.read()).toEqual({ value: undefined, done: true });
  expect(streams.open(who, (popup) => popup.content)).toBeUndefined();
});

it("answers a stream over HTTP with events", async () => {
  const shop = await setUp();
  await show(shop);
  const answer = await shop.project.request("GET", "/v1/popups/stream", undefined, await tokenOf(shop.project));
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  onTestFinished(async () => reader?.cancel());
  const text = await readUntil(reader, "event: popup");
  expect(text).toMatch(/id: pop_/);
});

it("refuses links that are script, and forgets what is long over", async () => {
  const shop = await setUp();
  const deliveryId = await show(shop, "javascript:alert(1)");
  const delivery = await send(shop.project, "GET", `/v1/deliveries/${deliveryId}`);
  expect(delivery.body).toMatchObject({ status: "failed", reason: "url_refused" });
  for (const link of ["//evil.example", "/\\evil.example", "data:text/html,x", " javascript:x", "x"]) {
    expect([link, isSafeLink(link)]).toEqual([link, false]);
  }
  await context.pool.query(
    `insert into popup_message (project_id, id, customer_id, delivery_id, content, created_at, expires_at)
     values ($1, $2, $3, 'dlv_old', '{}', '2025-01-01', '2025-01-08')`,
    [shop.project.projectId, newId("pop"), shop.customerId],
  );
  expect(await forgetOldPopups(context.db, 10)).toBe(1);
});
