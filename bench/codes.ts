/**
 * `npm run bench:codes`: making codes by the batch worker against one raw COPY of the very same rows, in the same order,
 * into the same indexed table; and looking a code up among few and among many vouchers. One run, alternating rounds.
 *
 * Options: --codes 1000000 --rounds 3 --seconds 5 --callers 8 --large (look-up among 10 million instead of --codes)
 */
import { randomInt } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import type pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { pino } from "pino";
import { createKysely, createPool } from "../api/db/kysely.ts";
import { migratePostgres } from "../api/db/migrate.ts";
import { newId } from "../api/ids.ts";
import { startPostgres } from "../api/supervise/stores.ts";
import { runVoucherBatches } from "../api/vouchers/batch-worker.ts";
import { findVoucher } from "../api/vouchers/queries.ts";
import { closedLoop } from "./measure.ts";

const { values } = parseArgs({
  options: {
    codes: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    callers: { type: "string", default: "8" },
    large: { type: "boolean", default: false },
  },
});
const codes = Number(values.codes);
const rounds = Number(values.rounds);
const few = 10_000;
const many = values.large ? 10_000_000 : codes;

/** Everything but `project_id`, which leads every key: each round writes into a part of the indexes of its own. */
const columns =
  "id, code, campaign_id, kind, status, redemptions_max, batch_id, starts_at, expires_at, metadata, created_at, updated_at";

/** A project of its own with a running batch. */
async function orderBatch(pool: pg.Pool, size: number): Promise<{ projectId: string; batchId: string }> {
  const [projectId, mainId, subId, batchId] = [newId("prj"), newId("cam"), newId("cam"), newId("bat")];
  const pattern = JSON.stringify({ charset: "mixed", length: 13 });
  const template = { kind: "unique", redemptions_max: 1, starts_at: null, expires_at: null, metadata: {} };
  await pool.query("insert into project (id, name) values ($1, $1)", [projectId]);
  await pool.query(
    `insert into campaign (project_id, id, type, parent_id, name, template, status, currency, created_at, updated_at)
     values ($1, $2, 'main', null, 'bench', 'discount', 'active', 'EUR', now(), now()),
            ($1, $3, 'sub', $2, 'bench', 'discount', 'active', 'EUR', now(), now())`,
    [projectId, mainId, subId],
  );
  await pool.query(
    `insert into voucher_batch (project_id, id, campaign_id, size, pattern, template, status, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, 'running', now(), now())`,
    [projectId, batchId, subId, size, pattern, JSON.stringify(template)],
  );
  return { projectId, batchId };
}

/** Seconds from the order to the last code. */
async function makeByWorker(pool: pg.Pool, size: number): Promise<{ seconds: number; projectId: string }> {
  const { projectId, batchId } = await orderBatch(pool, size);
  const stop = new AbortController();
  const started = performance.now();
  const worker = runVoucherBatches({ pool, log: pino({ level: "warn" }, process.stderr) }, stop.signal);
  for (;;) {
    const { rows } = await pool.query("select status from voucher_batch where project_id = $1 and id = $2", [
      projectId,
      batchId,
    ]);
    if (rows[0].status === "done") break;
    if (rows[0].status !== "running") throw new Error(`the batch is ${rows[0].status}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const seconds = (performance.now() - started) / 1000;
  stop.abort();
  await worker;
  return { seconds, projectId };
}

/** The rows as the worker wrote them, in the order in which they lie in the table. */
async function saveRows(pool: pg.Pool, projectId: string, file: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("set statement_timeout = 0; set enable_indexscan = off; set enable_indexonlyscan = off");
    const out = client.query(
      copyTo(`copy (select ${columns} from voucher where project_id = ${client.escapeLiteral(projectId)}) to stdout`),
    );
    await pipeline(out, createWriteStream(file));
  } finally {
    client.release(true);
  }
}

async function copyRaw(pool: pg.Pool, file: string): Promise<number> {
  const projectId = newId("prj");
  const client = await pool.connect();
  try {
    await client.query("set statement_timeout = 0");
    const started = performance.now();
    const copy = client.query(copyFrom(`copy voucher (project_id, ${columns}) from stdin`));
    await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), leadLines(`${projectId}\t`), copy);
    return (performance.now() - started) / 1000;
  } finally {
    client.release(true);
  }
}

/** Puts a text before every line. */
function leadLines(lead: string): Transform {
  let rest = "";
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const text = rest + chunk.toString("utf8");
      const end = text.lastIndexOf("\n") + 1;
      rest = text.slice(end);
      done(null, text.slice(0, end).replaceAll(/^(?=.)/gm, lead));
    },
  });
}

/** @param size vouchers in the table, in one project, with codes that can be told from their number. */
async function lookUp(pool: pg.Pool, size: number): Promise<void> {
  const projectId = newId("prj");
  const client = await pool.connect();
  await client.query("set statement_timeout = 0");
  for (let from = 0; from < size; from += 500_000) {
    await client.query(
      `insert into voucher (project_id, id, code, campaign_id, kind, status, redemptions_max, batch_id, created_at, updated_at)
       select $1, 'vou_' || n, upper(md5(n::text)), 'cam', 'unique', 'created', 1, 'bat', now(), now()
       from generate_series($2::int, $3::int) n`,
      [projectId, from, Math.min(size, from + 500_000) - 1],
    );
  }
  await client.query("analyze voucher; checkpoint");
  const sample = await client.query<{ code: string }>(
    "select upper(md5(n::text)) as code from (select (random() * ($1 - 1))::int as n from generate_series(1, 20000)) x",
    [size],
  );
  client.release(true);
  const db = createKysely(pool);
  const loop = { callers: Number(values.callers), durationMs: Number(values.seconds) * 1000 };
  const find = async () => {
    const code = sample.rows[randomInt(sample.rows.length)]?.code ?? "";
    if (!(await findVoucher(db, projectId, code))) throw new Error("a voucher is not found");
  };
  await closedLoop({ ...loop, durationMs: 1000 }, find);
  const { perSecond, p50, p99 } = await closedLoop(loop, find);
  write(
    `look-up among ${size.toLocaleString("en")}: ${perSecond.toFixed(0)} per s, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`,
  );
}

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}

function middle(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

const folder = await mkdtemp(join(tmpdir(), "tessera-bench-codes-"));
const postgres = await startPostgres({ dataDir: folder, durable: true, timeoutMs: 60_000 });
const pool = createPool({
  connectionString: postgres.url,
  max: Number(values.callers) + 2,
  applicationName: "tessera-bench",
});
try {
  await migratePostgres(pool);
  await lookUp(pool, few);
  const worker: number[] = [];
  const raw: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await pool.query("checkpoint");
    const made = await makeByWorker(pool, codes);
    worker.push(made.seconds);
    const file = join(folder, `rows-${round}`);
    await saveRows(pool, made.projectId, file);
    await pool.query("checkpoint");
    raw.push(await copyRaw(pool, file));
    await rm(file);
    write(`round ${round + 1}: worker ${worker.at(-1)?.toFixed(2)} s, raw COPY ${raw.at(-1)?.toFixed(2)} s`);
  }
  const ratio = middle(worker.map((seconds, round) => seconds / (raw[round] ?? Number.NaN)));
  write(
    `${codes.toLocaleString("en")} codes: worker ${middle(worker).toFixed(2)} s, raw COPY ${middle(raw).toFixed(2)} s, ratio ${ratio.toFixed(2)} (medians of ${rounds})`,
  );
  await lookUp(pool, many);
} finally {
  await pool.end();
  await postgres.server.stop();
  await rm(folder, { recursive: true, force: true });
}
