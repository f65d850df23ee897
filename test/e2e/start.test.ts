import { execFile } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../../api/supervise/server.ts";
import { eventually, instanceOf, npm, processesOf, type Run, statusOf, untilReady } from "./product.ts";

const shell = promisify(execFile);

// One story, told in order: each start is expensive, so each test goes on where the one before stopped.
let dataDir: string;
let otherDataDir: string;
let port: number;
let baseUrl: string;
let key: string;
let running: Run | undefined;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "tessera-e2e-"));
  otherDataDir = await mkdtemp(join(tmpdir(), "tessera-e2e-other-"));
  port = await freePort();
  baseUrl = `http://127.0.0.1:${port}`;
});

afterAll(async () => {
  if (running) {
    running.child.kill("SIGTERM");
    await running.exited;
  }
  await rm(dataDir, { recursive: true, force: true });
  await rm(otherDataDir, { recursive: true, force: true });
});

async function start(): Promise<Run> {
  running = npm(["start"], { PORT: String(port), TESSERA_DATA_DIR: dataDir });
  await untilReady(running, baseUrl);
  return running;
}

function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(baseUrl + path, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const noneLeft = () =>
  eventually(
    "no process of the data directory is left",
    () => processesOf(dataDir).length === 0,
    20_000,
    () => JSON.stringify(processesOf(dataDir)),
  );

it("names a bad variable without its value, and exits 2", async () => {
  const run = npm(["start"], { PORT: "secret-and-wrong", TESSERA_DATA_DIR: otherDataDir });
  expect(await run.exited).toBe(2);
  expect(run.output()).toContain("PORT:");
  expect(run.output()).not.toContain("secret-and-wrong");
});

it("names the missing URLs when one role runs alone, and exits 2", async () => {
  const run = npm(["run", "start:ingest"], { TESSERA_DATA_DIR: otherDataDir });
  expect(await run.exited).toBe(2);
  expect(run.output()).toMatch(/DATABASE_URL[\s\S]*CLICKHOUSE_URL/);
});

it("starts from nothing, and its printed curl line gets the discount when pasted", async () => {
  const run = await start();
  await eventually("the curl line is printed", () => run.output().includes("curl -s"), 5_000, run.output);
  const line =
    run
      .output()
      .split("\n")
      .find((text) => text.startsWith("curl -s")) ?? "";
  key = /Bearer ([^"]+)"/.exec(line)?.[1] ?? "";
  const { stdout } = await shell("sh", ["-c", line]);
  expect(JSON.parse(stdout)).toMatchObject({ valid: true, discount_amount: 300 });
});

it("keeps what it knows of its stores from other users", () => {
  for (const file of ["instance.json", "postgres/password", "clickhouse/password"]) {
    expect(statSync(join(dataDir, file)).mode & 0o077, file).toBe(0);
  }
  const { database_url, clickhouse_url } = instanceOf(dataDir);
  const passwords = [new URL(database_url).password, new URL(clickhouse_url).password];
  const commands = processesOf(dataDir).map(({ command }) => command);
  expect(commands.length).toBeGreaterThanOrEqual(4);
  for (const password of passwords) expect(commands.some((command) => command.includes(password))).toBe(false);
});

it("refuses a second instance on the same data directory and names the first", async () => {
  const run = npm(["start"], { PORT: String(await freePort()), TESSERA_DATA_DIR: dataDir });
  expect(await run.exited).toBe(1);
  expect(run.output()).toContain(`pid ${instanceOf(dataDir).process.pid}`);
  expect(await statusOf(`${baseUrl}/readyz`)).toBe(200);
});

it("says that a port is taken, and leaves nothing running", async () => {
  const run = npm(["start"], { PORT: String(port), TESSERA_DATA_DIR: otherDataDir });
  expect(await run.exited).toBe(1);
  expect(run.output()).toMatch(new RegExp(`Port ${port} of 127\\.0\\.0\\.1 is taken`));
  expect(processesOf(otherDataDir)).toEqual([]);
});

it("runs the API alone on the stores of another instance", async () => {
  const { database_url, clickhouse_url } = instanceOf(dataDir);
  const apiPort = await freePort();
  const run = npm(["run", "start:api"], {
    PORT: String(apiPort),
    DATABASE_URL: database_url,
    CLICKHOUSE_URL: clickhouse_url,
    TESSERA_DATA_DIR: otherDataDir,
  });
  await untilReady(run, `http://127.0.0.1:${apiPort}`);
  const answer = await fetch(`http://127.0.0.1:${apiPort}/v1/vouchers/WELCOME10`, {
    headers: { authorization: `Bearer ${key}` },
  });
  expect(answer.status).toBe(200);
  run.child.kill("SIGTERM");
  expect(await run.exited).toBe(0);
});

it("stops everything in order on SIGTERM", async () => {
  const redeemed = await call(
    "POST",
    "/v1/redemptions",
    {
      codes: ["WELCOME10"],
      customer: { identifier: "ada" },
      order: { id: "e2e-1", currency: "EUR", items: [{ sku: "mug", quantity: 2, unit_amount: 1_500 }] },
    },
    { "idempotency-key": "e2e-1" },
  );
  expect(redeemed.status).toBe(201);
  running?.child.kill("SIGTERM");
  expect(await running?.exited).toBe(0);
  running = undefined;
  expect(processesOf(dataDir)).toEqual([]);
  for (const file of ["instance.json", "instance.lock"]) expect(existsSync(join(dataDir, file)), file).toBe(false);
});

it("resumes at the second start: same key, same data, the key not shown again", async () => {
  const run = await start();
  const list = await call("GET", "/v1/redemptions");
  expect(await list.json()).toMatchObject({ data: [{ status: "redeemed", discount_amount: 300 }] });
  expect(run.output()).not.toContain(key);
});

it("leaves no orphan when it is killed, and loses nothing", async () => {
  process.kill(instanceOf(dataDir).process.pid, "SIGKILL");
  await running?.exited;
  await noneLeft();
  await start();
  expect(await (await call("GET", "/v1/redemptions")).json()).toMatchObject({ data: [{ discount_amount: 300 }] });
});

it("stops in order and exits 1 when a store dies", async () => {
  const engine = processesOf(dataDir).find(({ command }) => /^\S+ \S*engine\.mjs/.test(command));
  if (!engine) throw new Error("the embedded ClickHouse is not running");
  process.kill(engine.pid, "SIGKILL");
  expect(await running?.exited).toBe(1);
  expect(running?.output()).toContain("ClickHouse ended unexpectedly");
  running = undefined;
  await noneLeft();
});
