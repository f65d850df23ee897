import { z } from "@hono/zod-openapi";
import { instant } from "../http/schemas.ts";
import type { AnyImport } from "./queries.ts";

export const importWire = z
  .object({
    id: z.string(),
    kind: z.enum(["customers", "orders", "events", "redemptions", "vouchers"]),
    campaign_id: z.string().nullable().openapi({ description: "Of an import of vouchers" }),
    format: z.enum(["csv", "ndjson", "parquet"]).nullable(),
    status: z.enum(["receiving", "running", "done", "failed"]),
    rows_read: z.int().openapi({ description: "Rows of the file, the bad ones included; of orders, orders" }),
    imported: z.int(),
    unchanged: z.int().openapi({ description: "Rows that say what was known already" }),
    failed: z.int().openapi({ description: "Rows that were left out; the errors say why" }),
    error: z.string().nullable().openapi({ description: "Why the whole import failed" }),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("Import");

export function importToWire(row: AnyImport): z.infer<typeof importWire> {
  return {
    id: row.id,
    kind: row.kind,
    campaign_id: row.campaign_id,
    format: row.format,
    status: row.status,
    rows_read: row.rows_read,
    imported: row.imported,
    unchanged: row.unchanged,
    failed: row.failed,
    error: row.error,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
