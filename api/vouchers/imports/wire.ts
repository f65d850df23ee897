import { z } from "@hono/zod-openapi";
import { instant } from "../../http/schemas.ts";
import type { ImportRow } from "./queries.ts";

export const importWire = z
  .object({
    id: z.string(),
    kind: z.literal("vouchers"),
    campaign_id: z.string(),
    status: z.enum(["receiving", "running", "done", "failed"]),
    rows_read: z.int().openapi({ description: "Rows of the file, the bad ones included." }),
    imported: z.int(),
    failed: z.int().openapi({ description: "Rows that were left out; the errors say why." }),
    error: z.string().nullable().openapi({ description: "Why the whole import failed." }),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("VoucherImport");

export function importToWire(row: ImportRow): z.infer<typeof importWire> {
  return {
    id: row.id,
    kind: "vouchers",
    campaign_id: row.campaign_id,
    status: row.status,
    rows_read: row.rows_read,
    imported: row.imported,
    failed: row.failed,
    error: row.error,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
