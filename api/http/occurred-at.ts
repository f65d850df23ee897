/** When something happened, as the caller may say it: `api.md`, "Historic time". */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Auth } from "./environment.ts";
import { invalid, Problem } from "./problem.ts";

/** A shop's clock may be this much ahead of ours. */
const skewMs = 60_000;
/** A report may be this late without being history. */
const lateMs = 5 * 60_000;

/** The database's clock at the start of the transaction: one clock for all processes. */
export async function databaseNow(tx: Kysely<DB>): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select now() as now`.execute(tx);
  const row = rows[0];
  if (!row) throw new Error("select now() gave no row");
  return row.now;
}

/**
 * `given`, or `now` without it; never later than `now`.
 *
 * @throws Problem 400 for the future, 403 for history without the scope `import`.
 */
export function occurredAt(auth: Auth, given: string | undefined, now: Date, pointer = "/occurred_at"): Date {
  if (given === undefined) return now;
  const at = new Date(given);
  if (at.getTime() > now.getTime() + skewMs) throw invalid(pointer, "The instant is in the future.");
  if (at.getTime() < now.getTime() - lateMs && !auth.scopes.includes("import")) {
    throw new Problem("scope_missing", "An instant more than 5 minutes ago needs a key with the scope import.", {
      errors: [{ pointer, detail: "Needs the scope import." }],
      extensions: { required_scopes: ["import"] },
    });
  }
  return at > now ? now : at;
}
