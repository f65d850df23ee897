/** What holds for every page and every form of the console, whoever added it. */
import { Registry } from "prom-client";
import { beforeAll, expect, it } from "vitest";
import { createApp } from "../../api/app.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { setUpPromotion } from "../support/promotions.ts";

const context = useApp();
let project: TestProject;
let cookie: string;

beforeAll(async () => {
  project = await context.newProject();
  cookie = await signIn(project.key);
});

async function signIn(key: string): Promise<string> {
  const response = await context.app.request("/console/sign-in", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ key, return_to: "/console" }),
  });
  return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

function paths(method: "GET" | "POST"): string[] {
  const found = context.app.routes.filter((route) => route.method === method && route.path.startsWith("/console"));
  return [...new Set(found.map(({ path }) => path))].filter((path) => !/sign-|assets|\*/.test(path));
}

async function open(path: string, as = cookie) {
  const answer = await context.app.request(path, { headers: { cookie: as } });
  const text = await answer.text();
  const hidden = (name: string) => new RegExp(`name="${name}" value="([\\w-]+)"`).exec(text)?.[1] ?? "";
  return { status: answer.status, token: hidden("token"), attempt: hidden("attempt") };
}

async function post(path: string, fields: Record<string, string>) {
  const headers = { cookie, "content-type": "application/x-www-form-urlencoded" };
  const body = new URLSearchParams(fields);
  const answer = await context.app.request(path, { method: "POST", headers, body });
  return { status: answer.status, location: answer.headers.get("location"), text: await answer.text() };
}

/** With something in the place of each parameter. */
const filled = (path: string) => path.replaceAll(/:\w+/g, "nothing");

it("does nothing for a form that no page of the session made, in any of its forms", async () => {
  const forms = paths("POST");
  expect(forms.length).toBeGreaterThan(30);
  for (const path of forms) {
    const body = new URLSearchParams({ token: "guessed", name: "x" });
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await context.app.request(filled(path), { method: "POST", headers: { cookie, ...type }, body });
    expect([path, answer.status]).toEqual([path, answer.status === 404 ? 404 : 403]);
    const stranger = await context.app.request(filled(path), { method: "POST", headers: type, body });
    expect([path, stranger.status, stranger.headers.get("location")?.includes("sign-in")]).toEqual([path, 303, true]);
  }
});

it("opens no page to a key without its scope, and none of the forms", async () => {
  const { body } = await send(project, "POST", "/v1/keys", { name: "none", kind: "secret", scopes: ["import"] });
  const weak = await signIn(body.key);
  const home = ["/console", "/console/"];
  for (const method of ["GET", "POST"] as const) {
    for (const path of paths(method).filter((one) => !home.includes(one))) {
      const answer = await context.app.request(filled(path), { method, headers: { cookie: weak } });
      expect([method, path, answer.status]).toEqual([method, path, 403]);
    }
  }
});

it("draws each page of a project that has nothing yet, small, under a policy that lets no foreign script in", async () => {
  const pages = paths("GET").filter((path) => !path.includes(":") && path !== "/console/");
  expect(pages.length).toBeGreaterThan(10);
  for (const path of pages) {
    const answer = await context.app.request(path, { headers: { cookie } });
    const text = await answer.text();
    expect([path, answer.status === 200 || answer.status === 303 || answer.status === 404]).toEqual([path, true]);
    expect([path, text.length < 100_000]).toEqual([path, true]);
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect([path, policy.includes("script-src 'self'"), policy.includes("unsafe-inline")]).toEqual([path, true, false]);
    // The counter's reader of barcodes, and nobody else.
    expect([path, policy.includes("wasm-unsafe-eval")]).toEqual([path, path === "/console/redeem"]);
  }
});

it("shows a customer's profile and wallet when the warehouse cannot be asked, and says what is missing", async () => {
  const { campaignId } = await setUpPromotion(project, {});
  const customer = { identifier: "anna" };
  await send(project, "POST", `/v1/campaigns/${campaignId}/vouchers`, { code: "HERS", customer });
  const broken = new Proxy(context.warehouse, {
    get: () => () => Promise.reject(new Error("the warehouse is away")),
  });
  const app = createApp({ ...context.deps, warehouse: broken, metrics: new Registry() });
  const answer = await app.request("/console/customers/of/anna", { headers: { cookie } });
  const text = await answer.text();
  expect(answer.status).toBe(200);
  expect(text).toContain("HERS");
  expect(text).toContain("cannot be read at the moment");
  expect(text).toContain('href="/dashboards/customers/anna/"');
});

it("makes one thing of a form that is sent twice, and shows the text of a key in the first answer only", async () => {
  const campaign = { do: "save", name: "Twice", currency: "EUR", time_zone: "UTC", template: "discount" };
  for (const [page, path, fields, made] of [
    ["/console/campaigns/new", "/console/campaigns/new", campaign, "/v1/campaigns"],
    ["/console/pools/new", "/console/pools", { name: "Twice" }, "/v1/pools"],
    ["/console/segments/new", "/console/segments", { name: "Twice", customers: "anna" }, "/v1/segments"],
    ["/console/keys/new", "/console/keys", { name: "Twice", kind: "secret", scopes: "manage" }, "/v1/keys"],
    ["/console/members/new", "/console/members", { name: "Twice", role: "analyst" }, "/v1/members"],
  ] as const) {
    const { token, attempt } = await open(page);
    const first = await post(path, { token, attempt, ...fields });
    const second = await post(path, { token, attempt, ...fields });
    expect([path, first.status < 400, second.status, second.location]).toEqual([
      path,
      true,
      first.status,
      first.location,
    ]);
    const secret = /^\/console\/(keys|members)$/.test(path);
    expect([path, /value="tsk_/.test(first.text), /tsk_/.test(second.text)]).toEqual([path, secret, false]);
    const { body } = await send(project, "GET", made);
    expect([path, body.data.filter(({ name }: { name: string }) => name === "Twice").length]).toEqual([path, 1]);
  }
});

it("replaces a key once by a form that is sent twice: no key lives on whose text nobody has", async () => {
  const { body: old } = await send(project, "POST", "/v1/keys", {
    name: "To replace",
    kind: "secret",
    scopes: ["manage"],
  });
  const rotation = `/console/keys/${old.id}/rotate`;
  const { token, attempt } = await open(rotation);
  const fields = { token, attempt, grace_seconds: "3600" };
  const [first, second] = [await post(rotation, fields), await post(rotation, fields)];
  expect([first.status, second.status]).toEqual([201, 201]);
  expect([/value="tsk_/.test(first.text), /tsk_/.test(second.text)]).toEqual([true, false]);
  const { body } = await send(project, "GET", "/v1/keys");
  expect(body.data.filter(({ name }: { name: string }) => name === "To replace")).toHaveLength(2);
});

it("lists customers to nobody whom the API refuses, and makes none of a name that is none", async () => {
  const { body } = await send(project, "POST", "/v1/keys", { name: "r", kind: "secret", scopes: ["review"] });
  const authorization = `Bearer ${body.key}`;
  expect((await project.request("GET", "/v1/customers", undefined, { authorization })).status).toBe(403);
  const reviewer = await signIn(body.key);
  await send(project, "PUT", "/v1/customers/rosa", {});
  expect((await open("/console/customers", reviewer)).status).toBe(403);
  expect((await open("/console/customers/of/rosa", reviewer)).status).toBe(200);
  const { campaignId } = await setUpPromotion(project, {});
  const { token, attempt } = await open("/console/customers/of/rosa");
  const given = await post(`/console/customers/of/${"x".repeat(201)}/give`, {
    token,
    attempt,
    campaign_id: campaignId,
  });
  expect(given.status).toBe(404);
  expect((await send(project, "GET", "/v1/customers?identifier=xxx")).body.data).toEqual([]);
});

it("shows the segment that was made when its file cannot be read, to send it again", async () => {
  const body = new FormData();
  const { token, attempt } = await open("/console/segments/new");
  body.set("token", token);
  body.set("attempt", attempt);
  body.set("name", "Halfway");
  body.set("file", new File(["nobody\nada\n"], "list.csv"));
  const answer = await context.app.request("/console/segments", { method: "POST", headers: { cookie }, body });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toMatch(/action="\/console\/segments\/seg_\w+\/members"/);
});

it("takes no file of more lines than it has room for, and puts down to the sender what a broken one brought", async () => {
  const pool = await send(project, "POST", "/v1/pools", { name: "Bounded" });
  const path = `/console/pools/${pool.body.id}/codes`;
  const { token } = await open(`/console/pools/${pool.body.id}`);
  const upload = async (fields: Record<string, string | File>) => {
    const body = new FormData();
    for (const [name, value] of Object.entries({ token, ...fields })) body.set(name, value);
    const answer = await context.app.request(path, { method: "POST", headers: { cookie }, body });
    return { status: answer.status, text: await answer.text() };
  };
  const lines = await upload({ file: new File(["\n".repeat(1_000_001)], "codes.csv") });
  expect([lines.status, lines.text.includes("more than 1,000,000 lines")]).toEqual([400, true]);
  const pasted = await upload({ codes: "A\n".repeat(250_001) });
  expect([pasted.status, pasted.text.includes("More than 500,000 characters")]).toEqual([400, true]);
  const rows = Array.from({ length: 3_000 }, (_, at) => `C-${at}\n`).join("");
  const endless = await upload({ file: new File(["code\n", rows, "x".repeat(2_000_000)], "codes.csv") });
  expect([endless.status, endless.text.includes("Line 3002 is longer")]).toEqual([400, true]);
  const { body } = await send(project, "GET", `/v1/audit-log?subject_id=${pool.body.id}`);
  const { size } = (await send(project, "GET", `/v1/pools/${pool.body.id}`)).body;
  expect(size).toBeGreaterThan(1_999);
  expect(body.data[0]).toMatchObject({ action: "codes_added", after: { count: size } });
});
