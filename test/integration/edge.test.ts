/** What holds for every address: probes, metrics, the reference page, and answers to what nobody asked for. */
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { createApp } from "../../api/app.ts";
import { send } from "../support/answers.ts";
import { useApp } from "../support/app.ts";
import { fillPath, readOperations, type Schema } from "../support/operations.ts";

const context = useApp();

describe("probes", () => {
  it("tell life, and readiness part by part", async () => {
    expect((await context.app.request("/healthz")).status).toBe(200);
    const ready = await context.app.request("/readyz");
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { ready: true, parts: { postgres: true, clickhouse: true, migrations: true, relay: true } },
    ]);
    const app = createApp({
      ...context.deps,
      metrics: new Registry(),
      readiness: async () => ({ postgres: true, clickhouse: false }),
    });
    const waiting = await app.request("/readyz");
    expect([waiting.status, await waiting.json()]).toEqual([
      503,
      { ready: false, parts: { postgres: true, clickhouse: false } },
    ]);
  });

  it("count the outbox and time requests by route pattern, never by what is in the address", async () => {
    const project = await context.newProject();
    const code = `SECRET-${project.projectId}`;
    await project.request("GET", `/v1/vouchers/${code}`);
    await project.request("PUT", "/v1/customers/ada", {});
    const text = await (await context.app.request("/metrics")).text();
    expect(text).toMatch(/^outbox_lag_rows [1-9]\d*$/m);
    expect(text).toMatch(/^outbox_oldest_seconds \d/m);
    expect(text).toContain(
      'http_request_duration_seconds_count{method="GET",route="/v1/vouchers/:code",status="404"} 1',
    );
    expect(text).not.toContain(code);
    expect(text).not.toContain(project.projectId);
  });
});

describe("the reference", () => {
  it("comes whole from this host", async () => {
    const page = await context.app.request("/docs");
    const html = await page.text();
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(html).toContain("<title>Tessera API reference</title>");
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    const addresses = [...html.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)].map(([, address]) => address ?? "");
    expect(addresses.length).toBeGreaterThanOrEqual(5);
    for (const address of addresses) {
      const asset = await context.app.request(address);
      expect([address, asset.status]).toEqual([address, 200]);
      const etag = asset.headers.get("etag") ?? "";
      expect((await context.app.request(address, { headers: { "if-none-match": etag } })).status).toBe(304);
    }
    expect((await context.app.request("/docs/package.json")).status).toBe(404);
    expect((await context.app.request("/docs/toString")).status).toBe(404);
  });

  it("describes each operation with an id, a summary, its errors and its key", async () => {
    const response = await context.app.request("/openapi.json");
    const document = JSON.parse(await response.text());
    expect(document.openapi).toBe("3.1.0");
    const operations = Object.values<Record<string, Described>>(document.paths).flatMap((item) => Object.values(item));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    const tags = document.tags.map((tag: { name: string }) => tag.name);
    for (const { operationId, summary, security, responses, tags: own } of operations) {
      expect(summary, operationId).toBeTruthy();
      expect(tags, operationId).toEqual(expect.arrayContaining(own));
      if (!security) continue;
      for (const status of ["400", "401", "403"]) {
        expect(Object.keys(responses[status]?.content ?? {}), operationId).toEqual(["application/problem+json"]);
      }
    }
  });
});

describe("the examples", () => {
  it("are there for every body, and each route takes its own", async () => {
    const project = await context.newProject();
    const { operations, schemas } = readOperations(context.app);
    const made = (body: Schema): unknown => body.example ?? schemas[body.$ref?.split("/").at(-1) ?? ""]?.example;
    const faults: unknown[] = [];
    for (const { name, method, path, body, pathParameters } of operations) {
      if (body === undefined) continue;
      const filled = fillPath(path, Object.fromEntries(pathParameters.map((parameter) => [parameter, "nobody"])));
      const headers = { "idempotency-key": name };
      const answer = await send(project, method, filled, made(body) ?? "", headers);
      const { status, body: told } = answer;
      // What an example names by an id is not there.
      const isUnknown = told.errors?.every(({ detail }: { detail: string }) =>
        /^There is no such (?!field)/.test(detail),
      );
      if (made(body) === undefined || status >= 500 || (status === 400 && isUnknown !== true)) {
        faults.push([name, status, told]);
      }
    }
    expect(faults).toEqual([]);
  });
});

interface Described {
  readonly operationId: string;
  readonly summary?: string;
  readonly tags: string[];
  readonly security?: unknown;
  readonly responses: Record<string, { readonly content?: object }>;
}

describe("other addresses", () => {
  it("are a 404 problem, and a known one with another method a 405 that says which are allowed", async () => {
    const nothing = await context.app.request("/v1/nothing");
    expect([nothing.status, nothing.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
    const wrong = await context.app.request("/v1/campaigns/x", { method: "DELETE" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, PATCH"]);
  });

  it("that hold NUL or broken UTF-8 are refused before anything looks at them", async () => {
    const project = await context.newProject();
    for (const address of [
      "/v1/customers/a%00b",
      "/v1/customers/%ff",
      "/v1/orders?customer=%00",
      "/v1/orders?customer=%",
    ]) {
      const response = await project.request("GET", address);
      const problem = JSON.parse(await response.text());
      expect([address, response.status, problem.errors[0].in]).toEqual([
        address,
        400,
        address.includes("?") ? "query" : "path",
      ]);
    }
  });

  it("do not show what went wrong inside, only the request to ask for", async () => {
    const broken = {
      ...context.deps,
      metrics: new Registry(),
      readiness: () => Promise.reject(new Error("the secret")),
    };
    const response = await createApp(broken).request("/readyz");
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain("the secret");
    expect(JSON.parse(text)).toMatchObject({
      code: "internal",
      instance: `urn:uuid:${response.headers.get("x-request-id")}`,
    });
  });
});
