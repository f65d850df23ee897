/**
 * Does what claw-backs have written down, a step a transaction, and takes it back where one is undone: in the opposite
 * order. A process that dies leaves whole steps behind, and the next one goes on from there.
 */
import { sql, type Transaction } from "kysely";
import type pg from "pg";
import type { DB } from "../../db/tables.ts";
import { Problem } from "../../http/problem.ts";
import { type ChunkDeps, type ChunkedWork, runChunks, sqlState } from "../../vouchers/chunks.ts";
import { kyselyOn } from "../../vouchers/kysely-on.ts";
import { type ClawBackRow, confirmAlong, finishTaking, finishUndoing } from "./finish.ts";
import type { StepRow } from "./holds.ts";
import { take, undo } from "./steps.ts";

/** As many are done before the answer; more are a worker's. */
const stepsAtOnce = 20;

/** Runs until `signal` aborts. */
export function runClawBacks(deps: ChunkDeps, signal: AbortSignal): Promise<void> {
  return runChunks<Task>(deps, { ...work(deps), claim: (client) => claim(client) }, signal);
}

interface Task {
  readonly clawBack: ClawBackRow;
  /** Of the step that it is at. */
  position?: number;
}

/** Does one if it is small and nobody else is at it. */
export async function workSmallClawBack(deps: ChunkDeps, projectId: string, id: string): Promise<void> {
  const { rows } = await deps.pool.query<{ count: number }>(
    "select count(*)::int as count from claw_back_step where project_id = $1 and claw_back_id = $2",
    [projectId, id],
  );
  if ((rows[0]?.count ?? 0) <= stepsAtOnce) await workOut(deps, { projectId, id });
}

/** Does everything there is to do, of one or of all. */
export async function workOut(
  deps: ChunkDeps,
  only?: { readonly projectId: string; readonly id: string },
): Promise<void> {
  while (await workOnce(deps, only));
}

async function workOnce(
  deps: ChunkDeps,
  only: { readonly projectId: string; readonly id: string } | undefined,
): Promise<boolean> {
  const client = await deps.pool.connect();
  let failed = true;
  try {
    await client.query("begin");
    const task = await claim(client, only);
    if (task !== undefined) await tryNext(deps, client, task);
    await client.query("commit");
    failed = false;
    return task !== undefined;
  } finally {
    client.release(failed);
  }
}

function work(deps: ChunkDeps): Omit<ChunkedWork<Task>, "claim"> {
  return {
    name: "claw-backs",
    work: (client, task) => tryNext(deps, client, task),
    giveUp: ({ clawBack, position }) =>
      deps.pool.query(
        clawBack.status === "running"
          ? `update claw_back_step set outcome = 'failed', reason = 'The database refused it.'
             where project_id = $1 and claw_back_id = $2 and position = $3`
          : `update claw_back_step set undo = 'failed', undo_reason = 'The database refused it.'
             where project_id = $1 and claw_back_id = $2 and position = $3`,
        [clawBack.project_id, clawBack.id, position ?? 0],
      ),
  };
}

async function claim(
  client: pg.PoolClient,
  only?: { readonly projectId: string; readonly id: string },
): Promise<Task | undefined> {
  const { rows } = await client.query<ClawBackRow>(
    `select * from claw_back
     where status in ('running', 'undoing') and ($1::text is null or (project_id = $1 and id = $2))
     order by created_at limit 1 for update skip locked`,
    [only?.projectId ?? null, only?.id ?? null],
  );
  return rows[0] && { clawBack: rows[0] };
}

/** A failure is written down beside the work that waits because of it, for whoever watches it. */
async function tryNext(deps: ChunkDeps, client: pg.PoolClient, task: Task): Promise<void> {
  try {
    await doNext(deps, client, task);
  } catch (error) {
    await writeFailure(deps, client, task.clawBack, error).catch((err: unknown) => {
      deps.log.warn({ err, claw_back_id: task.clawBack.id }, "a failure could not be written down");
    });
    throw error;
  }
}

/** Outside what failed. Whoever has taken it up meanwhile knows better. */
async function writeFailure(deps: ChunkDeps, client: pg.PoolClient, row: ClawBackRow, error: unknown): Promise<void> {
  await client.query("rollback").catch(() => undefined);
  await deps.pool.query(
    `update claw_back set error = $3
     where (project_id, id) in (
       select project_id, id from claw_back where project_id = $1 and id = $2 for update skip locked)`,
    [row.project_id, row.id, failureInWords(error)],
  );
}

/** Messages of databases may quote what is in a row: the log has them. */
function failureInWords(error: unknown): string {
  if (error instanceof Problem) return error.detail;
  const state = sqlState(error);
  return state === undefined ? "An error of the product's own, which is in the log." : `The database said ${state}.`;
}

async function doNext(deps: ChunkDeps, client: pg.PoolClient, task: Task): Promise<void> {
  const { clawBack } = task;
  const tx = kyselyOn(client) as Transaction<DB>;
  const undoes = clawBack.status === "undoing";
  const [actor, request] = undoes
    ? [clawBack.undone_by, clawBack.undone_request]
    : [clawBack.created_by, clawBack.created_request];
  // Whoever asked for it has done it, for the audit log.
  const { rows } = await sql<{ at: Date }>`
    select set_config('tessera.actor', ${actor}, true), set_config('tessera.request', ${request}, true),
           clock_timestamp() as at`.execute(tx);
  const at = rows[0]?.at ?? new Date();
  const step = await nextStep(tx, clawBack, undoes);
  if (step === undefined) return undoes ? finishUndoing(tx, clawBack, at) : finishTaking(tx, clawBack, at);
  task.position = step.position;
  await sql`savepoint step`.execute(tx);
  const change = await (undoes ? undo(tx, step, at) : takeWithReview(tx, clawBack, step, at)).catch(
    async (error: unknown) => {
      // What the database says may pass, or is given up as data; what is left is a fault of ours, and comes again.
      if (sqlState(error) !== undefined || error instanceof Problem) throw error;
      // Fails where the connection is what broke, and then the step is tried again.
      await sql`rollback to savepoint step`.execute(tx);
      const { id: clawBackId } = clawBack;
      deps.log.error({ err: error, claw_back_id: clawBackId, position: step.position }, "a step is given up");
      return undoes
        ? { undo: "failed" as const, undo_reason: "fault" }
        : { outcome: "failed" as const, reason: "fault" };
    },
  );
  await tx
    .updateTable("claw_back_step")
    .set(change)
    .where("project_id", "=", step.project_id)
    .where("claw_back_id", "=", step.claw_back_id)
    .where("position", "=", step.position)
    .execute();
  if (clawBack.error !== null) await forgetFailure(tx, clawBack);
}

async function forgetFailure(tx: Transaction<DB>, { project_id: projectId, id }: ClawBackRow): Promise<void> {
  await tx
    .updateTable("claw_back")
    .set({ error: null })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .execute();
}

async function takeWithReview(tx: Transaction<DB>, clawBack: ClawBackRow, step: StepRow, at: Date) {
  const change = await take(tx, step, at);
  if (step.kind === "redemption" && change.outcome === "done") await confirmAlong(tx, clawBack, step.target_id, at);
  return change;
}

function nextStep(tx: Transaction<DB>, clawBack: ClawBackRow, undoes: boolean): Promise<StepRow | undefined> {
  return tx
    .selectFrom("claw_back_step")
    .selectAll()
    .where("project_id", "=", clawBack.project_id)
    .where("claw_back_id", "=", clawBack.id)
    .where(undoes ? "undo" : "outcome", "=", "pending")
    .orderBy("position", undoes ? "desc" : "asc")
    .limit(1)
    .executeTakeFirst();
}
