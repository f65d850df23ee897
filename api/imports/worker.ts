/**
 * Applies staged rows, a chunk at a time: what they change, their errors, their deletion and the progress are one
 * transaction, so that an import that any process began is ended by any other, each row once.
 */
import type pg from "pg";
import { type ChunkDeps, runChunks, sqlState } from "../vouchers/chunks.ts";
import { type Applied, type Chunk, type ImportTask, Outrun } from "./chunk.ts";
import { ChunkSizes } from "./chunk-sizes.ts";
import { applyCustomers } from "./customers.ts";
import { applyEvents } from "./events.ts";
import { applyOrders } from "./orders.ts";
import { applyRedemptions } from "./redemptions/apply.ts";
import { type RowError, readStaged, type StagedRow } from "./rows.ts";
import { anyImports, deleteStaged, deleteUpTo, failImport } from "./staging.ts";
import { refreshStatistics } from "./statistics.ts";

/** Of the rows of a chunk together, give or take a row: a thousand of the largest ones would be a quarter of a GiB. */
const chunkBytesMax = 4 * 1024 * 1024;
/** An upload that stages nothing for so long has lost its process. */
const silentMinutes = 15;

/** Runs until `signal` aborts. */
export async function runImports(deps: ChunkDeps, signal: AbortSignal): Promise<void> {
  const sizes = new ChunkSizes();
  await runChunks<ImportTask>(
    deps,
    {
      name: "imports",
      claim,
      async work(client, task) {
        if (task.status === "running") await applyChunk(client, task, sizes);
        else if (task.status === "receiving") await failImport(client, anyImports, task, "The upload broke off.");
        else await deleteStaged(client, anyImports, task);
      },
      failed(task, error) {
        if (error instanceof Outrun) return true;
        // Too long for a statement, or too many locks: fewer rows at a time may do.
        if (/^(57014|53200)$/.test(sqlState(error) ?? "")) return sizes.shrink(task, null);
        const reason = refusedBecause(error);
        return reason !== undefined && sizes.shrink(task, reason);
      },
      giveUp: (task, reason) => failImport(deps.pool, anyImports, task, reason),
    },
    signal,
  );
}

/** A row that its schema lets pass and the database does not: the chunk is cut until it stands alone. */
function refusedBecause(error: unknown): string | undefined {
  const state = sqlState(error);
  return state !== undefined && /^(22|23)/.test(state) ? `The database refuses the row (${state}).` : undefined;
}

/**
 * A chunk may hold some two thousand advisory locks, and PostgreSQL as it comes has room for about 6,400: so many chunks
 * at once, over all processes.
 */
const chunksAtOnce = 2;

/**
 * The one that waited longest. Files of one kind wait for each other, in the order in which their uploads began: what a
 * later one says of an order or a customer holds after what an earlier one says.
 */
async function claim(client: pg.PoolClient): Promise<ImportTask | undefined> {
  const slot = await client.query(
    "select from generate_series(1, $1::int) slot where pg_try_advisory_xact_lock(7240, slot) limit 1",
    [chunksAtOnce],
  );
  if (slot.rowCount === 0) return undefined;
  const { rows } = await client.query(
    `select project_id as "projectId", id, kind, status, key_id as "keyId", line_done as "lineDone",
            imported + unchanged + failed as "rowsDone" from import_job j
     where staged and (status <> 'receiving' or updated_at < clock_timestamp() - make_interval(mins => $1))
       and not (status = 'running' and exists (
         select from import_job e
         where e.staged and e.project_id = j.project_id and e.kind = j.kind and e.status = 'running' and e.id < j.id))
     order by updated_at, id limit 1 for update of j skip locked`,
    [silentMinutes],
  );
  return rows[0];
}

async function applyChunk(client: pg.PoolClient, task: ImportTask, sizes: ChunkSizes): Promise<void> {
  const { size, refused } = sizes.of(task);
  const { rows: staged } = await client.query<StagedRow & { readonly found: number }>(
    `select line, content, fault, item_lines, found from (
       select *, count(*) over () as found, sum(bytes) over (order by line) - bytes as bytes_before from (
         select line, content, fault, item_lines, coalesce(octet_length(content), 0) as bytes
         from import_row where project_id = $1 and import_id = $2 and line > $3 order by line limit $4) first) r
     where bytes_before < $5 order by line`,
    [task.projectId, task.id, task.lineDone, size, chunkBytesMax],
  );
  const found = staged[0]?.found ?? 0;
  const applied = refused === null ? await apply(client, task, staged) : refuse(staged, refused);
  const { upTo } = applied;
  const done = upTo === undefined ? staged : staged.filter(({ line }) => line < upTo);
  const ended = upTo === undefined && found < size && staged.length === found;
  await insertErrors(client, task, applied.errors);
  await refreshStatistics(client, task.kind, task.rowsDone, task.rowsDone + staged.length);
  await advance(client, task, done.at(-1)?.line ?? task.lineDone, { ...applied, ended });
  sizes.grow(task, ended);
}

function refuse(staged: readonly StagedRow[], reason: string): Applied {
  return { imported: 0, unchanged: 0, errors: staged.map(({ line }) => ({ line, field: "", reason })) };
}

/** Errors of the reading and of the applying; rows that are left to the next chunk have none yet. */
async function apply(client: pg.PoolClient, task: ImportTask, staged: readonly StagedRow[]): Promise<Applied> {
  // What an import changes is put down to the key that sent it.
  const { rows } = await client.query<{ now: Date }>("select now(), set_config('tessera.actor', $1, true)", [
    task.keyId,
  ]);
  const chunk: Chunk = { client, projectId: task.projectId, importId: task.id, now: rows[0]?.now ?? new Date() };
  const { applied, errors } = await applyKind(chunk, task.kind, staged);
  const { upTo } = applied;
  const bad = upTo === undefined ? errors : errors.filter(({ line }) => line < upTo);
  return { ...applied, errors: [...bad, ...applied.errors] };
}

async function applyKind(chunk: Chunk, kind: ImportTask["kind"], staged: readonly StagedRow[]) {
  switch (kind) {
    case "customers": {
      const { rows, errors } = readStaged(kind, staged);
      return { applied: await applyCustomers(chunk, rows), errors };
    }
    case "orders": {
      const { rows, errors } = readStaged(kind, staged);
      return { applied: await applyOrders(chunk, rows), errors };
    }
    case "events": {
      const { rows, errors } = readStaged(kind, staged);
      return { applied: await applyEvents(chunk, rows), errors };
    }
    case "redemptions": {
      const { rows, errors } = readStaged(kind, staged);
      return { applied: await applyRedemptions(chunk, rows), errors };
    }
  }
}

async function insertErrors(client: pg.PoolClient, task: ImportTask, errors: readonly RowError[]): Promise<void> {
  if (errors.length === 0) return;
  await client.query(
    `insert into import_error (project_id, import_id, line, field, reason)
     select $1, $2, e.line, e.field, e.reason from unnest($3::bigint[], $4::text[], $5::text[]) as e(line, field, reason)`,
    [
      task.projectId,
      task.id,
      errors.map(({ line }) => line),
      errors.map(({ field }) => field.slice(0, 200)),
      errors.map(({ reason }) => reason.slice(0, 500)),
    ],
  );
}

async function advance(
  client: pg.PoolClient,
  task: ImportTask,
  lineDone: number,
  done: Applied & { readonly ended: boolean },
): Promise<void> {
  await deleteUpTo(client, anyImports.rows, task, lineDone);
  await client.query(
    `update import_job
     set line_done = $3, imported = imported + $4, unchanged = unchanged + $5, failed = failed + $6,
         status = case when $7 then 'done' else status end, staged = not $7, updated_at = clock_timestamp()
     where project_id = $1 and id = $2`,
    [task.projectId, task.id, lineDone, done.imported, done.unchanged, done.errors.length, done.ended],
  );
}
