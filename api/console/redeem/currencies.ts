import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/tables.ts";

const currenciesMax = 30;

/** What the project's campaigns are in, those of most campaigns first. */
export async function currenciesOf(db: Kysely<DB>, projectId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("campaign")
    .select("currency")
    .where("project_id", "=", projectId)
    .groupBy("currency")
    .orderBy(sql`count(*)`, "desc")
    .orderBy("currency")
    .limit(currenciesMax)
    .execute();
  return rows.length === 0 ? ["EUR"] : rows.map((row) => row.currency);
}
