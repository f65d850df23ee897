import { expect, it } from "vitest";
import { runImports } from "../../api/imports/worker.ts";
import { send } from "../support/answers.ts";
import { useApp } from "../support/app.ts";
import { csv, errorsOf, imported, lines, ndjson, progress, upload } from "../support/imports.ts";
import { workUntil } from "../support/workers.ts";

const context = useApp();

const order = {
  id: "o",
  customer: { identifier: "ann" },
  status: "paid",
  currency: "EUR",
  items: [{ sku: "coffee", quantity: 2, unit_amount: 2500 }],
  occurred_at: "2024-03-01T10:00:00Z",
};

/** What a shop's export may hold at its worst; each is one line. */
const broken: readonly (string | Buffer)[] = [
  JSON.stringify({ ...order, id: "a\0b" }),
  `{"id":"\\ud800","status":"paid"}`,
  Buffer.from([0x7b, 0xc3, 0x28, 0x7d]),
  JSON.stringify({ ...order, metadata: { text: "x".repeat(70_000) } }),
  `${"[".repeat(10_000)}`,
  `{"a":`.repeat(40),
  "null",
  "[]",
  '"text"',
  "7",
  "{}",
  "{,}",
  "\u0007",
  '{"id":"o","id":"p"}',
  '{"__proto__":{"id":"o"}}',
  JSON.stringify({ ...order, items: [] }),
  JSON.stringify({ ...order, items: {} }),
  JSON.stringify({ ...order, items: [{ ...order.items[0], quantity: 1.5 }] }),
  JSON.stringify({ ...order, items: [{ ...order.items[0], unit_amount: -1 }] }),
  JSON.stringify({ ...order, items: [{ ...order.items[0], unit_amount: 1e15 }] }),
  JSON.stringify({ ...order, items: [{ ...order.items[0], quantity: 1_000_000, unit_amount: 1e12 }] }),
  JSON.stringify({ ...order, items: [{ ...order.items[0], unit_amount: 0 }] }).replace(":0", ":12345678901234567890"),
  JSON.stringify({ ...order, items: [{ ...order.items[0], unit_amount: 0 }] }).replace(":0", ":1e400"),
  JSON.stringify({ ...order, currency: "euro" }),
  JSON.stringify({ ...order, status: "PAID" }),
  JSON.stringify({ ...order, customer: "ann" }),
  JSON.stringify({ ...order, customer: { identifier: "" } }),
  JSON.stringify({ ...order, occurred_at: "yesterday" }),
  JSON.stringify({ ...order, occurred_at: 1_700_000_000 }),
  JSON.stringify({ ...order, amount: 1 }),
  JSON.stringify({ ...order, id: 7 }),
  JSON.stringify({ ...order, id: "x".repeat(201) }),
];

it("reports every broken line by its number, and imports each of the others", async () => {
  const project = await context.newProject();
  const parts: Buffer[] = [];
  for (const [n, line] of broken.entries()) {
    parts.push(Buffer.from(line as string), Buffer.from("\n"));
    parts.push(Buffer.from(`${JSON.stringify({ ...order, id: `good-${n}` })}\n`));
  }
  const job = await imported(context, project, "orders", ndjson, Buffer.concat(parts));
  expect(job).toMatchObject({ status: "done", imported: broken.length, failed: broken.length });
  const errors = await errorsOf(project, job.id);
  expect(errors.map(({ line }) => line)).toEqual(broken.map((_, n) => 2 * n + 1));
  for (const { field, reason } of errors) expect(`${field} ${reason}`.length).toBeGreaterThan(5);
  expect(errors[17]).toMatchObject({ field: "items/0/quantity" });
  expect(errors[18]).toMatchObject({ field: "items/0/unit_amount" });
  expect(errors[25]).toMatchObject({ field: "customer" });
});

it("reports what is wrong with lines of CSV: quotes, the number of fields, what is no JSON", async () => {
  const project = await context.newProject();
  const item = '"[{""sku"":""a"",""quantity"":1,""unit_amount"":100}]"';
  const rows = [
    "id,customer_identifier,status,currency,items,occurred_at",
    `good-1,ann,paid,EUR,${item},2024-03-01T10:00:00Z`,
    `"open,ann,paid,EUR,${item},2024-03-01T10:00:00Z`,
    `a,b,c`,
    `x,ann,paid,EUR,not json,2024-03-01T10:00:00Z`,
    `y,ann,paid,EUR,"[{""sku"":""a"",""quantity"":""one"",""unit_amount"":100}]",2024-03-01T10:00:00Z`,
    `'=good-2,ann,paid,EUR,${item},2024-03-01T10:00:00Z`,
    `,ann,paid,EUR,${item},2024-03-01T10:00:00Z`,
  ];
  const job = await imported(context, project, "orders", csv, rows.join("\n"));
  expect((await errorsOf(project, job.id)).map(({ line, field }) => [line, field])).toEqual([
    [3, ""],
    [4, ""],
    [5, "items"],
    [6, "items/0/quantity"],
    [8, "id"],
  ]);
  expect(job).toMatchObject({ imported: 2, failed: 5 });
  expect((await send(project, "GET", "/v1/orders/=good-2")).status).toBe(200);
});

it("waits for live traffic and is waited for, never in a circle, and is exact", async () => {
  const project = await context.newProject();
  const rows = Array.from({ length: 1_500 }, (_, n) => ({
    ...order,
    id: `o-${n}`,
    customer: { identifier: `c-${n % 200}` },
  }));
  const people = Array.from({ length: 200 }, (_, n) => ({ identifier: `c-${n}`, name: `Customer ${n}` }));
  const ids: string[] = [];
  for (const [kind, file] of [
    ["orders", rows],
    ["orders", [...rows].reverse()],
    ["customers", people],
    ["customers", [...people].reverse()],
  ] as const) {
    ids.push((await upload(context, project, kind, ndjson, lines(file))).body.id);
  }
  const statuses: number[] = [];
  const live = Promise.all(
    Array.from({ length: 8 }, async (_, caller) => {
      for (let n = caller; n < 240; n += 8) {
        const at = (n * 37) % 200;
        const path = n % 3 === 0 ? `/v1/customers/c-${at}` : "/v1/orders";
        const body = n % 3 === 0 ? { name: `Customer ${at}` } : { ...rows[at], occurred_at: undefined };
        statuses.push((await send(project, n % 3 === 0 ? "PUT" : "POST", path, body)).status);
      }
    }),
  );
  const worker = (signal: AbortSignal) => runImports(context.deps, signal);
  const jobs = () => Promise.all(ids.map((id) => progress(project, id)));
  await workUntil([worker, worker], async () => (await jobs()).every(({ status }) => status === "done"));
  await live;
  expect(statuses.filter((status) => status !== 200 && status !== 201)).toEqual([]);
  expect((await jobs()).map(({ failed, error }) => [failed, error])).toEqual(ids.map(() => [0, null]));
  const counted = await context.pool.query(
    `select (select count(*) from orders where project_id = $1) as orders,
            (select count(*) from order_status where project_id = $1) as statuses,
            (select count(*) from customer where project_id = $1 and name is not null) as customers,
            (select count(*) from outbox where project_id = $1 and type = 'order.paid') as paid,
            (select count(*) from outbox where project_id = $1 and type = 'customer.created') as created,
            (select count(*) from outbox where project_id = $1 and type = 'customer.updated') <= 200 as updated_once`,
    [project.projectId],
  );
  expect(counted.rows).toEqual([
    { orders: 1_500, statuses: 1_500, customers: 200, paid: 1_500, created: 200, updated_once: true },
  ]);
});
