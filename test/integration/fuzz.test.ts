/**
 * Broken requests to every route of the OpenAPI document: the answer is a problem document that says where, never a
 * 500, and what is refused leaves no trace.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type TestProject, useApp } from "../support/app.ts";
import { addressPart, oddBody, poisonedBody, queryOf } from "../support/broken-requests.ts";
import { fillPath, type Operation, readOperations, type Schema } from "../support/operations.ts";
import { setUpPromotion } from "../support/promotions.ts";

const context = useApp();

/** Of each operation. A question has few parts that can be odd, and some of them take the warehouse a while. */
const runs = { poisoned: 30, odd: 50, oddQuestions: 15 };

let project: TestProject;
let operations: Operation[];
let schemas: Readonly<Record<string, Schema>>;
let known: string[];
let tables: string[];

beforeAll(async () => {
  project = await context.newProject();
  ({ operations, schemas } = readOperations(context.app));
  const { mainId, campaignId, code } = await setUpPromotion(project, {});
  await project.request("PUT", "/v1/customers/customer-1", { name: "Ada" });
  known = [mainId, campaignId, code, "customer-1"];
  const { rows } = await context.pool.query("select tablename from pg_tables where schemaname = 'public' order by 1");
  tables = rows.map(({ tablename }) => tablename);
});

/** Rows of each table, as one text to compare. */
async function contents(): Promise<string> {
  const counts = tables.map((table) => `(select count(*) from ${table}) as ${table}`);
  const { rows } = await context.pool.query(`select ${counts.join(", ")}`);
  return JSON.stringify(rows[0]);
}

/** Changes with every transaction that wrote anything, whether it was committed or not. */
async function lastWriter(): Promise<string> {
  const { rows } = await context.pool.query("select pg_snapshot_xmax(pg_current_snapshot())::text as xid");
  return rows[0].xid;
}

interface Sent {
  readonly operation: Operation;
  readonly address: string;
  readonly body: string | undefined;
  readonly headers: Record<string, string>;
}

async function check({ operation, address, body, headers }: Sent): Promise<number> {
  const response = await project.request(operation.method, address, body, headers);
  const text = await response.text();
  const told = `${operation.method} ${address} ${body ?? ""} → ${response.status} ${text}`;
  if (response.status < 400) return response.status;
  expect(response.status, told).toBeLessThan(500);
  expect(response.headers.get("content-type"), told).toBe("application/problem+json");
  const problem = JSON.parse(text);
  expect(problem, told).toMatchObject({
    type: `urn:tessera:problem:${problem.code}`,
    status: response.status,
    title: expect.any(String),
    detail: expect.any(String),
  });
  if (response.status === 400) {
    expect(problem.errors?.length, told).toBeGreaterThan(0);
    for (const fault of problem.errors) expect(fault, told).toMatchObject({ pointer: expect.any(String) });
  }
  return response.status;
}

const json = { "content-type": "application/json" };

/** Answers that are stored or announced, although they refuse. */
const recorded = new Set([409, 422]);

describe("broken requests", { timeout: 120_000 }, () => {
  it("a body that holds what can never be kept is refused by every route, with a pointer, and leaves no trace", async () => {
    for (const operation of operations.filter((candidate) => candidate.body)) {
      const before = await contents();
      const address = fillPath(operation.path, { id: known[1] ?? "", code: known[2] ?? "", identifier: "customer-1" });
      await fc.assert(
        fc.asyncProperty(poisonedBody(operation, schemas), async (body) => {
          const headers = { ...json, "idempotency-key": "poisoned" };
          expect(await check({ operation, address, body, headers }), `${operation.name} ${body}`).toBe(400);
        }),
        { numRuns: runs.poisoned },
      );
      expect(await contents(), operation.name).toBe(before);
    }
  });

  it("odd bodies, paths and queries are answered or refused, never with a 500, and a refusal writes nothing", async () => {
    let [before, writer] = [await contents(), await lastWriter()];
    let made = 0;
    for (const operation of operations.filter((candidate) => candidate.scopes.length > 0)) {
      const body = operation.body ? oddBody(operation, schemas) : fc.constant(undefined);
      const request = fc.record({
        parts: fc.array(addressPart(known), { minLength: 2, maxLength: 2 }),
        query: operation.method === "GET" ? queryOf(operation) : fc.constant(""),
        body,
      });
      await fc.assert(
        fc.asyncProperty(request, async ({ parts, query, body }) => {
          made += 1;
          const values = Object.fromEntries(operation.pathParameters.map((name, index) => [name, parts[index] ?? "x"]));
          const address = `${fillPath(operation.path, values)}${query}`;
          const status = await check({ operation, address, body, headers: { ...json, "idempotency-key": `k${made}` } });
          const wroteLast = await lastWriter();
          if (wroteLast === writer) return;
          writer = wroteLast;
          const after = await contents();
          if (status >= 400 && !recorded.has(status))
            expect(after, `${operation.name} ${address} ${body}`).toBe(before);
          before = after;
        }),
        { numRuns: operation.method === "GET" ? runs.oddQuestions : runs.odd },
      );
    }
    expect(made).toBeGreaterThanOrEqual(1_500);
  });
});
