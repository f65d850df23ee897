import { expect, it } from "vitest";
import { announceLowPools } from "../../api/pools/watch.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";

const context = useApp();

async function newPool(project: TestProject, body: object = {}): Promise<string> {
  const answer = await send(project, "POST", "/v1/pools", { name: "Cinema", ...body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  expect(answer.body).toMatchObject({ size: 0, left: 0 });
  return answer.body.id;
}

function addCodes(project: TestProject, poolId: string, file: string, type = "text/csv") {
  return send(project, "POST", `/v1/pools/${poolId}/codes`, file, { "content-type": type });
}

function csv(count: number, from = 0): string {
  return `code\n${Array.from({ length: count }, (_, n) => `TICKET-${from + n}`).join("\n")}\n`;
}

async function take(project: TestProject, poolId: string, redemption: string): Promise<string | undefined> {
  const { rows } = await context.pool.query("select * from take_pool_code($1, $2, $3, $4, $5)", [
    project.projectId,
    poolId,
    "cus_1",
    redemption,
    new Date("2026-05-01T00:00:00Z"),
  ]);
  return rows[0]?.code;
}

function lowStockEvents(project: TestProject) {
  return context.db
    .selectFrom("outbox")
    .select("payload")
    .where("project_id", "=", project.projectId)
    .where("type", "=", "pool.low_stock")
    .execute();
}

it("gives 50 codes to exactly 50 of 200 simultaneous takers, each another one", async () => {
  const project = await context.newProject();
  const id = await newPool(project);
  await addCodes(project, id, csv(50));
  const codes = await Promise.all(Array.from({ length: 200 }, (_, n) => take(project, id, `red_${n}`)));
  const got = codes.filter((code) => code !== undefined);
  expect(got).toHaveLength(50);
  expect(new Set(got).size).toBe(50);
  expect((await send(project, "GET", `/v1/pools/${id}`)).body).toMatchObject({ size: 50, left: 0 });
  const { rows } = await context.pool.query(
    "select count(distinct redemption_id) as takers from pool_code where project_id = $1 and status = 'taken'",
    [project.projectId],
  );
  expect(rows[0].takers).toBe(50);
});

it("leaves a code in the pool when its taker's transaction is undone", async () => {
  const project = await context.newProject();
  const id = await newPool(project);
  await addCodes(project, id, csv(1));
  const client = await context.pool.connect();
  await client.query("begin");
  const taken = await client.query("select code from take_pool_code($1, $2, 'c', 'r', now())", [project.projectId, id]);
  expect(taken.rows).toEqual([{ code: "TICKET-0" }]);
  expect(await take(project, id, "red_2")).toBeUndefined();
  await client.query("rollback");
  client.release();
  expect(await take(project, id, "red_2")).toBe("TICKET-0");
});

it("announces low stock once, and again after the pool was filled up", async () => {
  const project = await context.newProject();
  const id = await newPool(project, { low_stock: 2 });
  await addCodes(project, id, csv(5));
  for (let n = 0; n < 2; n += 1) await take(project, id, "r");
  expect(await lowStockEvents(project)).toEqual([]);
  for (let n = 0; n < 3; n += 1) await take(project, id, "r");
  const event = { pool_id: id, name: "Cinema", left: 2, low_stock: 2 };
  expect(await lowStockEvents(project)).toEqual([{ payload: event }]);
  await addCodes(project, id, csv(3, 5));
  await take(project, id, "r");
  expect(await lowStockEvents(project)).toEqual([{ payload: event }, { payload: event }]);
});

it("announces the low stock that the last takers of all could not see, and only that", async () => {
  const project = await context.newProject();
  const low = await newPool(project, { low_stock: 1 });
  const full = await newPool(project, { low_stock: 1, name: "Full" });
  await newPool(project, { low_stock: 1, name: "Empty from the start" });
  await addCodes(project, low, csv(3));
  await addCodes(project, full, csv(3));
  // Taken behind the function's back, as two open transactions do to each other's view.
  await context.pool.query("update pool_code set status = 'taken' where project_id = $1 and pool_id = $2", [
    project.projectId,
    low,
  ]);
  await announceLowPools(context.pool);
  await announceLowPools(context.pool);
  expect(await lowStockEvents(project)).toMatchObject([{ payload: { pool_id: low, left: 0 } }]);
});

it("adds codes from CSV and NDJSON, counts duplicates and names bad rows", async () => {
  const project = await context.newProject();
  const id = await newPool(project);
  const first = await addCodes(project, id, `code\nA b/1\n"Ä,2"\nA b/1\n${"x".repeat(201)}\na\u0001b\n`);
  expect(first.status, JSON.stringify(first.body)).toBe(200);
  expect(first.body).toMatchObject({ received: 5, added: 2, duplicates: 1, failed: 2 });
  expect(first.body.errors.map((error: { line: number }) => error.line)).toEqual([5, 6]);
  const ndjson = '{"code":"Ä,2"}\n{"code":" new "}\n{"kode":"x"}\n{"code":7}\n';
  const second = await addCodes(project, id, ndjson, "application/x-ndjson");
  expect(second.body).toMatchObject({ received: 4, added: 1, duplicates: 1, failed: 2 });
  const taken = [await take(project, id, "r"), await take(project, id, "r"), await take(project, id, "r")];
  expect(taken.sort()).toEqual(["A b/1", "new", "Ä,2"]);
});

it("lets two uploads of one file meet without adding a code twice", async () => {
  const project = await context.newProject();
  const id = await newPool(project);
  const answers = await Promise.all([1, 2, 3].map(() => addCodes(project, id, csv(5_000))));
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
  const added = answers.reduce((sum, { body }) => sum + body.added, 0);
  const duplicates = answers.reduce((sum, { body }) => sum + body.duplicates, 0);
  expect([added, duplicates]).toEqual([5_000, 10_000]);
  expect((await send(project, "GET", `/v1/pools/${id}`)).body).toMatchObject({ size: 5_000, left: 5_000 });
});

it("answers a retried upload like the first, and refuses the key for another file", async () => {
  const project = await context.newProject();
  const id = await newPool(project);
  const upload = (file: string) =>
    send(project, "POST", `/v1/pools/${id}/codes`, file, { "content-type": "text/csv", "idempotency-key": "k" });
  const first = await upload(csv(3));
  const second = await upload(csv(3));
  expect(second.body).toEqual(first.body);
  expect(second.headers.get("idempotency-replayed")).toBe("true");
  expect(await upload(csv(4))).toMatchObject({ status: 422, body: { code: "idempotency_key_reused" } });
  // What went in is in the audit log, whatever was answered.
  const { body } = await send(project, "GET", `/v1/audit-log?subject_type=pool&subject_id=${id}`);
  const counts = body.data.filter(({ action }: { action: string }) => action === "codes_added");
  expect(counts.map(({ after }: { after: { count: number } }) => after.count)).toEqual([1, 3]);
});

it("lists, renames and marks pools, and refuses a name twice", async () => {
  const project = await context.newProject();
  const first = await newPool(project, { metadata: { partner: "x" } });
  const second = await newPool(project, { name: "Second" });
  expect(await send(project, "POST", "/v1/pools", { name: "Second" })).toMatchObject({
    status: 409,
    body: { code: "already_exists", errors: [{ pointer: "/name" }] },
  });
  const taken = await send(project, "PATCH", `/v1/pools/${first}`, { name: "Second" });
  expect(taken).toMatchObject({ status: 409, body: { code: "already_exists" } });
  const changed = await send(project, "PATCH", `/v1/pools/${first}`, { name: "First", low_stock: 5 });
  expect(changed.body).toMatchObject({ name: "First", low_stock: 5, metadata: { partner: "x" } });
  const cleared = await send(project, "PATCH", `/v1/pools/${first}`, { low_stock: null });
  expect(cleared.body.low_stock).toBeNull();
  const page = await send(project, "GET", "/v1/pools?limit=1");
  const rest = await send(project, "GET", `/v1/pools?limit=1&cursor=${page.body.next_cursor}`);
  expect([page, rest].map(({ body }) => body.data.map((pool: { id: string }) => pool.id))).toEqual([[second], [first]]);
});
