import { randomBytes } from "node:crypto";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";

const name = "session_cookie";

/**
 * The key that signs session cookies, the same for every process of this database. The first one to need it makes it:
 * whoever loses that race reads the winner's.
 */
export async function sessionSecret(db: Kysely<DB>): Promise<Buffer> {
  await db
    .insertInto("server_secret")
    .values({ name, value: randomBytes(32) })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  const row = await db.selectFrom("server_secret").select("value").where("name", "=", name).executeTakeFirstOrThrow();
  return row.value;
}
