import { expect, it } from "vitest";
import { runImports } from "../../api/imports/worker.ts";
import { send, withKey } from "../support/answers.ts";
import { useApp } from "../support/app.ts";
import { csv, errorsOf, eventsOf, finish, imported, lines, ndjson, progress, upload } from "../support/imports.ts";
import { workUntil } from "../support/workers.ts";

const context = useApp();

function order(id: string, change: object = {}): object {
  return {
    id,
    customer: { identifier: "ann" },
    status: "paid",
    currency: "EUR",
    items: [{ sku: "coffee", quantity: 2, unit_amount: 2500, categories: ["coffee"] }],
    occurred_at: "2024-03-01T10:00:00Z",
    ...change,
  };
}

it("imports orders with their history, in the order of the file, and reports bad rows by line and field", async () => {
  const project = await context.newProject();
  const file = lines([
    order("o-1", { status: "created", occurred_at: "2024-03-01T09:00:00Z" }),
    order("o-1"),
    order("o-2", { status: "refunded" }),
    order("o-1", { customer: { identifier: "bea" } }),
    order("o-1", { currency: "USD", status: "refunded" }),
    order("o-2", { status: "paid" }),
    order("o-3", { items: [{ sku: "x", quantity: 0, unit_amount: 1 }] }),
    order("o-4", { colour: "red" }),
    "{broken",
    "",
    order("o-5", { occurred_at: "2199-01-01T00:00:00Z" }),
    order("o-6", { occurred_at: "2090-01-01T00:00:00Z" }),
    order("o-1", { status: "refunded", occurred_at: "2024-03-09T10:00:00Z" }),
    order("o-7", { customer: { identifier: "cem" }, shipping_amount: 490, channel: "web" }),
  ]);
  const job = await imported(context, project, "orders", ndjson, file);
  expect(job).toMatchObject({ status: "done", rows_read: 13, imported: 5, unchanged: 0, failed: 8, error: null });
  expect((await errorsOf(project, job.id)).map(({ line, field }) => [line, field])).toEqual([
    [4, "customer/identifier"],
    [5, "currency"],
    [6, "status"],
    [7, "items/0/quantity"],
    [8, "colour"],
    [9, ""],
    [11, "occurred_at"],
    [12, "occurred_at"],
  ]);
  expect((await send(project, "GET", "/v1/orders/o-1")).body).toMatchObject({
    status: "refunded",
    amount: 5000,
    occurred_at: "2024-03-09T10:00:00.000Z",
    paid_at: "2024-03-01T10:00:00.000Z",
  });
  expect((await send(project, "GET", "/v1/customers/cem")).body).toMatchObject({
    created_at: "2024-03-01T10:00:00.000Z",
  });
  expect((await project.request("GET", "/v1/customers/bea")).status).toBe(404);
  const events = await eventsOf(context, project, [
    "order.created",
    "order.paid",
    "order.refunded",
    "customer.created",
  ]);
  expect(events.map(({ type, payload }) => [type, payload.order?.id ?? payload.customer])).toEqual([
    ["customer.created", "ann"],
    ["customer.created", "cem"],
    ["order.created", "o-1"],
    ["order.paid", "o-1"],
    ["order.refunded", "o-2"],
    ["order.refunded", "o-1"],
    ["order.paid", "o-7"],
  ]);
  expect(events.at(-1)?.payload.order).toMatchObject({ amount: 5000, shipping_amount: 490, total_amount: 5490 });
});

it("changes nothing when the same file comes again, whatever its kind", async () => {
  const project = await context.newProject();
  const files = {
    customers: lines([{ identifier: "ann", name: "Ann", tags: { tier: ["gold"] } }, { identifier: "bea" }]),
    orders: lines([order("o-1", { status: "created" }), order("o-1")]),
    events: lines([
      { id: "e-1", name: "cart.abandoned", customer: { identifier: "ann" }, properties: { b: 1, a: 2 } },
      { name: "page.seen", customer: { identifier: "new" }, occurred_at: "2024-01-01T00:00:00Z" },
    ]),
  };
  for (const [kind, file] of Object.entries(files)) {
    expect(await imported(context, project, kind, ndjson, file)).toMatchObject({
      imported: 2,
      unchanged: 0,
      failed: 0,
    });
  }
  const before = await context.pool.query("select count(*) as n from outbox where project_id = $1", [
    project.projectId,
  ]);
  for (const [kind, file] of Object.entries(files)) {
    expect(await imported(context, project, kind, ndjson, file)).toMatchObject({
      imported: 0,
      unchanged: 2,
      failed: 0,
    });
  }
  const after = await context.pool.query("select count(*) as n from outbox where project_id = $1", [project.projectId]);
  expect(after.rows).toEqual(before.rows);
});

it("changes customers as PUT does: what a row does not name stays", async () => {
  const project = await context.newProject();
  await send(project, "PUT", "/v1/customers/ann", { name: "Ann", email: "ann@shop.example", metadata: { a: 1 } });
  const file = [
    "identifier,name,birthday,tags,blocked,created_at",
    'ann,Anna,1990-05-17,"{""tier"":[""gold""]}",,2020-01-01T00:00:00Z',
    "bea,Bea,,,true,2019-05-05T00:00:00Z",
    "ann,,1990-05-18,,,",
    "cem,Cem,yesterday,,,",
    "dee,Dee,,nothing,,",
    "eli,Eli,,,perhaps,",
    " fay,Fay,,,,",
  ].join("\n");
  const job = await imported(context, project, "customers", csv, file);
  expect(job).toMatchObject({ imported: 3, unchanged: 0, failed: 4 });
  expect((await errorsOf(project, job.id)).map(({ line, field }) => [line, field])).toEqual([
    [5, "birthday"],
    [6, "tags"],
    [7, "blocked"],
    [8, "identifier"],
  ]);
  expect((await send(project, "GET", "/v1/customers/ann")).body).toMatchObject({
    name: "Anna",
    email: "ann@shop.example",
    birthday: "1990-05-18",
    tags: { tier: ["gold"] },
    metadata: { a: 1 },
    blocked: false,
  });
  expect((await send(project, "GET", "/v1/customers/bea")).body).toMatchObject({
    blocked: true,
    created_at: "2019-05-05T00:00:00.000Z",
  });
  const events = await eventsOf(context, project, ["customer.created", "customer.updated"]);
  expect(events.map(({ type, payload }) => `${type} ${payload.profile.name}`)).toEqual([
    "customer.created Ann",
    "customer.created Bea",
    "customer.updated Anna",
  ]);
});

it("reads orders from CSV with the items in a column, or in a line each, and names the line of a bad item", async () => {
  const project = await context.newProject();
  const header =
    "id,customer_identifier,status,currency,occurred_at,items,sku,quantity,unit_amount,categories,shipping_amount";
  const file = [
    header,
    'o-1,ann,paid,EUR,2024-03-01T10:00:00Z,"[{""sku"":""a"",""quantity"":1,""unit_amount"":100}]",,,,,490',
    "o-2,ann,paid,EUR,2024-03-01T10:00:00Z,,a,1,100,tea|green,",
    "o-2,ann,paid,EUR,2024-03-01T10:00:00Z,,b,2,250,,",
    "o-3,ann,paid,EUR,2024-03-01T10:00:00Z,,a,1,100,,",
    "o-3,ann,paid,EUR,2024-03-01T10:00:00Z,,b,none,250,,",
    "o-4,ann,paid,EUR,2024-03-01T10:00:00Z,,a,1,100,,",
    "o-4,ann,paid,EUR",
    "o-4,ann,paid,EUR,2024-03-01T10:00:00Z,,b,1,100,,",
    "o-2,ann,paid,EUR,2024-03-01T10:00:00Z,,c,1,900,,",
  ].join("\r\n");
  const job = await imported(context, project, "orders", csv, file);
  expect(job).toMatchObject({ imported: 2, unchanged: 0, failed: 4 });
  expect((await errorsOf(project, job.id)).map(({ line, field }) => [line, field])).toEqual([
    [6, "items/1/quantity"],
    [7, ""],
    [8, ""],
    [10, "id"],
  ]);
  expect((await send(project, "GET", "/v1/orders/o-1")).body).toMatchObject({ amount: 100, shipping_amount: 490 });
  expect((await send(project, "GET", "/v1/orders/o-2")).body).toMatchObject({
    amount: 600,
    items: [
      { sku: "a", quantity: 1, unit_amount: 100, categories: ["tea", "green"] },
      { sku: "b", quantity: 2, unit_amount: 250 },
    ],
  });
});

it("imports custom events once by id, and reports an id that is known with something else", async () => {
  const project = await context.newProject();
  const event = { name: "cart.abandoned", customer: { identifier: "ann" }, occurred_at: "2024-03-01T10:00:00Z" };
  const file = lines([
    { ...event, id: "e-1", properties: { items: 3 } },
    { ...event, id: "e-1" },
    { ...event, id: "e-1", name: "other" },
    { ...event, properties: { nested: { a: [1, 2] } } },
    { ...event, properties: { nested: { a: [1, 2] } } },
    { name: "no.time", customer: { identifier: "ann" } },
    { ...event, id: "e-2", name: "Not A Name" },
  ]);
  const job = await imported(context, project, "events", ndjson, file);
  expect(job).toMatchObject({ imported: 2, unchanged: 2, failed: 3 });
  expect((await errorsOf(project, job.id)).map(({ line, field }) => [line, field])).toEqual([
    [3, "id"],
    [6, "id"],
    [7, "name"],
  ]);
  const events = await eventsOf(context, project, ["custom.recorded"]);
  expect(events.map(({ occurred_at, payload }) => [occurred_at.toISOString(), payload.properties])).toEqual([
    ["2024-03-01T10:00:00.000Z", { items: 3 }],
    ["2024-03-01T10:00:00.000Z", { nested: { a: [1, 2] } }],
  ]);
});

it("makes one job of a file that is sent again under its key, and lists jobs of all kinds, the newest first", async () => {
  const project = await context.newProject();
  const stranger = await context.newProject();
  const headers = { "idempotency-key": "file-1" };
  const file = lines([{ identifier: "ann" }]);
  const first = await upload(context, project, "customers", ndjson, file, headers);
  const again = await upload(context, project, "customers", ndjson, file, headers);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(await upload(context, project, "customers", ndjson, lines([{ identifier: "bea" }]), headers)).toMatchObject({
    status: 422,
    body: { code: "idempotency_key_reused" },
  });
  await finish(context, project, first.body.id);
  const { body: page } = await send(project, "GET", "/v1/imports?limit=2");
  expect(page.data).toHaveLength(2);
  const { body: last } = await send(project, "GET", `/v1/imports?limit=2&cursor=${page.next_cursor}`);
  expect(last).toMatchObject({ data: [{ id: first.body.id, status: "done", imported: 1 }], next_cursor: null });
  expect((await send(stranger, "GET", "/v1/imports")).body).toEqual({ data: [], next_cursor: null });
  expect((await stranger.request("GET", `/v1/imports/${first.body.id}`)).status).toBe(404);
  expect((await stranger.request("GET", `/v1/imports/${first.body.id}/errors`)).status).toBe(404);
});

it("is refused without the scope, with another media type, and for a kind that there is not", async () => {
  const project = await context.newProject();
  const manager = await withKey(context, project, { kind: "secret", scopes: ["manage", "checkout"] });
  expect((await manager.request("POST", "/v1/import/orders", {}, { "content-type": ndjson })).status).toBe(403);
  expect(await upload(context, project, "orders", "application/json", "{}")).toMatchObject({ status: 415 });
  expect(await upload(context, project, "vouchers", ndjson, "{}")).toMatchObject({ status: 400 });
  expect(await upload(context, project, "orders", csv, "id,colour\n1,red\n")).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining('It has "colour"') },
  });
});

it("leaves out the one row that the database refuses, and imports all others", async () => {
  const project = await context.newProject();
  await context.pool.query(`
    create function refuse_row() returns trigger language plpgsql as $$
    begin
      if new.id = 'poison' then raise exception using errcode = '22003'; end if;
      return new;
    end $$;
    create trigger refuse_row before insert on orders for each row execute function refuse_row()`);
  try {
    const rows = Array.from({ length: 50 }, (_, n) => order(n === 30 ? "poison" : `o-${n}`));
    const job = await imported(context, project, "orders", ndjson, lines(rows));
    expect(job).toMatchObject({ status: "done", imported: 49, failed: 1 });
    expect(await errorsOf(project, job.id)).toEqual([
      { line: 31, field: "", reason: "The database refuses the row (22003)." },
    ]);
  } finally {
    await context.pool.query("drop trigger refuse_row on orders; drop function refuse_row()");
  }
});

it("loses and doubles nothing when workers stop and their connections are cut midway", async () => {
  const project = await context.newProject();
  const rows = Array.from({ length: 12_000 }, (_, n) =>
    n % 100 === 99 ? "bad" : order(`o-${n}`, { customer: { identifier: `c-${n % 500}` } }),
  );
  // The customers of the bad rows have no others.
  const { id } = (await upload(context, project, "orders", ndjson, lines(rows))).body;
  const worker = (signal: AbortSignal) => runImports(context.deps, signal);
  await workUntil([worker], async () => (await progress(project, id)).imported > 0);
  expect((await progress(project, id)).imported).toBeLessThan(11_880);
  let cuts = 0;
  await workUntil([worker, worker], async () => {
    if (cuts < 3) {
      const cut = await context.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
           and (query like 'insert into order%' or query like '%outbox%' or query like '%lock_orders%')`,
      );
      cuts += cut.rowCount ?? 0;
    }
    return (await progress(project, id)).status !== "running";
  });
  expect(cuts).toBeGreaterThan(0);
  expect(await progress(project, id)).toMatchObject({
    status: "done",
    imported: 11_880,
    failed: 120,
    rows_read: 12_000,
  });
  const counted = await context.pool.query(
    `select (select count(*) from orders where project_id = $1) as orders,
            (select count(*) from order_status where project_id = $1) as statuses,
            (select count(*) from customer where project_id = $1) as customers,
            (select count(*) from outbox where project_id = $1 and type = 'order.paid') as events,
            (select count(distinct payload -> 'order' ->> 'id') from outbox where project_id = $1) as distinct_events,
            (select count(*) from import_row where project_id = $1) as staged`,
    [project.projectId],
  );
  expect(counted.rows).toEqual([
    { orders: 11_880, statuses: 11_880, customers: 495, events: 11_880, distinct_events: 11_880, staged: 0 },
  ]);
});

it("cleans up after an upload that broke off, and after one whose process died", async () => {
  const project = await context.newProject();
  await context.pool.query(
    `insert into import_job (project_id, id, kind, format, key_id, status, created_at, updated_at)
     values ($1, 'imp_dead', 'customers', 'ndjson', 'key', 'receiving', now(), now() - interval '16 minutes')`,
    [project.projectId],
  );
  await context.pool.query(
    `insert into import_row (project_id, import_id, line, content)
     select $1, 'imp_dead', n, '{"identifier":"dead"}' from generate_series(1, 50) n`,
    [project.projectId],
  );
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(lines([{ identifier: "half" }]).repeat(40_000)));
    },
    pull(controller) {
      controller.error(new Error("the client went away"));
    },
  });
  const broken = await context.app.request("/v1/import/customers", {
    method: "POST",
    headers: { authorization: `Bearer ${project.key}`, "content-type": ndjson },
    body,
    duplex: "half",
  } as RequestInit);
  expect(broken.status).toBeGreaterThanOrEqual(400);
  const staged = async () =>
    (await context.pool.query("select count(*) as n from import_row where project_id = $1", [project.projectId]))
      .rows[0].n;
  await workUntil([(signal) => runImports(context.deps, signal)], async () => (await staged()) === 0);
  const { body: list } = await send(project, "GET", "/v1/imports");
  expect(list.data.map(({ status, error }: { status: string; error: string }) => [status, error])).toEqual([
    ["failed", "The upload broke off."],
    ["failed", "The upload broke off."],
  ]);
  expect((await project.request("GET", "/v1/customers/dead")).status).toBe(404);
  expect((await project.request("GET", "/v1/customers/half")).status).toBe(404);
});
