/** The instant that a request may choose to be decided at. */
import type { Context } from "hono";
import type { AppEnv } from "../http/environment.ts";
import { invalid } from "../http/problem.ts";

/** Null decides at the database's clock: without the scope import nobody chooses. @throws Problem for the future. */
export function decideAt(c: Context<AppEnv>, at: string | undefined): string | null {
  if (at === undefined || !c.var.auth.scopes.includes("import")) return null;
  if (Date.parse(at) > Date.now()) throw invalid("/at", "A redemption cannot be in the future.");
  return at;
}
