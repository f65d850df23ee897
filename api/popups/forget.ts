import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";

/** Those that nobody will see any more, and nobody asks about. @returns how many went */
export async function forgetOldPopups(db: Kysely<DB>, limit: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from popup_message where ctid = any(array(
      select ctid from popup_message where expires_at < now() - interval '30 days' order by expires_at limit ${limit}))
  `.execute(db);
  return Number(numAffectedRows);
}
