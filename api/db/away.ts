import pg from "pg";

/** A connection that could not be had, or broke: what Postgres itself says has a SQLSTATE. */
export function wasAway(error: unknown): boolean {
  return error instanceof Error && !(error instanceof pg.DatabaseError);
}
