/** Sends the events of a range of time again: along the outbox in chunks, each with its cursor in one transaction. */
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import type { DB } from "../db/tables.ts";
import { addJob } from "../jobs/add-job.ts";
import { type Task, type TaskKind, taskOf } from "../jobs/task.ts";
import { isAskedFor } from "./fan-out.ts";

const replay: TaskKind<{ project_id: string; replay_id: string }> = {
  name: "event_subscriptions.replay",
  payload: z.strictObject({ project_id: z.string(), replay_id: z.string() }),
  attemptsMax: 25,
  // Each walks far along the outbox: several at once would leave no place for the jobs of others.
  queue: "event_subscriptions.replay",
};

const chunkRows = 5_000;
/** Then it goes to the end of the queue: a short replay does not wait for all of a long one. */
const chunksAtOnce = 20;
/** More than that is another replay's: what waits for one receiver is bounded. */
const replayedMax = 100_000;

export function addReplayJob(tx: Kysely<DB>, projectId: string, replayId: string): Promise<void> {
  return addJob(tx, replay, { project_id: projectId, replay_id: replayId });
}

export function replayTask(db: Kysely<DB>): Task {
  return taskOf(replay, async ({ project_id, replay_id }, { signal }) => {
    for (let chunk = 0; chunk < chunksAtOnce; chunk += 1) {
      if ((await replayChunk(db, project_id, replay_id)) === "done") return;
      signal.throwIfAborted();
    }
    await addReplayJob(db, project_id, replay_id);
  });
}

async function replayChunk(db: Kysely<DB>, projectId: string, replayId: string): Promise<"more" | "done"> {
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .selectFrom("event_replay")
      .selectAll()
      .where("project_id", "=", projectId)
      .where("id", "=", replayId)
      .where("status", "=", "running")
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) return "done";
    const { rows } = await sql<{ rows: number; xid: string | null; seq: number | null; found: number }>`
      with walked as materialized (
        select o.xid, o.seq, o.project_id, o.event_id, o.type, o.occurred_at, o.recorded_at, o.payload
        from outbox o
        where (o.xid, o.seq) > (${row.xid}::xid8, ${row.seq}::bigint)
          and o.xid < pg_snapshot_xmin(pg_current_snapshot())
        order by o.xid, o.seq limit ${chunkRows}
      ), again as (
        insert into event_delivery as d
          (project_id, subscription_id, event_id, xid, seq, type, occurred_at, status, next_attempt_at, created_at, updated_at)
        select o.project_id, s.id, o.event_id, o.xid, o.seq, o.type, o.occurred_at, 'waiting', now(), now(), now()
        from walked o
        join event_subscription s on s.project_id = o.project_id and s.id = ${row.subscription_id}
        where o.project_id = ${projectId}
          and o.recorded_at >= ${row.from_at} and o.recorded_at < ${row.to_at}
          and (${row.types}::text[] is null
               or ${row.types}::text[] && array['*', o.type, split_part(o.type, '.', 1) || '.*'])
          and ${isAskedFor}
        -- As settle takes them: of two that take the same rows one waits for the other, and never both.
        order by o.event_id
        on conflict (project_id, subscription_id, event_id) do update
          set status = 'waiting', tries = 0, next_attempt_at = now(), updated_at = now()
          where d.status <> 'sending'
        returning 1
      ), last as (
        select xid, seq from walked order by xid desc, seq desc limit 1
      )
      select (select count(*)::int from walked) as rows, (select xid::text from last) as xid,
             (select seq from last) as seq, (select count(*)::int from again) as found`.execute(tx);
    const chunk = rows[0];
    const found = row.found + (chunk?.found ?? 0);
    const isDone = chunk === undefined || chunk.rows < chunkRows || found >= replayedMax;
    await tx
      .updateTable("event_replay")
      .set({
        xid: chunk?.xid ?? row.xid,
        seq: chunk?.seq ?? row.seq,
        found,
        status: isDone ? "done" : "running",
        updated_at: new Date(),
      })
      .where("project_id", "=", projectId)
      .where("id", "=", replayId)
      .execute();
    return isDone ? "done" : "more";
  });
}
