import { z } from "@hono/zod-openapi";
import { instant } from "../http/schemas.ts";
import type { ErasureRow } from "./queries.ts";

export const erasureWire = z
  .object({
    id: z.string(),
    status: z.enum(["running", "done"]).openapi({ description: "done: nothing of the person is left in either store" }),
    reason: z.enum(["requested", "retention"]),
    identifier_hash: z.string().openapi({
      description: "A keyed hash of the identifier; all that is kept of it once the erasure is done",
    }),
    counts: z
      .record(z.string(), z.int())
      .openapi({ description: "Rows rewritten or removed so far, by table; `events_raw` is the warehouse's" }),
    error: z.string().nullable().openapi({ description: "Why the last try stopped; it is tried again" }),
    created_at: instant,
    done_at: instant.nullable(),
  })
  .openapi("Erasure");

export function toErasureWire(row: ErasureRow): z.output<typeof erasureWire> {
  return {
    id: row.id,
    status: row.status,
    reason: row.reason,
    identifier_hash: row.identifier_hash.toString("hex"),
    counts: row.counts,
    error: row.error,
    created_at: row.created_at.toISOString(),
    done_at: row.done_at?.toISOString() ?? null,
  };
}
