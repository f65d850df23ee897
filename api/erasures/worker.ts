/** Works on erasures until they are done, in any number of processes; one works at a time. */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { erasureLock } from "../../ingest/locks.ts";
import { tryLock, withSession } from "../../ingest/session.ts";
import { type ErasureStores, erasePass, graceSeconds } from "./erase.ts";
import type { ErasureRow } from "./queries.ts";
import { removeHiddenRows } from "./rewrite-warehouse.ts";

const idleMs = 1_000;
/** Erasures after which the warehouse's files are written anew: that costs the same for one and for many. */
const roundMax = 50;
const againSeconds = { first: 5, most: 600 };

export async function runErasures(deps: ErasureStores & { readonly log: Logger }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const worked = await withSession(deps.pool, async (client) =>
      (await tryLock(client, erasureLock)) ? eraseRound(deps, signal) : 0,
    );
    if (worked === 0) await delay(idleMs, undefined, { signal }).catch(() => undefined);
  }
}

/** One pass of each erasure that is due. @returns how many were due. */
export async function eraseRound(
  deps: ErasureStores & { readonly log: Logger },
  signal: AbortSignal,
  grace = graceSeconds,
): Promise<number> {
  const { rows } = await deps.pool.query<ErasureRow>(
    "select * from erasure where status = 'running' and due_at <= now() order by due_at limit $1",
    [roundMax],
  );
  const finished: ErasureRow[] = [];
  for (const erasure of rows) {
    if (signal.aborted) break;
    try {
      if (await erasePass(deps, erasure, grace)) finished.push(erasure);
      else await postpone(deps, erasure, grace);
    } catch (error) {
      await putOff(deps, erasure, error);
    }
  }
  if (finished.length > 0) {
    await removeHiddenRows(deps.warehouse);
    for (const erasure of finished) await finish(deps, erasure);
  }
  return rows.length;
}

async function finish({ pool, log }: ErasureStores & { readonly log: Logger }, { project_id, id }: ErasureRow) {
  await pool.query(
    "update erasure set status = 'done', person = null, done_at = now() where project_id = $1 and id = $2",
    [project_id, id],
  );
  log.info({ project_id, erasure_id: id }, "erased a customer");
}

async function postpone({ pool }: ErasureStores, { project_id, id }: ErasureRow, grace: number): Promise<void> {
  await pool.query(
    `update erasure set due_at = renamed_at + make_interval(secs => $3) where project_id = $1 and id = $2`,
    [project_id, id, grace],
  );
}

/** What a store says may quote what it was asked with: the log gets the kind of failure, and so does the answer. */
async function putOff(
  { pool, log }: ErasureStores & { readonly log: Logger },
  { project_id, id }: ErasureRow,
  error: unknown,
): Promise<void> {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  const kind = `${error instanceof Error ? error.name : "Error"} ${code}`.trim();
  log.error({ project_id, erasure_id: id, kind }, "an erasure failed and is tried again");
  await pool.query(
    `update erasure
     set error = $3, passes = passes + 1, due_at = now() + make_interval(secs => least($4 * power(2, least(passes, 10)), $5))
     where project_id = $1 and id = $2`,
    [project_id, id, kind, againSeconds.first, againSeconds.most],
  );
}
