import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";

/** A change in bulk, which no trigger sees as one. Call it in a transaction of the request that made it. */
export async function logChange(
  tx: Kysely<DB>,
  change: {
    readonly projectId: string;
    readonly subjectType: "pool";
    readonly subjectId: string;
    readonly action: string;
    readonly after: object;
  },
): Promise<void> {
  await sql`
    select audit(${change.projectId}, ${change.subjectType}, ${change.subjectId}, ${change.action}, null,
                 ${JSON.stringify(change.after)}::jsonb)
  `.execute(tx);
}
