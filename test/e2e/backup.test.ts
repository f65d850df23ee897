import { existsSync, statSync } from "node:fs";
import { chmod, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../api/supervise/server.ts";
import { backupLock } from "../../ingest/locks.ts";
import { createWarehouse } from "../../warehouse/client.ts";
import { instanceOf, npm, processesOf, type Run, untilReady } from "./product.ts";

// One story, told in order: each start is expensive, so each test goes on where the one before stopped.
const key = "e2e_backup_key_of_a_shop";
let folder: string;
let original: string;
let restored: string;
let backup: string;
let port: number;
let running: Run | undefined;

/** Orders whose redemption was answered 201, in the order of the answers. */
const redeemed: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tessera-backup-"));
  // As root PostgreSQL runs as another user, who must pass through.
  await chmod(folder, 0o711);
  original = join(folder, "original");
  restored = join(folder, "restored");
  backup = join(folder, "backup");
  port = await freePort();
});

afterAll(async () => {
  await stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(dataDir: string): Promise<void> {
  running = npm(["start"], { PORT: String(port), TESSERA_DATA_DIR: dataDir, TESSERA_API_KEY: key });
  await untilReady(running, `http://127.0.0.1:${port}`);
}

async function stop(): Promise<void> {
  running?.child.kill("SIGTERM");
  await running?.exited;
  running = undefined;
}

async function command(args: readonly string[], dataDir: string): Promise<{ code: number | null; output: string }> {
  const run = npm(["run", ...args], { TESSERA_DATA_DIR: dataDir });
  return { code: await run.exited, output: run.output() };
}

async function redeem(order: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/redemptions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "idempotency-key": order },
    body: JSON.stringify({
      codes: ["WELCOME10"],
      customer: { identifier: `customer of ${order}` },
      order: { id: order, currency: "EUR", items: [{ sku: "mug", quantity: 2, unit_amount: 1_500 }] },
    }),
  });
  await answer.arrayBuffer();
  if (answer.status === 201) redeemed.push(order);
  return answer.status;
}

/** Shoppers who redeem one after the other, until told. */
function shoppers(count: number): { stop(): Promise<number[]> } {
  let open = true;
  const all = Array.from({ length: count }, async (_, shopper) => {
    const answers: number[] = [];
    for (let at = 0; open; at += 1) answers.push(await redeem(`load-${shopper}-${at}`));
    return answers;
  });
  return {
    stop: async () => {
      open = false;
      return (await Promise.all(all)).flat();
    },
  };
}

async function ordersInPostgres(databaseUrl: string): Promise<Set<string>> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ order_id: string }>("select order_id from redemption");
  await client.end();
  return new Set(rows.map((row) => row.order_id));
}

async function ordersInWarehouse(clickhouseUrl: string): Promise<string[]> {
  const warehouse = createWarehouse({ url: clickhouseUrl, database: "tessera" });
  const result = await warehouse.query({ query: "SELECT order_id FROM redemptions", format: "JSONEachRow" });
  const rows = await result.json<{ order_id: string }>();
  await warehouse.close();
  return rows.map((row) => row.order_id);
}

it("copies both stores while shoppers redeem", async () => {
  await start(original);
  await writeFile(join(original, "clickhouse", "analysts.json"), "[]");
  for (let at = 0; at < 20; at += 1) expect(await redeem(`before-${at}`)).toBe(201);
  const load = shoppers(4);
  const { code, output } = await command(["backup", "--", backup], original);
  const answers = await load.stop();
  expect(output).toContain("Backed up");
  expect(code).toBe(0);
  expect(answers.length).toBeGreaterThan(10);
  expect(answers.every((status) => status === 201)).toBe(true);
  await stop();
});

it("keeps the backup from other users, and the stores' passwords out of it", async () => {
  const names = await readdir(backup, { recursive: true, withFileTypes: true });
  expect(statSync(backup).mode & 0o077).toBe(0);
  expect(names.length).toBeGreaterThan(1_000);
  for (const entry of names) {
    const path = join(entry.parentPath, entry.name);
    expect(statSync(path).mode & 0o077, path).toBe(0);
  }
  for (const store of ["postgres", "clickhouse"]) {
    const password = (await readFile(join(original, store, "password"), "utf8")).trim();
    expect(await readFile(join(backup, "manifest.json"), "utf8")).not.toContain(password);
    expect(names.some((entry) => entry.name === "password" || entry.name === "users.xml")).toBe(false);
  }
});

describe("refuses, before it writes anything,", () => {
  const refused = async (because: RegExp) => {
    const { code, output } = await command(["restore", "--", backup], restored);
    expect(output).toMatch(because);
    expect(code).toBe(1);
    expect(existsSync(restored)).toBe(false);
  };

  it("a backup with a damaged file", async () => {
    const victim = join(backup, "postgres", "global", "pg_control");
    await flipByte(victim);
    await refused(/pg_control is damaged/);
    await flipByte(victim);
  });

  it("a backup with a file too many, or too few", async () => {
    const extra = join(backup, "postgres", "extra");
    await writeFile(extra, "");
    await refused(/extra is no part of the backup/);
    await rm(extra);
    const sums = join(backup, "SHA256SUMS");
    const text = await readFile(sums, "utf8");
    await rm(sums);
    await refused(/no complete backup/);
    await writeFile(sums, `${text}${"0".repeat(64)}  postgres/gone\n`, { mode: 0o600 });
    await refused(/gone is missing/);
    await writeFile(sums, text, { mode: 0o600 });
  });

  it("a backup of a newer version", async () => {
    const manifest = join(backup, "manifest.json");
    const text = await readFile(manifest, "utf8");
    const document = JSON.parse(text);
    document.product = "99.0.0";
    document.clickhouse.migrations.push("999_from_the_future.sql");
    await writeFile(manifest, JSON.stringify(document));
    await refused(/made by version 99\.0\.0[\s\S]*999_from_the_future\.sql/);
    await writeFile(manifest, text);
  });

  it("a data directory that is not empty", async () => {
    const before = await readdir(original);
    const { code, output } = await command(["restore", "--", backup], original);
    expect(output).toContain("is not empty");
    expect(code).toBe(1);
    expect((await readdir(original)).filter((name) => name !== "instance.lock").sort()).toEqual(before.sort());
  });
});

it("restores what was committed before, and sends again what ClickHouse was copied too early for", async () => {
  const { code, output } = await command(["restore", "--", backup], restored);
  expect(output).toContain("Restored");
  expect(code).toBe(0);
  // Shoppers redeemed between the two copies: the relay's cursor in Postgres was ahead of the copy of ClickHouse.
  const again = Number(/(\d+) batches of events will be delivered again/.exec(output)?.[1]);
  expect(again).toBeGreaterThan(0);
  expect(processesOf(restored)).toEqual([]);
  expect(existsSync(join(restored, "restore-unfinished"))).toBe(false);
});

it("starts on it with the key of then, and both stores agree and add up", async () => {
  await start(restored);
  const { database_url } = instanceOf(restored);
  const there = await ordersInPostgres(database_url);
  const acknowledged = new Set(redeemed);
  for (let at = 0; at < 20; at += 1) expect(there.has(`before-${at}`)).toBe(true);
  expect(there.size).toBeGreaterThan(20);
  expect([...there].filter((order) => !acknowledged.has(order))).toEqual([]);

  expect(await redeem("after the restore")).toBe(201);
  const reconciled = await command(["reconcile"], restored);
  expect(reconciled.output).toContain("no drift");
  expect(reconciled.code).toBe(0);
  const audited = await command(["audit"], restored);
  expect(audited.code, audited.output).toBe(0);
  expect(await readFile(join(restored, "clickhouse", "analysts.json"), "utf8")).toBe("[]");
  const delivered = await ordersInWarehouse(instanceOf(restored).clickhouse_url);
  expect(delivered.sort()).toEqual([...there, "after the restore"].sort());
});

it("copies only once into one folder, though two began before there was anything in it", async () => {
  const twice = join(folder, "twice");
  const holder = new pg.Client({ connectionString: instanceOf(restored).database_url });
  await holder.connect();
  await holder.query("select pg_advisory_lock_shared($1)", [backupLock]);
  const both = [command(["backup", "--", twice], restored), command(["backup", "--", twice], restored)];
  const waiting = async () =>
    (await holder.query("select from pg_locks where locktype = 'advisory' and not granted")).rowCount;
  await expect.poll(waiting, { timeout: 60_000 }).toBe(2);
  await holder.end();
  const done = await Promise.all(both);
  expect(done.map(({ code }) => code).sort()).toEqual([0, 1]);
  expect(done.find(({ code }) => code === 1)?.output).toContain("is not empty");
  expect(existsSync(join(twice, "SHA256SUMS"))).toBe(true);
});

it("copies a stopped product too, into a folder of its own only", async () => {
  await stop();
  const occupied = await command(["backup", "--", backup], restored);
  expect(occupied.output).toContain("is not empty");
  expect(occupied.code).toBe(1);
  const cold = join(folder, "cold");
  expect((await command(["backup", "--", cold], restored)).code).toBe(0);
  const again = join(folder, "again");
  const { code, output } = await command(["restore", "--", cold], again);
  expect(output).toMatch(/\b0 batches of events will be delivered again/);
  expect(code).toBe(0);
});

it("does not start on a directory whose restore did not finish", async () => {
  await writeFile(join(restored, "restore-unfinished"), "");
  const run = npm(["start"], { PORT: String(port), TESSERA_DATA_DIR: restored });
  expect(await run.exited).toBe(1);
  expect(run.output()).toContain("did not finish");
  await rm(join(restored, "restore-unfinished"));
});

it("does not back up servers that are not the embedded ones", async () => {
  const elsewhere = join(folder, "elsewhere");
  const run = npm(["run", "backup", "--", elsewhere], {
    TESSERA_DATA_DIR: restored,
    DATABASE_URL: "postgresql://somebody@127.0.0.1:1/x",
  });
  expect(await run.exited).toBe(1);
  expect(run.output()).toContain("DATABASE_URL is set");
  expect(existsSync(elsewhere)).toBe(false);
});

describe("does not start, and opens nothing, on data", () => {
  const refused = async (because: RegExp) => {
    const control = join(restored, "postgres", "cluster", "global", "pg_control");
    const before = await readFile(control);
    const run = npm(["start"], { PORT: String(port), TESSERA_DATA_DIR: restored });
    expect(await run.exited).toBe(1);
    expect(run.output()).toMatch(because);
    expect((await readFile(control)).equals(before)).toBe(true);
  };

  it("of a newer version", async () => {
    const file = join(restored, "release.json");
    const text = await readFile(file, "utf8");
    const document = JSON.parse(text);
    const newer = { ...document, product: "99.0.0" };
    newer.postgres_migrations = [...document.postgres_migrations, "999_from_the_future.sql"];
    await writeFile(file, JSON.stringify(newer));
    await refused(/used by version 99\.0\.0[\s\S]*999_from_the_future\.sql/);
    await writeFile(file, JSON.stringify({ ...document, clickhouse: "999.1.0" }));
    await refused(/its ClickHouse is 999\.1\.0/);
    const older = await command(["backup", "--", join(folder, "newer")], restored);
    expect(older.output).toMatch(/its ClickHouse is 999\.1\.0/);
    expect(older.code).toBe(1);
    await writeFile(file, text);
  });

  it("of another major version of PostgreSQL", async () => {
    const file = join(restored, "postgres", "cluster", "PG_VERSION");
    const text = await readFile(file, "utf8");
    await writeFile(file, "17\n");
    await refused(/was made by PostgreSQL 17, this release brings 18/);
    await writeFile(file, text);
  });
});

async function flipByte(path: string): Promise<void> {
  const file = await open(path, "r+");
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, 8);
  byte.writeUInt8(byte.readUInt8(0) ^ 0xff);
  await file.write(byte, 0, 1, 8);
  await file.close();
}
