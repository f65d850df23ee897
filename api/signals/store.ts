/** The online store's rows. Only the consumer writes them, one process at a time. */
import { type Kysely, sql } from "kysely";
import type { SubjectKind } from "../../models/features/signals/kinds.ts";
import type { DB } from "../db/tables.ts";

export interface StoreKey {
  readonly projectId: string;
  readonly kind: SubjectKind;
  readonly subject: string;
}

/** @returns the states of those that have one, in any order. */
export async function readStates(
  db: Kysely<DB>,
  keys: readonly StoreKey[],
): Promise<(StoreKey & { readonly state: string })[]> {
  const { rows } = await sql<StoreKey & { state: string }>`
    select s.project_id as "projectId", s.kind, s.subject, s.state
    from unnest(${keys.map((key) => key.projectId)}::text[], ${keys.map((key) => key.kind)}::text[],
                ${keys.map((key) => key.subject)}::text[]) as k(project_id, kind, subject)
    cross join lateral (
      select * from signal_state s
      where s.project_id = k.project_id and s.kind = k.kind and s.subject = k.subject offset 0) s`.execute(db);
  return rows;
}

/** One statement for all. */
export async function writeStates(
  db: Kysely<DB>,
  entries: readonly (StoreKey & { readonly state: string })[],
): Promise<void> {
  if (entries.length === 0) return;
  await sql`
    insert into signal_state (project_id, kind, subject, state)
    select * from unnest(
      ${entries.map((entry) => entry.projectId)}::text[], ${entries.map((entry) => entry.kind)}::text[],
      ${entries.map((entry) => entry.subject)}::text[], ${entries.map((entry) => entry.state)}::text[])
    on conflict (project_id, kind, subject) do update set state = excluded.state, seen_at = now()`.execute(db);
}

/** Rows of one statement when old ones are looked for. */
const walkRows = 5_000;

type Place = { readonly project_id: string; readonly kind: string; readonly subject: string };

/** Forgets whom nothing was heard of, by walking along the key. @returns rows deleted */
export async function pruneStates(db: Kysely<DB>, olderThanDays: number, signal?: AbortSignal): Promise<number> {
  let deleted = 0;
  let from: Place | undefined = { project_id: "", kind: "", subject: "" };
  while (from !== undefined && signal?.aborted !== true) {
    const step = await pruneStep(db, from, olderThanDays);
    deleted += step.gone;
    from = step.last;
  }
  return deleted;
}

/** @returns where to go on; undefined at the end. */
async function pruneStep(
  db: Kysely<DB>,
  from: Place,
  days: number,
): Promise<{ readonly gone: number; readonly last: Place | undefined }> {
  const { rows } = await sql<Place & { walked: number; gone: number }>`
    with walk as materialized (
      select project_id, kind, subject, seen_at from signal_state
      where (project_id, kind, subject) > (${from.project_id}, ${from.kind}, ${from.subject})
      order by project_id, kind, subject limit ${walkRows}
    ), gone as (
      delete from signal_state s using walk w
      where s.project_id = w.project_id and s.kind = w.kind and s.subject = w.subject
        and w.seen_at < now() - make_interval(days => ${days})
        -- Asked again of the row as it is when it is locked.
        and s.seen_at < now() - make_interval(days => ${days})
      returning 1
    )
    select w.project_id, w.kind, w.subject, (select count(*)::int from walk) as walked,
           (select count(*)::int from gone) as gone
    from walk w order by w.project_id desc, w.kind desc, w.subject desc limit 1`.execute(db);
  const [last] = rows;
  if (last === undefined) return { gone: 0, last: undefined };
  return { gone: last.gone, last: last.walked === walkRows ? last : undefined };
}
