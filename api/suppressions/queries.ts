import type { Kysely, Selectable } from "kysely";
import type { DB } from "../db/tables.ts";

export type SuppressionRow = Selectable<DB["suppression"]>;

/** Newest first. */
export function listSuppressions(
  db: Kysely<DB>,
  projectId: string,
  page: {
    readonly limit: number;
    readonly before: string | undefined;
    readonly kind: string | undefined;
    readonly hash: Buffer | undefined;
  },
): Promise<SuppressionRow[]> {
  return db
    .selectFrom("suppression")
    .selectAll()
    .where("project_id", "=", projectId)
    .$if(page.kind !== undefined, (q) => q.where("kind", "=", page.kind ?? ""))
    .$if(page.hash !== undefined, (q) => q.where("address_hash", "=", page.hash ?? Buffer.alloc(0)))
    .$if(page.before !== undefined, (q) => q.where("id", "<", page.before ?? ""))
    .orderBy("id", "desc")
    .limit(page.limit)
    .execute();
}

export async function deleteSuppression(tx: Kysely<DB>, projectId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom("suppression")
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}
