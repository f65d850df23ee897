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
});
