/**
 * Whose steps come first: of a project that begins many runs at once only the first of each minute stand in line with
 * everybody's, the others behind. However many one begins, another's few do not wait for them. A run keeps its place in
 * all of its steps, for those who began together come due together.
 */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import { firstIdOf } from "../ids.ts";

const withinMs = 60_000;
/** How many runs of a minute have the priority 0, 1 and so on together with those before. */
const upto = [10, 100, 1_000];

/** @returns the priority of each run that is about to begin, by its project. */
export async function takeTurns(tx: Kysely<DB>, projectIds: readonly string[]): Promise<number[]> {
  const begun = await countBegun(tx, [...new Set(projectIds)]);
  return projectIds.map((projectId) => {
    const before = begun.get(projectId) ?? 0;
    begun.set(projectId, before + 1);
    return upto.filter((count) => before >= count).length;
  });
}

/** In the last minute, as far as it matters. Ids say when they were made. */
async function countBegun(tx: Kysely<DB>, projectIds: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await sql<{ project_id: string; count: number }>`
    select p.id as project_id, count(r.id)::int as count
    from unnest(${projectIds}::text[]) p(id)
    cross join lateral (
      select id from workflow_run
      where project_id = p.id and id >= ${firstIdOf("wfr", new Date(Date.now() - withinMs))}
      limit ${upto.at(-1)}) r
    group by p.id`.execute(tx);
  return new Map(rows.map(({ project_id, count }) => [project_id, count]));
}
