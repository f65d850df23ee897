/** The console's pages: who may come in, what a form must bring, and that they do what their routes do. */
import { beforeAll, describe, expect, it } from "vitest";
import { send } from "../support/answers.ts";
import type { TestProject } from "../support/app.ts";
import { attempt, openShop, ring, type Shop, settleShop } from "../support/suspicious-shop.ts";
import { useScoredApp } from "./risk/scored-app.ts";

const app = useScoredApp();

let project: TestProject;
let shop: Shop;
let cookie: string;

beforeAll(async () => {
  project = await app.newProject();
  shop = await openShop(project);
  for (const one of ring) await attempt(app, project, shop, one);
  await settleShop(app);
  cookie = await signIn(project.key);
});

async function signIn(key: string): Promise<string> {
  const response = await app.app.request("/console/sign-in", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ key, return_to: "/console/reviews" }),
  });
  expect(response.status).toBe(303);
  return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

async function newKey(scopes: readonly string[], name = "test"): Promise<string> {
  const { status, body } = await send(project, "POST", "/v1/keys", { name, kind: "secret", scopes });
  expect(status).toBe(201);
  return body.key;
}

async function get(path: string, as = cookie): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await app.app.request(path, { headers: { cookie: as, accept: "text/html" } });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

const tokenOf = (html: string) => /name="token" value="([\w-]+)"/.exec(html)?.[1] ?? "";

interface Posted {
  readonly as?: string;
  readonly headers?: Record<string, string>;
}

async function post(
  path: string,
  form: Record<string, string> | [string, string][],
  { as = cookie, headers = {} }: Posted = {},
) {
  const response = await app.app.request(path, {
    method: "POST",
    headers: { cookie: as, "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(form),
  });
  return { status: response.status, text: await response.text(), location: response.headers.get("location") ?? "" };
}

async function reviewOf(customer: string): Promise<string> {
  const { text } = await get(`/console/reviews?status=all&customer=${encodeURIComponent(customer)}`);
  return /data-row="(rev_\w+)"/.exec(text)?.[1] ?? "none";
}

describe("who may come in", () => {
  it("is shown the way without a session, and back to the page that was asked for", async () => {
    for (const path of ["/console", "/console/reviews?status=held", "/console/reviews/rev_1", "/console/clusters"]) {
      const response = await app.app.request(path);
      expect([path, response.status]).toEqual([path, 303]);
      expect(response.headers.get("location")).toBe(`/console/sign-in?return_to=${encodeURIComponent(path)}`);
    }
  });

  it("needs the scope review: a key of dashboards gets a page that says so, and a home without reviews", async () => {
    const analyst = await signIn(await newKey(["analytics"]));
    for (const path of ["/console/reviews", "/console/reviews/rev_1", "/console/clusters"]) {
      const { status, text } = await get(path, analyst);
      expect([path, status]).toEqual([path, 403]);
      expect(text).toContain("Reviews need a key with the scope review");
    }
    const posted = await post("/console/reviews/bulk", { action: "dismiss", id: "rev_1" }, { as: analyst });
    expect(posted.status).toBe(403);
    const home = await get("/console", analyst);
    expect(home.status).toBe(200);
    expect(home.text).not.toContain("/console/reviews");
    expect(home.text).toContain("/dashboards/");
  });

  it("lets a key of review in, and keeps the dashboards from it", async () => {
    const reviewer = await signIn(await newKey(["review"]));
    expect((await get("/console/reviews", reviewer)).status).toBe(200);
    expect((await get("/dashboards/api/freshness", reviewer)).status).toBe(403);
    const again = await app.app.request("/console/sign-in", { headers: { cookie: reviewer } });
    expect(again.headers.get("location")).toBe("/console");
    expect((await get("/console/reviews", reviewer)).text).not.toContain('href="/dashboards/');
  });

  it("lets any secret key in, and shows it what its scopes open", async () => {
    const till = await signIn(await newKey(["checkout"]));
    const home = await get("/console", till);
    expect(home.status).toBe(200);
    for (const path of ["/console/reviews", "/console/campaigns", "/dashboards/"]) {
      expect(home.text).not.toContain(`href="${path}`);
    }
    const nowhere = await get("/console/nowhere", till);
    expect(nowhere.status).toBe(404);
    expect(nowhere.text).toContain("There is no such page");
  });

  it("shows another project's reviews and clusters to nobody", async () => {
    const stranger = await app.newProject();
    const theirs = await signIn(stranger.key);
    const id = await reviewOf("mk-deals-01");
    expect((await get(`/console/reviews/${id}`)).status).toBe(200);
    expect((await get(`/console/reviews/${id}`, theirs)).status).toBe(404);
    expect((await get("/console/reviews?status=all", theirs)).text).not.toContain("mk-deals");
    const clusters = await get("/console/clusters");
    const cluster = /\/console\/clusters\/(clu_\w+)/.exec(clusters.text)?.[1];
    expect((await get(`/console/clusters/${cluster}`)).text).toContain("mk-deals-01");
    expect((await get(`/console/clusters/${cluster}`, theirs)).status).toBe(404);
    const token = tokenOf((await get("/console/reviews?status=all", theirs)).text) || "x";
    const foreign = await post(`/console/reviews/${id}/decision`, { token, decision: "dismiss" }, { as: theirs });
    expect([403, 404]).toContain(foreign.status);
    expect((await get(`/console/reviews/${id}`)).text).toContain("badge accent");
  });
});

describe("a form", () => {
  it("does nothing without the token of its session, with another session's, or sent from another site", async () => {
    const id = await reviewOf("lena");
    const page = await get(`/console/reviews/${id}`);
    const token = tokenOf(page.text);
    expect(token.length).toBeGreaterThan(40);
    const other = await signIn(await newKey(["review"], "other"));
    const othersToken = tokenOf((await get(`/console/reviews/${id}`, other)).text);
    expect(othersToken).not.toBe(token);
    const path = `/console/reviews/${id}/decision`;
    const decision = "dismiss";
    for (const [form, more] of [
      [{ decision }, {}],
      [{ decision, token: "" }, {}],
      [{ decision, token: othersToken }, {}],
      [{ decision, token }, { headers: { "sec-fetch-site": "cross-site" } }],
      [{ decision, token }, { headers: { "sec-fetch-site": "same-site" } }],
      [{ decision, token }, { headers: { origin: "https://evil.example", host: "localhost" } }],
      [{ decision, token }, { headers: { origin: "null", host: "localhost" } }],
    ] as const) {
      const { status, text } = await post(path, form as Record<string, string>, more);
      expect([status, text.includes("form")], JSON.stringify([form, more])).toEqual([403, true]);
    }
    expect((await post(path, { decision, token }, { as: "" })).status).toBe(303);
    const { body } = await send(project, "GET", `/v1/reviews/${id}`);
    expect(body.status).toBe("open");
  });

  it("larger than forms are, or with what no text is, is refused", async () => {
    const id = await reviewOf("lena");
    const token = tokenOf((await get(`/console/reviews/${id}`)).text);
    const path = `/console/reviews/${id}/note`;
    expect((await post(path, { token, note: "x".repeat(70_000) })).status).toBe(413);
    expect((await post(path, { token, note: "a\0b" })).status).toBe(400);
    expect((await post(path, { token, note: "x".repeat(2_001) })).status).toBe(400);
    expect((await post(path, { token, note: "  " })).status).toBe(400);
    expect((await post(path, { token, note: "Looked at the address." })).status).toBe(303);
    expect((await get(`/console/reviews/${id}`)).text).toContain("Looked at the address.");
  });

  it("decides as the route does, and leads back to the queue one came from", async () => {
    const id = await reviewOf("tom@example.org");
    const token = tokenOf((await get(`/console/reviews/${id}`)).text);
    const from = "status=open&sort=age";
    const answer = await post(`/console/reviews/${id}/decision`, {
      token,
      decision: "hold",
      note: "Ask\r\nthem",
      from,
    });
    expect(answer).toMatchObject({
      status: 303,
      location: `/console/reviews?status=open&sort=age&done=hold&review=${id}`,
    });
    const { body } = await send(project, "GET", `/v1/reviews/${id}`);
    expect(body.status).toBe("held");
    expect(body.timeline.at(-1)).toMatchObject({ kind: "held", note: "Ask\nthem" });
    const wrong = await post(`/console/reviews/${id}/decision`, { token, decision: "maybe" });
    expect(wrong.status).toBe(400);
  });

  it("that comes too late says who was first, and keeps what was written", async () => {
    const id = await reviewOf("j.kowalska");
    const second = await signIn(await newKey(["review"], "Second reviewer"));
    const token = tokenOf((await get(`/console/reviews/${id}`, second)).text);
    await send(project, "POST", `/v1/reviews/${id}/assign`, {});
    const answer = await post(
      `/console/reviews/${id}/decision`,
      { token, decision: "dismiss", note: "A family" },
      { as: second },
    );
    expect(answer.status).toBe(409);
    expect(answer.text).toContain("has it until");
    expect(answer.text).toContain("A family</textarea>");
    expect(answer.text).toMatch(/value="dismiss"[^>]*disabled/);
    expect((await post(`/console/reviews/${id}/assign`, { token }, { as: second })).status).toBe(409);
    await send(project, "POST", `/v1/reviews/${id}/release`, {});
    expect((await post(`/console/reviews/${id}/assign`, { token }, { as: second })).status).toBe(303);
    expect((await get(`/console/reviews/${id}`, second)).text).toContain("Yours until");
  });

  it("decides many at once, each by itself", async () => {
    const [one, other] = [await reviewOf("mk-deals-02"), await reviewOf("mk-deals-03")];
    const taken = await reviewOf("j.kowalska");
    const token = tokenOf((await get("/console/reviews")).text);
    const held = await post("/console/reviews/bulk", [
      ["token", token],
      ["action", "hold"],
      ["id", one],
    ]);
    expect(held.location).toContain("done=hold&count=1");
    expect((await send(project, "GET", `/v1/reviews/${one}`)).body.status).toBe("held");
    const form: [string, string][] = [
      ["token", token],
      ["action", "dismiss"],
      ["note", "Known"],
      ["from", ""],
    ];
    const answer = await post("/console/reviews/bulk", [
      ...form,
      ...[one, other, taken, "rev_none"].map((id): [string, string] => ["id", id]),
    ]);
    expect(answer.status).toBe(303);
    const said = new URL(answer.location, "http://x").searchParams;
    expect(Object.fromEntries(said)).toEqual({ done: "dismiss", count: "2", review_locked: "1", not_found: "1" });
    const page = await get(answer.location);
    expect(page.text).toContain("2 reviews dismissed");
    expect(page.text).toContain("1 review left as they were: somebody else has them.");
    expect((await post("/console/reviews/bulk", form)).status).toBe(400);
    expect(
      (
        await post("/console/reviews/bulk", [
          ["token", token],
          ["action", "delete"],
          ["id", one],
        ])
      ).status,
    ).toBe(400);
  });
});

describe("a claw-back", () => {
  it("is shown before it happens, done as shown, and undone", async () => {
    const id = await reviewOf("mk-deals-01");
    const token = tokenOf((await get(`/console/reviews/${id}`)).text);
    const asked = { token, decision: "confirm", claw_back: "cluster", note: "One card" };
    const preview = await post(`/console/reviews/${id}/decision`, asked);
    expect(preview.status).toBe(200);
    for (const name of ["maria.k@example.com", "m.kowalski77", "mk-deals-02"]) expect(preview.text).toContain(name);
    expect(preview.text).not.toContain("tom@example.org");
    expect((await send(project, "GET", `/v1/reviews/${id}`)).body.status).toBe("open");
    const digest = /name="preview_digest" value="([0-9a-f]{64})"/.exec(preview.text)?.[1] ?? "";
    const changed = await post(`/console/reviews/${id}/decision`, { ...asked, preview_digest: "0".repeat(64) });
    expect(changed.status).toBe(409);
    expect(changed.text).toContain("Something changed since you looked");
    const done = await post(`/console/reviews/${id}/decision`, { ...asked, preview_digest: digest });
    expect(done.status).toBe(303);
    expect(done.location).toMatch(/^\/console\/reviews\/claw-backs\/clw_/);
    const page = await get(done.location);
    expect(page.text).toContain("Clawed back");
    expect((await send(project, "GET", `/v1/reviews/${id}`)).body.claw_back.status).toBe("done");
    await settleShop(app);
    const [summary] = (await send(project, "GET", "/v1/clusters")).body.data;
    expect(summary).toMatchObject({ customers_count: 7, discount_amount: 0 });
    expect(summary.reviews_confirmed_count).toBeGreaterThan(0);
    const undone = await post(`${done.location}/undo`, { token });
    expect(undone.status).toBe(303);
    expect((await get(undone.location)).text).toContain("Undone");
  });
});

it("sends every page with a policy that allows no script and no style but its own files, and to be kept by nobody", async () => {
  const id = await reviewOf("lena");
  for (const path of [
    "/console",
    "/console/reviews",
    `/console/reviews/${id}`,
    "/console/clusters",
    "/console/reviews/nothing",
  ]) {
    const { headers, text } = await get(path);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain("unsafe");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(text).not.toMatch(/<style|style="|<script(?! src="\/console\/assets\/console.js")| on\w+="/);
  }
  const asset = await get("/console/assets/console.js");
  expect([asset.status, asset.headers.get("content-type")]).toEqual([200, "text/javascript; charset=utf-8"]);
  expect((await get("/console/assets/..%2Froutes.tsx")).status).toBe(404);
});

it("says which filter is not one", async () => {
  const { status, text } = await get("/console/reviews?min_score=2");
  expect(status).toBe(400);
  expect(text).toContain("min_score");
  expect((await get("/console/reviews?cursor=nonsense")).status).toBe(400);
});
