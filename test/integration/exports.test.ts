/** Downloads of marts: what arrives is what the mart holds, of one project, whole or visibly broken. */

import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { tableFromIPC } from "apache-arrow";
import { parse } from "csv-parse/sync";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { beforeAll, describe, expect, it } from "vitest";
import { createSlots } from "../../api/exports/slots.ts";
import { streamStatement } from "../../api/exports/stream.ts";
import { send, withKey } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";

const context = useApp();
let project: TestProject;
let stranger: TestProject;

const rows = 300;
/** What a spreadsheet would run, and what only looks like it. */
const dangerous = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", 'say "hi"', "plain, with comma", "ünïcode ✓"];

beforeAll(async () => {
  [project, stranger] = [await context.newProject(), await context.newProject()];
  await sell(project.projectId, rows);
  await sell(stranger.projectId, 7);
});

/** Paid orders, one a customer; the first customers have the names above. */
async function sell(projectId: string, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, at) => ({
    project_id: projectId,
    event_id: `${projectId}-${at}`,
    type: "order.paid",
    occurred_at: `2026-10-${String((at % 28) + 1).padStart(2, "0")} 10:00:00.000`,
    recorded_at: "2026-11-01 00:00:00.000000",
    customer: dangerous[at] ?? `customer-${at}`,
    order_id: `order-${at}`,
    subject_id: `order-${at}`,
    currency: "EUR",
    amount: 1_000 + at,
    discount_amount: -at,
    total_amount: 1_000,
    payload: "{}",
  }));
  await context.warehouse.insert({ table: "events_raw", values: events, format: "JSONEachRow" });
}

async function bytesOf(as: TestProject, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await as.request("GET", path);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function json(as: TestProject, path: string): Promise<Record<string, unknown>[]> {
  const text = new TextDecoder().decode(await bytesOf(as, path));
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const byOrder = (a: Record<string, unknown>, b: Record<string, unknown>) =>
  String(a.order_id).localeCompare(String(b.order_id));
const columns = "order_id,customer,currency,amount,discount_amount,paid_at,cancelled_at";

async function expected() {
  return (await json(project, `/v1/exports/orders?format=ndjson&columns=${columns}`)).sort(byOrder);
}

describe("the list of exports", () => {
  it("names every mart with its grain, its commented columns and what a download costs", async () => {
    const { status, body } = await send(project, "GET", "/v1/exports");
    expect(status).toBe(200);
    expect(body.data.length).toBeGreaterThanOrEqual(15);
    for (const mart of body.data) {
      expect([mart.name, mart.grain.length > 5]).toEqual([mart.name, true]);
      const bare = mart.columns.filter((column: { comment: string }) => column.comment === "");
      expect([mart.name, bare]).toEqual([mart.name, []]);
    }
    const orders = body.data.find((mart: { name: string }) => mart.name === "orders");
    expect(orders.columns).toContainEqual({
      name: "customer",
      type: "String",
      comment: "The shop's identifier of the customer",
    });
    expect(orders.rows_read_estimate).toBeGreaterThanOrEqual(rows);
  });

  it("downloads each of them, all columns, as Parquet and in another format", async () => {
    const { body } = await send(project, "GET", "/v1/exports");
    for (const [at, { name }] of body.data.entries()) {
      for (const format of ["parquet", ["arrow", "csv", "ndjson"][at % 3]]) {
        const response = await project.request("GET", `/v1/exports/${name}?format=${format}&limit=2`);
        expect([name, format, response.status]).toEqual([name, format, 200]);
        await response.arrayBuffer();
      }
    }
  }, 240_000);
});

describe("a download", () => {
  it("as Arrow is read by apache-arrow with the values of the JSON", async () => {
    const table = tableFromIPC(await bytesOf(project, `/v1/exports/orders?format=arrow&columns=${columns}`));
    const read = table.toArray().map((row) => ({
      ...row.toJSON(),
      amount: Number(row.amount),
      discount_amount: Number(row.discount_amount),
      paid_at: new Date(Number(row.paid_at)).toISOString(),
    }));
    expect(read).toHaveLength(rows);
    expect(read.sort(byOrder)).toEqual(
      (await expected()).map((row) => ({ ...row, paid_at: new Date(String(row.paid_at)).toISOString() })),
    );
  });

  it("as Parquet is read by hyparquet with the values of the JSON", async () => {
    const file = (await bytesOf(project, `/v1/exports/orders?format=parquet&columns=${columns}`)).buffer;
    const read = (await parquetReadObjects({ file, compressors })).map((row) => ({
      ...row,
      amount: Number(row.amount),
      discount_amount: Number(row.discount_amount),
      paid_at: (row.paid_at as Date).toISOString(),
    }));
    expect(read.sort(byOrder)).toEqual(
      (await expected()).map((row) => ({ ...row, paid_at: new Date(String(row.paid_at)).toISOString() })),
    );
  });

  it("as CSV is RFC 4180, runs in no spreadsheet, and leaves numbers numbers", async () => {
    const text = new TextDecoder().decode(await bytesOf(project, `/v1/exports/orders?columns=${columns}`));
    const read: Record<string, string>[] = parse(text, { columns: true });
    const wanted = (await expected()).map((row) => ({
      ...row,
      customer: String(row.customer).replace(/^[=+\-@\t\r\n]/, "'$&"),
      amount: String(row.amount),
      discount_amount: String(row.discount_amount),
      cancelled_at: "",
    }));
    expect(read.sort(byOrder)).toEqual(wanted);
    expect(read.filter(({ customer }) => customer?.startsWith("'"))).toHaveLength(6);
    expect(read.find(({ order_id }) => order_id === "order-5")?.discount_amount).toBe("-5");
  });

  it("keeps to columns, time, filters and limit", async () => {
    const [row] = await json(project, "/v1/exports/orders?format=ndjson&columns=customer,amount&customer=%3D1%2B1");
    expect(row).toEqual({ customer: "=1+1", amount: 1_000 });
    const count = async (query: string) => (await json(project, `/v1/exports/orders?format=ndjson&${query}`)).length;
    expect(await count("customer=customer-50&customer=customer-51&currency=EUR")).toBe(2);
    expect(await count("lines_count=0&limit=9")).toBe(9);
    expect(await count("from=2026-10-28&to=2026-10-29")).toBe(10);
    expect(await count("from=2026-10-28T10:00:00Z&to=2026-10-28T10:00:00.001Z")).toBe(10);
    expect(await count("from=2026-10-28T12:00:00%2B02:00&to=2026-10-28T10:00:00Z")).toBe(0);
    const daily = await json(project, "/v1/exports/overview_daily?format=ndjson&from=2026-10-02&to=2026-10-04");
    expect(daily.map((each) => each.day).sort()).toEqual(["2026-10-02", "2026-10-03"]);
  });

  it("is of the key's project alone, whatever is asked", async () => {
    expect(await json(stranger, "/v1/exports/orders?format=ndjson")).toHaveLength(7);
    for (const query of [`project_id=${project.projectId}`, `project_id[]=${project.projectId}`]) {
      expect((await stranger.request("GET", `/v1/exports/orders?${query}`)).status).toBe(400);
    }
    const checkout = await withKey(context, project, { kind: "secret", scopes: ["checkout", "manage"] });
    expect((await checkout.request("GET", "/v1/exports/orders")).status).toBe(403);
  });

  it("refuses what is no mart, column, time or value, and names it", async () => {
    for (const mart of ["events_raw", "events", "system.users", "orders%20", "..%2Forders", "ORDERS", "orders%60"]) {
      expect([mart, (await project.request("GET", `/v1/exports/${mart}`)).status]).toEqual([mart, 404]);
    }
    const hostile = "' OR 1=1 --";
    for (const [query, pointer] of [
      ["columns=payload", "/columns"],
      [`columns=${encodeURIComponent("order_id FROM orders --")}`, "/columns"],
      ["columns=order_id,order_id", "/columns"],
      ["no_such=1", "/no_such"],
      [`${encodeURIComponent("order_id` = 1 OR `1")}=1`, "/order_id` = 1 OR `1"],
      ["format=xml", "/format"],
      ["limit=0", "/limit"],
      ["limit=1e9", "/limit"],
      ["from=yesterday", "/from"],
      [`to=${encodeURIComponent(hostile)}`, "/to"],
      [`customer=${"x".repeat(201)}`, "/customer"],
    ] as const) {
      const { status, body } = await send(project, "GET", `/v1/exports/orders?${query}`);
      expect([query, status, body.errors?.[0]?.pointer]).toEqual([query, 400, pointer]);
    }
    const byDay = await send(project, "GET", "/v1/exports/overview_daily?from=2026-10-02T00:00:00Z");
    expect(byDay.body.errors[0].pointer).toBe("/from");
    const values = [hostile, "\\'", "{project: String}", "') UNION ALL SELECT * FROM orders --"];
    for (const value of values) {
      const query = `format=ndjson&customer=${encodeURIComponent(value)}`;
      const response = await project.request("GET", `/v1/exports/orders?${query}`);
      expect([value, response.status, await response.text()]).toEqual([value, 200, ""]);
    }
  });
});

describe("a download that cannot be finished", () => {
  const many = { query: "SELECT number, toString(number) FROM numbers(20000000) FORMAT CSV", parameters: {} };
  const generous = { seconds: 60, rows: 100_000_000, bytes: 2 ** 40 };

  it("breaks the connection when it fails on its way", async () => {
    const query = "SELECT number, throwIf(number = 5000000) FROM numbers(20000000) SETTINGS max_threads = 1 FORMAT CSV";
    let ended = 0;
    const body = await streamStatement(
      context.warehouse,
      { query, parameters: {} },
      generous,
      new AbortController().signal,
      () => {
        ended += 1;
      },
    );
    const server = createAdaptorServer({ fetch: () => new Response(body) });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow();
    expect(ended).toBe(1);
    await new Promise((resolve) => server.close(resolve));
  });

  it("is refused as too large or too slow where ClickHouse knows it at once", async () => {
    const strict = { seconds: 60, rows: 10, bytes: 2 ** 40 };
    const asked = streamStatement(
      context.warehouse,
      { ...many, query: "SELECT number FROM numbers(100) FORMAT CSV" },
      strict,
      new AbortController().signal,
      () => undefined,
    );
    await expect(asked).rejects.toMatchObject({ code: "payload_too_large" });
  });

  it("ends its query when the client leaves", async () => {
    let ended = 0;
    const body = await streamStatement(context.warehouse, many, generous, new AbortController().signal, () => {
      ended += 1;
    });
    const reader = body.getReader();
    await reader.read();
    await reader.cancel();
    await expect.poll(() => running("numbers(20000000)"), { timeout: 20_000 }).toBe(0);
    expect(ended).toBe(1);
  });

  it("waits for a slot: the third of a project is told to come back", async () => {
    const slots = createSlots({ all: 3, perProject: 2 });
    const release = slots.take("a");
    slots.take("a");
    expect(() => slots.take("a")).toThrow(expect.objectContaining({ code: "busy", status: 503 }));
    slots.take("b");
    expect(() => slots.take("c")).toThrow(expect.objectContaining({ options: { headers: { "retry-after": "5" } } }));
    release();
    release();
    slots.take("a");
    expect(() => slots.take("c")).toThrow();
  });

  it("gives its slot back, however it ends", async () => {
    for (let at = 0; at < 6; at += 1) {
      const response = await project.request("GET", "/v1/exports/orders?format=csv");
      if (at % 2 === 0) await response.body?.cancel();
      else await response.arrayBuffer();
      expect([at, response.status]).toEqual([at, 200]);
    }
  });

  it("keeps no slot for who asks for the head of a download only", async () => {
    for (let at = 0; at < 6; at += 1) {
      const { status } = await project.request("HEAD", "/v1/exports/orders?format=csv");
      expect([at, status]).toEqual([at, 200]);
    }
  });

  async function running(text: string): Promise<number> {
    const result = await context.warehouse.query({
      query:
        "SELECT count() AS n FROM system.processes WHERE position(query, {text: String}) > 0 AND query NOT LIKE '%system.processes%'",
      query_params: { text },
      format: "JSONEachRow",
    });
    const [row] = await result.json<{ n: number }>();
    return row?.n ?? 0;
  }
});
