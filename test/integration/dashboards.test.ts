/** Who may read the dashboards' data, and whose data it is. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { Registry } from "prom-client";
import { beforeAll, expect, it } from "vitest";
import { createApp } from "../../api/app.ts";
import type { ThreeSixtyWire } from "../../api/customers/three-sixty/schema.ts";
import { buildDashboards } from "../../api/dashboards/build.ts";
import { createRelay } from "../../ingest/relay.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const app = useApp();
const overview = "/dashboards/data/warehouse/live/overview_days.parquet";
let mine: TestProject;
let other: TestProject;

beforeAll(async () => {
  mine = await app.newProject();
  other = await app.newProject();
  const { code } = await setUpPromotion(mine, {});
  const body = redeemBody({ codes: [code], orderId: "order-1", customer: "anna/1" });
  const response = await mine.request("POST", "/v1/redemptions", body, { "idempotency-key": "once" });
  expect(response.status, await response.clone().text()).toBe(201);
  await createRelay({ pool: app.pool, warehouse: app.warehouse, log: app.deps.log }).drain();
});

async function signIn(key: string, more: { returnTo?: string; headers?: Record<string, string> } = {}) {
  return app.app.request("/console/sign-in", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...more.headers },
    body: new URLSearchParams({ key, ...(more.returnTo === undefined ? {} : { return_to: more.returnTo }) }),
  });
}

async function cookieOf(key: string): Promise<string> {
  const header = (await signIn(key)).headers.get("set-cookie") ?? "";
  return header.split(";")[0] ?? "";
}

function get(path: string, headers: Record<string, string> = {}) {
  return app.app.request(path, { headers });
}

async function newKey(body: object): Promise<{ id: string; key: string }> {
  const response = await mine.request("POST", "/v1/keys", { name: "test", ...body });
  const text = await response.text();
  expect(response.status, text).toBe(201);
  return JSON.parse(text);
}

it("tells a campaign's lift, or why it is not measured, of one's own campaigns alone", async () => {
  const { campaignId } = await setUpPromotion(mine, { sub: { holdout_percent: 10 } });
  await createRelay({ pool: app.pool, warehouse: app.warehouse, log: app.deps.log }).drain();
  const path = `/dashboards/api/campaigns/${campaignId}/lift`;
  const seen = await get(path, { cookie: await cookieOf(mine.key) });
  expect(await seen.json()).toMatchObject({ measured: false, reason: "holdout_too_small" });
  expect((await get(path, { cookie: await cookieOf(other.key) })).status).toBe(404);
});

it("shows a person without a session the way to sign in, and back", async () => {
  const response = await get("/dashboards/campaigns/?x=1", { accept: "text/html" });
  expect(response.status).toBe(303);
  expect(response.headers.get("location")).toBe("/console/sign-in?return_to=%2Fdashboards%2Fcampaigns%2F%3Fx%3D1");
});

it.each([
  "/dashboards/data/manifest.json",
  overview,
  "/dashboards/api/freshness",
  "/dashboards/api/customers",
  "/dashboards/api/customers/anna%2F1",
  "/dashboards/api/models",
  "/dashboards/api/policies",
  "/dashboards/api/risk-rules",
  "/dashboards/_app/version.json",
])("gives nothing of %s without a session, nor for a session that somebody made up", async (path) => {
  expect((await get(path)).status).toBe(401);
  const genuine = await cookieOf(mine.key);
  const forged = `${genuine.slice(0, -3)}${genuine.endsWith("AAA") ? "BBB" : "AAA"}`;
  expect((await get(path, { cookie: forged })).status).toBe(401);
  expect((await get(path, { cookie: "tessera_session=%00.%00" })).status).toBe(401);
  expect((await get(path, { cookie: "tessera_session=bm90IGpzb24.AAAA" })).status).toBe(401);
});

it("keeps the session from scripts and from other sites", async () => {
  const cookie = (await signIn(mine.key)).headers.get("set-cookie") ?? "";
  for (const part of ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"]) expect(cookie).toContain(part);
  expect(cookie).not.toContain(mine.key);
  const overTls = await signIn(mine.key, { headers: { "x-forwarded-proto": "https" } });
  expect(overTls.headers.get("set-cookie")).toContain("Secure");
});

async function table(key: string, name: string, query = "") {
  const path = `/dashboards/data/warehouse/live/${name}.parquet${query}`;
  const response = await get(path, { cookie: await cookieOf(key) });
  expect(response.status, `${name} ${await response.clone().text()}`).toBe(200);
  return tableFromIPC(new Uint8Array(await response.arrayBuffer()));
}

async function total(key: string, column: string, query = ""): Promise<number> {
  const rows = (await table(key, "overview_days", query)).toArray();
  return rows.filter(({ chosen }) => chosen === 1).reduce((sum, row) => sum + Number(row[column]), 0);
}

it("sends a table as Arrow with the figures of the session's project and no other", async () => {
  expect(await total(mine.key, "net_redemptions_count")).toBe(1);
  expect(await total(mine.key, "net_discount_amount")).toBe(500);
  expect(await total(other.key, "net_redemptions_count")).toBe(0);
  expect((await table(other.key, "campaigns_in_period")).numRows).toBe(0);
});

it("reads every table that the pages have, whatever they look at", async () => {
  const manifest = await get("/dashboards/data/manifest.json", { cookie: await cookieOf(mine.key) });
  const { renderedFiles } = (await manifest.json()) as { renderedFiles: { warehouse: string[] } };
  const names = renderedFiles.warehouse.map((file) => /(\w+)\.parquet$/.exec(file)?.[1] ?? "");
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) await table(mine.key, name, "?days=all&campaign=x&reason=y&segment=z");
});

it("looks at the days and the currency that are asked for, and says which they are", async () => {
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  expect(await total(mine.key, "net_redemptions_count", `?from=${day(-9)}&to=${day(-3)}`)).toBe(0);
  expect(await total(mine.key, "net_redemptions_count", `?from=${day(-9)}&to=${day(1)}`)).toBe(1);
  const cookie = await cookieOf(mine.key);
  const scope = await get("/dashboards/api/scope?days=7&currency=JPY", { cookie });
  // A currency that the project has never used is none of its own.
  expect(await scope.json()).toMatchObject({ currency: "EUR", minor_units: 100, campaign: "" });
  for (const query of ["?days=0", "?from=2026-13-01", "?from=2026-05-02&to=2026-05-01", "?currency=euro"]) {
    const refused = await get(`/dashboards/api/scope${query}`, { cookie });
    expect(refused.status, query).toBe(400);
    expect(JSON.stringify(await refused.json()), query).toContain('"in":"query"');
  }
});

it("shows what has just arrived, though it keeps answers", async () => {
  const project = await app.newProject();
  const { code } = await setUpPromotion(project, {});
  const relay = createRelay({ pool: app.pool, warehouse: app.warehouse, log: app.deps.log });
  for (const count of [1, 2, 3]) {
    const body = redeemBody({ codes: [code], orderId: `order-${count}`, customer: `customer-${count}` });
    const taken = await project.request("POST", "/v1/redemptions", body, { "idempotency-key": `key-${count}` });
    expect(taken.status, await taken.clone().text()).toBe(201);
    await relay.drain();
    await expect.poll(() => total(project.key, "net_redemptions_count"), { timeout: 5_000 }).toBe(count);
    expect(await total(project.key, "net_redemptions_count")).toBe(count);
  }
});

it("shows a customer to the own project, and to another one that there is none", async () => {
  const path = "/dashboards/api/customers/anna%2F1";
  const seen = await get(path, { cookie: await cookieOf(mine.key) });
  expect(seen.status).toBe(200);
  const body = (await seen.json()) as ThreeSixtyWire;
  expect(body.profile.identifier).toBe("anna/1");
  expect(body.figures).toMatchObject({ redemptions_count: 1, discount_amount: 500 });
  expect(body.timeline.data.map((entry) => entry.type)).toContain("redemption.succeeded");
  expect((await get(path, { cookie: await cookieOf(other.key) })).status).toBe(404);
  const list = await get("/dashboards/api/customers?search=ANNA", { cookie: await cookieOf(other.key) });
  expect(await list.json()).toEqual({ data: [], total: 0, segment_name: null });
  const wrong = await get("/dashboards/api/customers?order=password", { cookie: await cookieOf(mine.key) });
  expect(wrong.status).toBe(400);
});

it("knows no table that the pages do not have", async () => {
  const cookie = await cookieOf(mine.key);
  for (const name of [
    "events_raw.parquet",
    "overview_daily.parquet",
    "..%2Foverview_days.parquet",
    "overview_days.sql",
  ]) {
    expect((await get(`/dashboards/data/warehouse/live/${name}`, { cookie })).status, name).toBe(404);
  }
  expect((await get("/dashboards/data/system/live/overview_days.parquet", { cookie })).status).toBe(404);
});

it("ends the session when its key is revoked", async () => {
  const { id, key } = await newKey({ kind: "secret", scopes: ["analytics"] });
  const cookie = await cookieOf(key);
  expect((await get("/dashboards/data/manifest.json", { cookie })).status).toBe(200);
  expect((await mine.request("DELETE", `/v1/keys/${id}`)).status).toBe(204);
  await expect
    .poll(async () => (await get("/dashboards/data/manifest.json", { cookie })).status, { timeout: 10_000 })
    .toBe(401);
});

it("opens for secret keys that may read reports, and no others", async () => {
  const cashier = await newKey({ kind: "secret", scopes: ["checkout"] });
  const cookie = await cookieOf(cashier.key);
  expect((await get("/dashboards/data/manifest.json", { cookie })).status).toBe(403);
  const browser = await newKey({ kind: "publishable", allowed_origins: ["https://shop.example"] });
  expect((await signIn(browser.key)).status).toBe(401);
  expect((await signIn("")).status).toBe(401);
});

it("signs nobody in on behalf of another site, and sends nobody to another one", async () => {
  expect((await signIn(mine.key, { headers: { "sec-fetch-site": "cross-site" } })).status).toBe(403);
  expect((await signIn(mine.key, { headers: { origin: "https://evil.example", host: "localhost" } })).status).toBe(403);
  for (const returnTo of ["https://evil.example/", "//evil.example/", "/\\evil.example/", "/%0d%0a", "javascript:1"]) {
    const location = (await signIn(mine.key, { returnTo })).headers.get("location") ?? "";
    expect(new URL(location, "http://localhost").origin, returnTo).toBe("http://localhost");
  }
  const back = await signIn(mine.key, { returnTo: "/dashboards/customers/?x=1" });
  expect(back.headers.get("location")).toBe("/dashboards/customers/?x=1");
});

it.each([
  { mode: "off", status: 503, text: "Dashboards are off" },
  { mode: undefined, status: 503, text: "The dashboards are being built" },
] as const)("says so on their page when there is no build to serve ($text)", async ({ mode, status, text }) => {
  const dataDir = await mkdtemp(join(tmpdir(), "tessera-test-"));
  try {
    const { log } = app.deps;
    const { signal } = new AbortController();
    if (mode) expect(await buildDashboards({ mode, dataDir, log, onProgress: () => undefined, signal })).toBe(mode);
    const served = createApp({ ...app.deps, metrics: new Registry(), dataDir });
    const headers = { cookie: await cookieOf(mine.key), accept: "text/html" };
    const response = await served.request("/dashboards/", { headers });
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(text);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});

it("slows down who tries many keys", async () => {
  let answer = await signIn("tsk_wrong");
  for (let tries = 0; tries < 12 && answer.status === 401; tries += 1) answer = await signIn("tsk_wrong");
  expect(answer.status).toBe(429);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
});
