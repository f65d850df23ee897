import { describe, expect, it } from "vitest";
import { sweepIdempotencyKeys } from "../../api/http/idempotency.ts";
import { send } from "../support/answers.ts";
import { useApp } from "../support/app.ts";

const app = useApp();

const event = (name: string) => ({ name, customer: { identifier: "ada" } });

async function count(table: "custom_event" | "customer" | "idempotency_key", projectId: string): Promise<number> {
  const { rows } = await app.pool.query(`select count(*) as n from ${table} where project_id = $1`, [projectId]);
  return rows[0].n;
}

describe("Idempotency-Key", () => {
  it("executes 200 simultaneous twins once and gives all of them the same answer", async () => {
    const project = await app.newProject();
    const answers = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const response = await project.request("POST", "/v1/events", event("ping"), { "idempotency-key": "one" });
        return { status: response.status, text: await response.text(), headers: response.headers };
      }),
    );
    expect(new Set(answers.map((answer) => `${answer.status} ${answer.text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect(answers.filter((answer) => answer.headers.get("idempotency-replayed") === "true")).toHaveLength(199);
    expect(await count("custom_event", project.projectId)).toBe(1);
  });

  it("knows the same body whatever its blanks and the order of its fields", async () => {
    const project = await app.newProject();
    const post = (body: string) =>
      project.request("POST", "/v1/events", body, { "content-type": "application/json", "idempotency-key": "k" });
    const first = await post('{"name":"ping","customer":{"identifier":"ada"}}');
    const second = await post('{ "customer": {"identifier": "ada"},\n "name": "ping" }');
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(await second.text()).toBe(await first.text());
  });

  it("refuses another body or another path under the same key", async () => {
    const project = await app.newProject();
    const headers = { "idempotency-key": "k" };
    await project.request("POST", "/v1/events", event("ping"), headers);
    for (const [path, body] of [
      ["/v1/events", event("pong")],
      ["/v1/orders", { id: "o", status: "paid", customer: { identifier: "ada" }, currency: "EUR", items: [line] }],
    ] as const) {
      const answer = await send(project, "POST", path, body, headers);
      expect([answer.status, answer.body.code]).toEqual([422, "idempotency_key_reused"]);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
    }
    expect(await count("custom_event", project.projectId)).toBe(1);
  });

  it("repeats a refusal although it would now succeed, and keeps nothing that the refused request wrote", async () => {
    const project = await app.newProject();
    await project.request("POST", "/v1/events", { ...event("ping"), id: "e1" });
    const clash = { ...event("ping"), id: "e1", customer: { identifier: "eve" } };
    const refused = await send(project, "POST", "/v1/events", clash, { "idempotency-key": "k" });
    expect(refused.status).toBe(409);
    expect(await count("customer", project.projectId)).toBe(1);
    await app.pool.query("delete from custom_event where project_id = $1", [project.projectId]);
    const again = await send(project, "POST", "/v1/events", clash, { "idempotency-key": "k" });
    expect([again.status, again.body]).toEqual([409, refused.body]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.headers.get("content-type")).toBe("application/problem+json");
  });

  it("forgets a key whose request was not valid, so that it can be mended", async () => {
    const project = await app.newProject();
    const headers = { "idempotency-key": "k" };
    expect((await project.request("POST", "/v1/events", { name: 1 }, headers)).status).toBe(400);
    expect((await project.request("POST", "/v1/events", event("ping"), headers)).status).toBe(201);
  });

  it("keeps the keys of projects apart", async () => {
    const [one, two] = [await app.newProject(), await app.newProject()];
    const headers = { "idempotency-key": "k" };
    await one.request("POST", "/v1/events", event("ping"), headers);
    const other = await two.request("POST", "/v1/events", event("pong"), headers);
    expect([other.status, other.headers.get("idempotency-replayed")]).toEqual([201, null]);
  });

  it("refuses keys that are empty, too long or not printable ASCII", async () => {
    const project = await app.newProject();
    for (const key of ["x".repeat(201), "k\u00e9y"]) {
      const answer = await send(project, "POST", "/v1/events", event("ping"), { "idempotency-key": key });
      expect([answer.status, answer.body.errors[0]]).toEqual([
        400,
        expect.objectContaining({ in: "header", pointer: "/idempotency-key" }),
      ]);
    }
  });

  it("is swept after 48 hours and not before", async () => {
    const project = await app.newProject();
    for (const [key, hours] of [
      ["old", 49],
      ["young", 47],
    ] as const) {
      await project.request("POST", "/v1/events", event("ping"), { "idempotency-key": key });
      await app.pool.query(
        "update idempotency_key set created_at = now() - make_interval(hours => $3) where project_id = $1 and key = $2",
        [project.projectId, key, hours],
      );
    }
    expect(await sweepIdempotencyKeys(app.pool)).toBe(1);
    expect(await count("idempotency_key", project.projectId)).toBe(1);
  });
});

const line = { sku: "a", quantity: 1, unit_amount: 1 };
