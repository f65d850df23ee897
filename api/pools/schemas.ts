import { z } from "@hono/zod-openapi";
import { instant, metadata, nameOf } from "../http/schemas.ts";

const name = nameOf(200);
const lowStock = z
  .int()
  .min(0)
  .max(1_000_000)
  .openapi({ description: "The event pool.low_stock comes once, when no more codes than this are left." });

export const createPoolBody = z
  .strictObject({ name, low_stock: lowStock.optional(), metadata: metadata.optional() })
  .openapi("NewPool", { example: { name: "Cinema tickets", low_stock: 50 } });
export type PoolInput = z.infer<typeof createPoolBody>;

export const updatePoolBody = z
  .strictObject({ name: name.optional(), low_stock: lowStock.nullable().optional(), metadata: metadata.optional() })
  .openapi("PoolChange", { example: { low_stock: 100 } });
export type PoolChange = z.infer<typeof updatePoolBody>;

export const poolWire = z
  .object({
    id: z.string(),
    name: z.string(),
    size: z.int().openapi({ description: "All codes it ever got." }),
    left: z.int().openapi({ description: "Codes that can still be handed out." }),
    low_stock: z.int().nullable(),
    metadata,
    created_at: instant,
    updated_at: instant,
  })
  .openapi("Pool");
export type PoolWire = z.infer<typeof poolWire>;

export const addedCodesWire = z
  .object({
    received: z.int().openapi({ description: "Rows of the file." }),
    added: z.int(),
    duplicates: z.int().openapi({ description: "Codes that the pool has already, or that came twice." }),
    failed: z.int().openapi({ description: "Rows that could not be read." }),
    errors: z
      .array(z.object({ line: z.int(), field: z.string(), reason: z.string() }))
      .openapi({ description: "Of the first 100 failed rows." }),
  })
  .openapi("AddedPoolCodes");
export type AddedCodesWire = z.infer<typeof addedCodesWire>;
