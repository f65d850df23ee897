/** How often codes were handed out and used, by campaign, by main campaign and by template. */
import { type Kysely, sql } from "kysely";
import { LRUCache } from "lru-cache";
import type { DB } from "../db/tables.ts";

export interface Counts {
  readonly publications: number;
  readonly redemptions: number;
}

/** Publications so far by sub-campaign and by the main campaign above them, and what all campaigns of a template sum to. */
export interface PublicationCounts {
  readonly byCampaign: ReadonlyMap<string, number>;
  readonly byMain: ReadonlyMap<string, number>;
  readonly byTemplate: ReadonlyMap<string, Counts>;
}

interface PublicationRow {
  readonly campaign_id: string;
  readonly main_id: string;
  readonly published: number;
}

/**
 * Counted from `publication_by_campaign`: exact, and linear in the publications of the project. Requests take
 * `recentPublications`, and the templates as `measure.ts` last counted them.
 */
export async function countPublications(
  db: Kysely<DB>,
  projectId: string,
  mainIds: readonly string[],
): Promise<PublicationCounts> {
  const result = await sql<{ template: string; publications: number; redemptions: number }>`
    select s.template,
      sum((select count(*) from publication p where p.project_id = s.project_id and p.campaign_id = s.id))::bigint
        as publications,
      coalesce(sum(u.redemptions_count), 0)::bigint as redemptions
    from campaign s
    left join campaign_usage u on u.project_id = s.project_id and u.campaign_id = s.id
    where s.project_id = ${projectId} and s.type = 'sub'
    group by s.template
  `.execute(db);
  const byTemplate = new Map(result.rows.map(({ template, ...counts }) => [template, counts]));
  return { ...summed(await publicationRows(db, projectId, mainIds)), byTemplate };
}

/** A rate over thousands of publications does not move in a minute: one count a minute and process is enough. */
const recent = new LRUCache<string, readonly PublicationRow[]>({ max: 5_000, ttl: 60_000 });

/** Of each main campaign up to a minute old. */
export async function recentPublications(
  db: Kysely<DB>,
  projectId: string,
  mainIds: readonly string[],
): Promise<Omit<PublicationCounts, "byTemplate">> {
  const known = new Map(mainIds.map((id) => [id, recent.get(`${projectId} ${id}`)]));
  const missing = [...known].filter(([, rows]) => rows === undefined).map(([id]) => id);
  const counted = missing.length === 0 ? [] : await publicationRows(db, projectId, missing);
  for (const id of missing) {
    recent.set(
      `${projectId} ${id}`,
      counted.filter((row) => row.main_id === id),
    );
  }
  return summed([...counted, ...[...known.values()].flatMap((rows) => rows ?? [])]);
}

async function publicationRows(db: Kysely<DB>, projectId: string, mainIds: readonly string[]) {
  const result = await sql<PublicationRow>`
    select s.id as campaign_id, s.parent_id as main_id, count(*) as published
    from campaign s
    join publication p on p.project_id = s.project_id and p.campaign_id = s.id
    where s.project_id = ${projectId} and s.parent_id = any(${[...mainIds]}::text[])
    group by s.id, s.parent_id
  `.execute(db);
  return result.rows;
}

function summed(rows: readonly PublicationRow[]): Omit<PublicationCounts, "byTemplate"> {
  const byMain = new Map<string, number>();
  for (const row of rows) byMain.set(row.main_id, (byMain.get(row.main_id) ?? 0) + row.published);
  return { byCampaign: new Map(rows.map((row) => [row.campaign_id, row.published])), byMain };
}
