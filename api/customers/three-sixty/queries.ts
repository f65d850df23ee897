import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/tables.ts";
import { segmentsMax } from "./schema.ts";

interface Segment {
  readonly id: string;
  readonly name: string;
  readonly entered_at: Date;
}

export async function listSegments(db: Kysely<DB>, projectId: string, customerId: string): Promise<Segment[]> {
  const { rows } = await sql<Segment>`
    select s.id, s.name, m.entered_at
    from segment_member m join segment s on s.project_id = m.project_id and s.id = m.segment_id
    where m.project_id = ${projectId} and m.customer_id = ${customerId}
    order by s.name, s.id limit ${segmentsMax}
  `.execute(db);
  return rows;
}

/** Names by id, of those that there are. */
export async function nameCampaigns(
  db: Kysely<DB>,
  projectId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom("campaign")
    .select(["id", "name"])
    .where("project_id", "=", projectId)
    .where("id", "=", sql<string>`any(${ids}::text[])`)
    .execute();
  return new Map(rows.map((row) => [row.id, row.name]));
}
