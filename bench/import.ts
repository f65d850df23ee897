/**
 * `npm run bench:import`: orders from an NDJSON file through the command's own code, the API and a worker, against a raw
 * COPY of the same rows into a bare table of the same PostgreSQL, in the same run. And the most memory it took.
 *
 * Options: --rows 100000
 */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { from as copyFrom } from "pg-copy-streams";
import { pino } from "pino";
import { runImports } from "../api/imports/worker.ts";
import { run } from "../ingest/import/run.ts";
import { createService } from "../ingest/import/service.ts";
import { type Fixture, startFixture } from "./fixture.ts";

const { values } = parseArgs({ options: { rows: { type: "string", default: "100000" } } });
const rows = Number(values.rows);
const customers = 50_000;
const products = 2_000;

/** A shop's year: three lines an order, each customer with some twenty orders. */
function order(n: number): object {
  const line = (k: number) => ({
    sku: `sku-${(n * 7 + k * 131) % products}`,
    quantity: 1 + ((n + k) % 3),
    unit_amount: 199 + ((n * 31 + k * 17) % 9_000),
    categories: [`category-${(n + k) % 40}`],
  });
  return {
    id: `bench-${n}`,
    customer: { identifier: `c-${(n * 7919) % customers}` },
    status: "paid",
    currency: "EUR",
    items: [line(0), line(1), line(2)],
    shipping_amount: n % 4 === 0 ? 490 : 0,
    occurred_at: new Date(Date.UTC(2025, 0, 1) + ((n * 31_536) % 31_536_000) * 1_000).toISOString(),
  };
}

async function writeFile(path: string): Promise<void> {
  await pipeline(function* () {
    for (let n = 0; n < rows; n += 1_000) {
      const count = Math.min(1_000, rows - n);
      yield Array.from({ length: count }, (_, k) => `${JSON.stringify(order(n + k))}\n`).join("");
    }
  }, createWriteStream(path));
}

async function copyRaw({ pool }: Fixture, path: string): Promise<number> {
  await pool.query("create table bench_copy (content jsonb)");
  const client = await pool.connect();
  const began = performance.now();
  try {
    await client.query("set statement_timeout = 0");
    // Backslashes are COPY's own.
    const escaped = new Transform({
      transform: (bytes: Buffer, _encoding, done) => done(null, bytes.toString("latin1").replaceAll("\\", "\\\\")),
    });
    await pipeline(createReadStream(path), escaped, client.query(copyFrom("copy bench_copy from stdin")));
  } finally {
    client.release(true);
  }
  return (performance.now() - began) / 1_000;
}

/** Of a process, in MB: what it holds, and the most it ever held. */
async function memoryOf(pid: number): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  return { now: kilobytes("VmRSS") / 1_000, peak: kilobytes("VmHWM") / 1_000 };
}

async function importOrders(fixture: Fixture, path: string) {
  const stop = new AbortController();
  const worker = runImports({ pool: fixture.pool, log: pino({ level: "warn" }) }, stop.signal);
  try {
    return await upload(fixture, path, stop.signal);
  } finally {
    stop.abort();
    await worker;
  }
}

async function upload(fixture: Fixture, path: string, signal: AbortSignal) {
  const began = performance.now();
  let uploaded = 0;
  const samples: { at: number; worker: number; api: number }[] = [];
  const sample = async (at: number) => {
    const [own, api] = await Promise.all([memoryOf(process.pid), memoryOf(fixture.apiPid)]);
    samples.push({ at, worker: own.now, api: api.now });
  };
  let next = 0.1;
  const result = await run(
    createService(fixture.url, fixture.key, signal),
    {
      kind: "orders",
      file: path,
      format: "ndjson",
      url: undefined,
      keyEnv: "",
      project: undefined,
      errorsFile: `${path}.errors.csv`,
      again: true,
    },
    {
      uploading: () => undefined,
      working: (_part, _parts, done, total) => {
        if (uploaded === 0) uploaded = (performance.now() - began) / 1_000;
        if (done < next * total) return;
        next += 0.2;
        void sample(done);
      },
    },
    signal,
  );
  const seconds = (performance.now() - began) / 1_000;
  if (result.imported !== rows) throw new Error(`${result.imported} of ${rows} rows were imported: ${result.error}`);
  return { seconds, uploaded, samples };
}

function print(label: string, seconds: number, base: number): void {
  const perSecond = (rows / seconds).toFixed(0).padStart(8);
  process.stdout.write(
    `${label.padEnd(52)} ${seconds.toFixed(1).padStart(7)} s ${perSecond} rows/s ${(base / seconds).toFixed(2).padStart(6)}\n`,
  );
}

const folder = await mkdtemp(join(tmpdir(), "tessera-bench-import-"));
const fixture = await startFixture(8);
try {
  const path = join(folder, "orders.ndjson");
  await writeFile(path);
  const raw = await copyRaw(fixture, path);
  await fixture.pool.query("drop table bench_copy");
  const { seconds, uploaded, samples } = await importOrders(fixture, path);
  const [own, api] = await Promise.all([memoryOf(process.pid), memoryOf(fixture.apiPid)]);
  process.stdout.write(`\n${rows} orders of three lines, one worker\n${" ".repeat(88)}× COPY\n`);
  print("COPY into a bare table, the same PostgreSQL", raw, raw);
  print("import, all of it", seconds, raw);
  print("  of it the upload: read, checked, staged", uploaded, raw);
  print("  of it the worker: customers, orders, events", seconds - uploaded, raw);
  process.stdout.write(
    `\nmemory, MB: the API ${api.peak.toFixed(0)} at most, worker and command ${own.peak.toFixed(0)} at most\n`,
  );
  for (const { at, worker, api: of } of samples) {
    process.stdout.write(
      `  after ${String(at).padStart(8)} rows: the API ${of.toFixed(0)}, worker and command ${worker.toFixed(0)}\n`,
    );
  }
} finally {
  await fixture.stop();
  await rm(folder, { recursive: true, force: true });
}
