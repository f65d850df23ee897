import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { send } from "../support/answers.ts";
import { useApp } from "../support/app.ts";
import { errorsOf, imported, parquet, upload } from "../support/imports.ts";
import { makeParquet, withFooter } from "../support/parquet.ts";

const context = useApp();

/** Spooled files are gone, whatever became of the upload. */
function spooled(id: string): boolean {
  const folder = join(context.deps.dataDir, "imports");
  return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(id));
}

const orders = (rows: number) => `
  select toInt64(number) as id, tuple(concat('c-', toString(number % 50)))::Tuple(identifier String) as customer,
    'paid' as status, 'EUR' as currency, toDateTime64('2024-03-01 10:00:00', 6, 'UTC') + number as occurred_at,
    arrayMap(n -> tuple(concat('sku-', toString(n)), toInt64(n + 1), toInt64(100 * number + n), ['tea', toString(n)]),
             range(number % 4 + 1))::Array(Tuple(sku String, quantity Int64, unit_amount Int64, categories Array(String))) as items,
    if(number % 2 = 0, 490, null)::Nullable(Int32) as shipping_amount,
    if(number % 3 = 0, '{"list":"a"}', null)::Nullable(String) as metadata
  from numbers(${rows})`;

it.each(["none", "snappy", "gzip", "zstd", "brotli", "lz4"] as const)(
  "reads nested orders, integers as ids, and instants, compressed by %s",
  async (compression) => {
    const project = await context.newProject();
    const file = await makeParquet(context, orders(2_500), { compression, groupRows: 1_100 });
    const job = await imported(context, project, "orders", parquet, file);
    expect(job).toMatchObject({ status: "done", format: "parquet", rows_read: 2_500, imported: 2_500, failed: 0 });
    expect((await send(project, "GET", "/v1/orders/1102")).body).toMatchObject({
      customer: { identifier: "c-2" },
      occurred_at: "2024-03-01T10:18:22.000Z",
      shipping_amount: 490,
      items: [
        { sku: "sku-0", quantity: 1, unit_amount: 110_200, categories: ["tea", "0"] },
        { sku: "sku-1", quantity: 2, unit_amount: 110_201, categories: ["tea", "1"] },
        { sku: "sku-2", quantity: 3, unit_amount: 110_202, categories: ["tea", "2"] },
      ],
    });
    expect((await send(project, "GET", "/v1/orders/1101")).body).toMatchObject({ shipping_amount: 0 });
    expect(spooled(job.id)).toBe(false);
  },
);

it("reads maps, dates, JSON in texts and what is null, and names the row and field of what does not fit", async () => {
  const project = await context.newProject();
  const customers = (more: string) => `
    select concat('c-', toString(number)) as identifier, if(number = 1, null, 'Ann')::Nullable(String) as name,
      toDate32('1990-05-17') as birthday, map('tier', ['gold', 'vip']) as tags, '{"city":"Graz"}' as attributes,
      if(number = 2, 'nobody', 'a@b.example') as email, number = 3 as blocked,
      if(number = 5, unhex('C328'), 'ok') as phone${more}
    from numbers(6)`;
  const other = await makeParquet(context, customers(", 7 as colour"));
  expect(await upload(context, project, "customers", parquet, other)).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining('It has "colour"') },
  });
  const job = await imported(context, project, "customers", parquet, await makeParquet(context, customers("")));
  expect(job).toMatchObject({ imported: 4, failed: 2 });
  const errors = await errorsOf(project, job.id);
  expect(errors).toEqual([
    { line: 3, field: "email", reason: expect.any(String) },
    { line: 6, field: "", reason: "phone: The text is not valid UTF-8." },
  ]);
  expect((await send(project, "GET", "/v1/customers/c-1")).body).toMatchObject({
    name: null,
    birthday: "1990-05-17",
    tags: { tier: ["gold", "vip"] },
    attributes: { city: "Graz" },
    blocked: false,
  });
  expect((await send(project, "GET", "/v1/customers/c-3")).body).toMatchObject({ name: "Ann", blocked: true });
});

it("tells numbers that would lose digits, NUL, and rows that are too large, each by its row", async () => {
  const project = await context.newProject();
  const select = `
    select multiIf(number = 1, concat('e', char(0)), concat('e-', toString(number))) as id, 'page.seen' as name,
      'ann' as customer_identifier, '2024-01-01T00:00:00Z' as occurred_at,
      tuple(if(number = 2, 9223372036854775807, 7)::Int64, if(number = 3, repeat('x', 300000), 'y'),
            if(number = 4, nan, 1.5))::Tuple(count Int64, text String, ratio Float64) as properties
    from numbers(6)`;
  const job = await imported(context, project, "events", parquet, await makeParquet(context, select));
  expect(job).toMatchObject({ imported: 2, failed: 4 });
  expect((await errorsOf(project, job.id)).map(({ line, reason }) => [line, reason])).toEqual([
    [2, "id: The text contains the character U+0000."],
    [3, "properties/count: The number is beyond what can be kept exactly."],
    [4, "properties/text: The text is longer than 262144 bytes."],
    [5, "properties/ratio: The number is not finite."],
  ]);
});

it("answers 400, and never 500, to files that are broken anywhere, and leaves nothing behind", async () => {
  const project = await context.newProject();
  const file = await makeParquet(context, orders(300), { compression: "snappy" });
  const cut = file.subarray(0, file.length - 100);
  const broken: Uint8Array[] = [
    Buffer.from(""),
    Buffer.from("PAR1"),
    Buffer.from("PAR1PAR1PAR1PAR1"),
    cut,
    Buffer.concat([cut, file.subarray(-8)]),
    withFooter(file, (footer) => footer.subarray(0, footer.length >> 1)),
    withFooter(file, (footer) => Buffer.alloc(footer.length, 0xff)),
    withFooter(file, () => Buffer.alloc(3_000, 0x1c)),
  ];
  // Bytes turned over: in the pages, and in the footer.
  let state = 7;
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state % below;
  };
  for (let n = 0; n < 12; n += 1) {
    const copy = Buffer.from(file);
    const from = n % 2 === 0 ? 4 : copy.length - 8 - copy.readUInt32LE(copy.length - 8);
    for (let flips = 0; flips < 6; flips += 1) copy[from + random(copy.length - 8 - from)] = random(256);
    broken.push(copy);
  }
  for (const [n, bytes] of broken.entries()) {
    const { status, body } = await upload(context, project, "orders", parquet, bytes);
    expect([n, [202, 400, 413].includes(status), body.detail], JSON.stringify(body)).toEqual([n, true, body.detail]);
    if (n < 8) expect([n, status, body.code]).toEqual([n, 400, "invalid_request"]);
  }
  const { body } = await send(project, "GET", "/v1/imports?limit=100");
  for (const { id } of body.data) expect(spooled(id)).toBe(false);
});

it("is not blown up by a file that says it holds more than it can", async () => {
  const project = await context.newProject();
  const same = "select 'ann' as identifier, repeat('a', 20000) as name from numbers(10000)";
  const bomb = await makeParquet(context, same, { compression: "zstd" });
  // 200 MB of text in some kilobytes.
  expect(bomb.length).toBeLessThan(300_000);
  const before = process.memoryUsage().rss;
  const { status, body } = await upload(context, project, "customers", parquet, bomb);
  expect([status, body.code]).toEqual([413, "payload_too_large"]);
  expect(process.memoryUsage().rss - before).toBeLessThan(1_500_000_000);
  // The number of rows of the footer, and of its row group: thrift i64 fields, here a varint of two bytes made one of nine.
  const small = await makeParquet(context, "select 'ann' as identifier from numbers(300)", { compression: "none" });
  const rows = Buffer.from([0xd8, 0x04]);
  const many = Buffer.from([0x80, 0xde, 0xa0, 0xcb, 0x05]);
  const lying = withFooter(small, (footer) => {
    const at = footer.indexOf(rows);
    return Buffer.concat([footer.subarray(0, at), many, footer.subarray(at + 2)]);
  });
  expect((await upload(context, project, "customers", parquet, lying)).status).toBe(400);
  const all = withFooter(small, (footer) =>
    Buffer.from(footer.toString("latin1").replaceAll("\xd8\x04", "\x80\xde\xa0\xcb\x05"), "latin1"),
  );
  expect([400, 413]).toContain((await upload(context, project, "customers", parquet, all)).status);
});
