/**
 * Long work in chunks, each a transaction of its own that also writes down how far the work is: a worker that dies at any
 * point leaves whole chunks behind, and the next one, in any process, goes on from there. Workers share the work by
 * locking the row of what they work at; one that is locked is skipped.
 */
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import type { Deps } from "../deps.ts";

const statementTimeout = "60s";
const idlePauseMs = 500;
const failurePauseMs = 1000;

export type ChunkDeps = Pick<Deps, "pool" | "log">;

export interface ChunkedWork<Task> {
  /** For the log. */
  readonly name: string;
  /** Locks the task that waited longest, so that a small one does not wait for a large one. */
  claim(client: pg.PoolClient): Promise<Task | undefined>;
  work(client: pg.PoolClient, task: Task): Promise<void>;
  /** True when the failure is dealt with, and the task may go on at once. The chunk has been undone. */
  failed?(task: Task, error: unknown): boolean;
  /** The same would happen again: marks the task, outside the transaction, so that it is not claimed any more. */
  giveUp(task: Task, reason: string): Promise<unknown>;
  /** It may pass: lets others have their turn until the next try. Outside the transaction, like giving up. */
  postpone?(task: Task): Promise<unknown>;
}

/** Runs until `signal` aborts, and finishes the chunk it is at. Any number may run at once, in any process. */
export async function runChunks<Task>(deps: ChunkDeps, work: ChunkedWork<Task>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const outcome = await tryNextChunk(deps, work);
    if (outcome !== "worked") await pause(outcome === "idle" ? idlePauseMs : failurePauseMs, signal);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

async function tryNextChunk<Task>(
  { pool, log }: ChunkDeps,
  work: ChunkedWork<Task>,
): Promise<"worked" | "idle" | "failed"> {
  let task: Task | undefined;
  let client: pg.PoolClient | undefined;
  try {
    client = await pool.connect();
    client.on("error", unheard);
    await client.query("begin");
    await client.query(`set local statement_timeout = '${statementTimeout}'`);
    task = await work.claim(client);
    if (task !== undefined) await work.work(client, task);
    await client.query("commit");
    client.off("error", unheard).release();
    return task === undefined ? "idle" : "worked";
  } catch (error) {
    // Ending the connection undoes the chunk, whatever state it was left in.
    client?.release(true);
    if (task !== undefined && work.failed?.(task, error)) return "worked";
    log.warn({ err: error, work: work.name }, "a chunk failed");
    if (task !== undefined) {
      const settled = isPermanent(error) ? work.giveUp(task, reasonOf(error)) : work.postpone?.(task);
      await settled?.catch((err) => log.error({ err, work: work.name }, "could not note that a chunk failed"));
    }
    return "failed";
  }
}

/** A connection that breaks between two statements says so by an event; without a listener it would end the process. */
function unheard(): void {}

export function sqlState(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Bad data, a broken constraint, a statement that is wrong: trying again gives the same. Anything else may pass. */
function isPermanent(error: unknown): boolean {
  return /^(22|23|42)/.test(sqlState(error) ?? "");
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500);
}
