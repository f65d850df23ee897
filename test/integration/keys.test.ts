import { createHash, randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { send, withKey } from "../support/answers.ts";
import { useApp } from "../support/app.ts";

const app = useApp();

const basket = { currency: "EUR", items: [{ sku: "a", quantity: 1, unit_amount: 1000 }] };

describe("keys", () => {
  it("keeps only the digest of a key and shows its text once", async () => {
    const project = await app.newProject();
    const made = await send(project, "POST", "/v1/keys", { kind: "secret", name: "till", scopes: ["checkout"] });
    expect(made.status).toBe(201);
    expect(made.body.key).toMatch(/^tsk_[\w-]{43}$/);
    const listed = await send(project, "GET", "/v1/keys");
    expect(listed.body.data[0]).toMatchObject({ id: made.body.id, name: "till", scopes: ["checkout"] });
    expect(JSON.stringify(listed.body)).not.toContain(made.body.key);
    const { rows } = await app.pool.query("select key_hash from api_key where id = $1", [made.body.id]);
    expect(rows[0].key_hash.equals(createHash("sha256").update(made.body.key).digest())).toBe(true);
  });

  it("refuses a revoked key at once, although it was just used", async () => {
    const project = await app.newProject();
    const key = { kind: "secret", scopes: ["analytics"] };
    const other = await withKey(app, project, key);
    expect((await other.request("GET", "/v1/customers")).status).toBe(200);
    const [newest] = (await send(project, "GET", "/v1/keys")).body.data;
    expect((await project.request("DELETE", `/v1/keys/${newest.id}`)).status).toBe(204);
    const refused = await other.request("GET", "/v1/customers");
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toMatch(/^Bearer/);
    expect((await project.request("DELETE", `/v1/keys/${newest.id}`)).status).toBe(204);
  });

  it("refuses a key from its expiry on", async () => {
    const project = await app.newProject();
    const expired = await withKey(app, project, {
      kind: "secret",
      scopes: ["analytics"],
      expires_at: "2020-01-01T00:00:00Z",
    });
    expect((await expired.request("GET", "/v1/customers")).status).toBe(401);
  });

  it("rotates: the old text ends at once without a grace and lives on within one", async () => {
    const project = await app.newProject();
    const old = await withKey(app, project, { kind: "secret", scopes: ["analytics"] });
    const [{ id }] = (await send(project, "GET", "/v1/keys")).body.data;
    const graced = await send(project, "POST", `/v1/keys/${id}/rotate`, { grace_seconds: 600 });
    expect(graced.status).toBe(201);
    expect(graced.body).toMatchObject({ scopes: ["analytics"], name: "test" });
    expect((await old.request("GET", "/v1/customers")).status).toBe(200);
    const next = await send(project, "POST", `/v1/keys/${graced.body.id}/rotate`, {});
    const ask = (key: string) => project.request("GET", "/v1/customers", undefined, { authorization: `Bearer ${key}` });
    expect((await ask(graced.body.key)).status).toBe(401);
    expect((await ask(next.body.key)).status).toBe(200);
    expect((await send(project, "POST", `/v1/keys/${graced.body.id}/rotate`, {})).status).toBe(404);
  });

  it("does not let a key revoke itself, so that a project is never shut for good", async () => {
    const project = await app.newProject();
    const [own] = (await send(project, "GET", "/v1/keys")).body.data;
    const { status, body } = await send(project, "DELETE", `/v1/keys/${own.id}`);
    expect([status, body.code]).toEqual([409, "conflict"]);
    expect((await project.request("GET", "/v1/keys")).status).toBe(200);
  });

  it("never writes the text of a key, not even for a replayed answer", async () => {
    const project = await app.newProject();
    const body = { kind: "secret", name: "till", scopes: ["checkout"] };
    const first = await send(project, "POST", "/v1/keys", body, { "idempotency-key": "k" });
    const again = await send(project, "POST", "/v1/keys", body, { "idempotency-key": "k" });
    expect(first.body.key).toMatch(/^tsk_/);
    expect(again.body).toEqual({ ...first.body, key: null });
    const { rows } = await app.pool.query("select response_body from idempotency_key where project_id = $1", [
      project.projectId,
    ]);
    expect(rows).toHaveLength(1);
    expect(rows[0].response_body).not.toContain(first.body.key);
  });

  it("lists every key once, page by page", async () => {
    const project = await app.newProject();
    for (let made = 0; made < 4; made += 1) await withKey(app, project, { kind: "secret", scopes: ["review"] });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "" : `&cursor=${cursor}`;
      const { body } = await send(project, "GET", `/v1/keys?limit=2${query}`);
      seen.push(...body.data.map((key: { id: string }) => key.id));
      cursor = body.next_cursor;
    } while (cursor !== null);
    expect(seen).toHaveLength(5);
    expect(new Set(seen).size).toBe(5);
  });
});

describe("publishable keys", () => {
  const shop = "https://shop.example";
  const publishable = { kind: "publishable", allowed_origins: [shop] };

  it("validate from an allowed origin, with CORS, and nothing else", async () => {
    const project = await app.newProject();
    const browser = await withKey(app, project, publishable);
    const body = { codes: ["NOPE"], order: basket };
    const allowed = await browser.request("POST", "/v1/validations", body, { origin: shop });
    expect(allowed.status).toBe(200);
    expect(allowed.headers.get("access-control-allow-origin")).toBe(shop);
    expect(allowed.headers.get("vary")).toMatch(/origin/i);
    for (const headers of [{ origin: "https://evil.example" }, {} as Record<string, string>]) {
      const refused = await send(browser, "POST", "/v1/validations", body, headers);
      expect([refused.status, refused.body.code]).toEqual([403, "origin_not_allowed"]);
      expect(refused.headers.get("access-control-allow-origin")).toBeNull();
    }
    const redeeming = await send(browser, "POST", "/v1/redemptions", body, { origin: shop });
    expect([redeeming.status, redeeming.body.code]).toEqual([403, "scope_missing"]);
  });

  it("are let through a preflight only where some key allows the origin", async () => {
    const project = await app.newProject();
    const origin = `https://${randomUUID()}.example`;
    await withKey(app, project, { ...publishable, allowed_origins: [origin] });
    const preflight = (from: string) =>
      app.app.request("/v1/validations", {
        method: "OPTIONS",
        headers: { origin: from, "access-control-request-method": "POST" },
      });
    const allowed = await preflight(origin);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe(origin);
    expect(allowed.headers.get("access-control-allow-headers")).toContain("authorization");
    expect((await preflight("https://evil.example")).headers.get("access-control-allow-origin")).toBeNull();
  });

  it("need origins as browsers send them", async () => {
    const project = await app.newProject();
    for (const origin of ["https://shop.example/", "shop.example", "*", "null", "HTTPS://SHOP.EXAMPLE"]) {
      const { status, body } = await send(project, "POST", "/v1/keys", {
        ...publishable,
        name: "p",
        allowed_origins: [origin],
      });
      expect([origin, status]).toEqual([origin, 400]);
      expect(body.errors[0].pointer).toBe("/allowed_origins/0");
    }
  });
});

describe("projects", () => {
  it("are made with a first key that sees the new project alone", async () => {
    const project = await app.newProject();
    const name = `shop ${randomUUID()}`;
    const made = await send(project, "POST", "/v1/projects", { name });
    expect(made.status).toBe(201);
    const authorization = `Bearer ${made.body.key.key}`;
    const seen = await send(project, "GET", "/v1/projects", undefined, { authorization });
    expect(seen.body.data.map((row: { id: string }) => row.id)).toEqual([made.body.id]);
    const own = await send(project, "GET", "/v1/projects");
    expect(own.body.data.map((row: { id: string }) => row.id)).toEqual([project.projectId]);
    const taken = await send(project, "POST", "/v1/projects", { name });
    expect([taken.status, taken.body.code]).toEqual([409, "already_exists"]);
  });

  it("cannot touch each other's keys", async () => {
    const [one, two] = [await app.newProject(), await app.newProject()];
    const [foreign] = (await send(two, "GET", "/v1/keys")).body.data;
    expect((await one.request("DELETE", `/v1/keys/${foreign.id}`)).status).toBe(404);
    expect((await one.request("POST", `/v1/keys/${foreign.id}/rotate`, {})).status).toBe(404);
    expect((await two.request("GET", "/v1/keys")).status).toBe(200);
  });
});
