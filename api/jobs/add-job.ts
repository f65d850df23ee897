/** Puts work off. The job is a row of the caller's transaction: it is there exactly when what asked for it is. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { TaskKind } from "./task.ts";

export interface JobOptions {
  /** Not before; default: now. */
  readonly runAt?: Date;
  /** Of two jobs with one key that have not begun the later replaces the earlier. */
  readonly key?: string;
  /** Smaller comes first; default: 0. */
  readonly priority?: number;
}

export async function addJob<Payload extends object>(
  tx: Kysely<DB>,
  { name, attemptsMax, queue }: TaskKind<Payload>,
  payload: Payload,
  options: JobOptions = {},
): Promise<void> {
  await sql`
    select graphile_worker.add_job(
      identifier => ${name}, payload => ${JSON.stringify(payload)}::json, max_attempts => ${attemptsMax}::int,
      run_at => ${options.runAt ?? null}::timestamptz, job_key => ${options.key ?? null},
      queue_name => ${queue ?? null}, priority => ${options.priority ?? null}::int)`.execute(tx);
}

/** Takes a job back that waits. One that runs goes on, and is not tried again. */
export async function removeJob(tx: Kysely<DB>, key: string): Promise<void> {
  await sql`select graphile_worker.remove_job(${key})`.execute(tx);
}
