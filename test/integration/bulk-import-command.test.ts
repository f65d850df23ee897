import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ServerType, serve } from "@hono/node-server";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { runImports } from "../../api/imports/worker.ts";
import { parseArguments } from "../../ingest/import/arguments.ts";
import { type Progress, run } from "../../ingest/import/run.ts";
import { createService, Refused } from "../../ingest/import/service.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { lines } from "../support/imports.ts";

const context = useApp();
let server: ServerType;
let port: number;
let folder: string;
let stop: AbortController;
let working: Promise<void>;

beforeAll(async () => {
  server = await new Promise<ServerType>((resolve) => {
    const listening = serve({ fetch: context.app.fetch, hostname: "127.0.0.1", port: 0 }, () => resolve(listening));
  });
  port = (server.address() as AddressInfo).port;
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tessera-import-"));
  stop = new AbortController();
  working = runImports(context.deps, stop.signal);
});

afterEach(async () => {
  stop.abort();
  await working;
  await rm(folder, { recursive: true });
});

const silent: Progress = { uploading: () => undefined, working: () => undefined };

async function importFile(
  project: TestProject,
  words: readonly string[],
  options: { at?: number; limits?: { bytesMax: number; linesMax: number }; progress?: Progress } = {},
) {
  const service = createService(`http://127.0.0.1:${options.at ?? port}`, project.key, stop.signal);
  return run(service, parseArguments(words), options.progress ?? silent, stop.signal, options.limits);
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

function customers(count: number): object[] {
  return Array.from({ length: count }, (_, n) => ({ identifier: `c-${n}`, name: `Customer ${n}` }));
}

it("imports a file, writes the bad rows beside it, and says how it went; again it is the same job", async () => {
  const project = await context.newProject();
  const path = await file("people.csv", "identifier,name\nann,Ann\n bea,Bea\ncem,Cem\n");
  const seen: string[] = [];
  const progress: Progress = {
    uploading: (_part, _parts, bytes, total) => seen.push(`${bytes}/${total}`),
    working: (_part, _parts, rows, total) => seen.push(`${rows} of ${total}`),
  };
  const result = await importFile(project, ["customers", path], { progress });
  expect(result).toEqual({
    rows: 3,
    imported: 2,
    unchanged: 0,
    failed: 1,
    error: null,
    errorsFile: `${path}.errors.csv`,
  });
  expect(await readFile(`${path}.errors.csv`, "utf8")).toBe(
    "line,field,reason\r\n3,identifier,Expected no blanks at the ends\r\n",
  );
  expect(seen).toContain("41/41");
  expect(seen.at(-1)).toBe("3 of 3");
  expect(await importFile(project, ["customers", path])).toEqual(result);
  const { body } = await send(project, "GET", "/v1/imports");
  expect(body.data.filter(({ status }: { status: string }) => status === "done")).toHaveLength(1);
  expect(await importFile(project, ["customers", path, "--again"])).toMatchObject({
    imported: 0,
    unchanged: 2,
    failed: 1,
  });
});

it("cuts a large file into parts of whole lines, and names the lines of the whole file", async () => {
  const project = await context.newProject();
  const rows = customers(95).map((row) => JSON.stringify(row));
  rows[40] = "{broken";
  rows[93] = '{"identifier":""}';
  const path = await file("people.ndjson", rows.join("\n"));
  const limits = { bytesMax: 1_000, linesMax: 30 };
  const words = ["customers", path, "--errors", join(folder, "bad.ndjson")];
  const result = await importFile(project, words, { limits });
  expect(result).toMatchObject({ rows: 95, imported: 93, failed: 2, error: null });
  const bad = (await readFile(join(folder, "bad.ndjson"), "utf8")).trimEnd().split("\n");
  expect(bad.map((line) => JSON.parse(line).line)).toEqual([41, 94]);
  const csv = ["identifier,name", ...customers(50).map((_, n) => (n === 44 ? "x,y,z" : `d-${n},Name`))].join("\n");
  const other = await importFile(project, ["customers", await file("more.csv", csv)], { limits });
  expect(other).toMatchObject({ rows: 50, imported: 49, failed: 1 });
  expect(await readFile(other.errorsFile ?? "", "utf8")).toContain("\r\n46,,");
});

it("sends an upload that broke off again, under its key, and doubles nothing", async () => {
  const project = await context.newProject();
  const path = await file("people.ndjson", lines(customers(30_000)));
  const cutting = cuttingServer(port, [100_000, 700_000]);
  const at = await new Promise<number>((resolve) => {
    cutting.listen(0, "127.0.0.1", () => resolve((cutting.address() as AddressInfo).port));
  });
  try {
    const result = await importFile(project, ["customers", path], { at });
    expect(result).toMatchObject({ rows: 30_000, imported: 30_000, unchanged: 0, failed: 0, error: null });
  } finally {
    cutting.close();
  }
  const counted = await context.pool.query(
    `select (select count(*) from customer where project_id = $1) as customers,
            (select count(*) from outbox where project_id = $1 and type = 'customer.created') as events`,
    [project.projectId],
  );
  expect(counted.rows).toEqual([{ customers: 30_000, events: 30_000 }]);
});

/** Passes everything on, but cuts its first connections after so many bytes of the client's. */
function cuttingServer(to: number, cuts: number[]): Server {
  return createServer((client) => {
    const upstream = connect(to, "127.0.0.1");
    const limit = cuts.shift() ?? Number.POSITIVE_INFINITY;
    let passed = 0;
    client.on("data", (bytes) => {
      passed += bytes.length;
      if (passed < limit) upstream.write(bytes);
      else {
        client.destroy();
        upstream.destroy();
      }
    });
    upstream.on("data", (bytes) => client.write(bytes));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on("error", () => undefined).on("close", () => other.destroy());
    }
  });
}

it("says what the service refuses, and does not try that again", async () => {
  const project = await context.newProject();
  const path = await file("people.csv", "identifier,colour\nann,red\n");
  await expect(importFile(project, ["customers", path])).rejects.toThrow(/\(400\): .*It has "colour"/);
  const wrong = { ...project, key: `${project.key}x` };
  await expect(importFile(wrong, ["customers", path])).rejects.toThrow(Refused);
});
