/** How a campaign grows by itself: as managers say it, and as it is stored. */
import { z } from "@hono/zod-openapi";
import { type CodePattern, normalizeCode } from "../domain/codes.ts";
import { patternSchema } from "../vouchers/schemas.ts";

export const lowStockSchema = z.int().min(0).max(1_000_000).openapi({
  description: "The event campaign.low_stock comes once, when no more vouchers than this can still be handed out.",
});

export const autoGrowSchema = z
  .strictObject({
    below: z.int().min(1).max(1_000_000).openapi({ description: "A batch is ordered when fewer than this are left." }),
    size: z.int().min(1).max(1_000_000).openapi({ description: "Vouchers of one batch." }),
    pattern: patternSchema,
    max: z.int().min(1).max(100_000_000).optional().openapi({
      description: "All that growing may ever make. Absent: no end.",
    }),
  })
  .openapi("AutoGrow");
export type AutoGrow = Omit<z.infer<typeof autoGrowSchema>, "pattern"> & { readonly pattern: CodePattern };

/** Null: it does not grow. Affixes in the one spelling that look-up uses. */
export function parseAutoGrow(stored: unknown): AutoGrow | null {
  if (stored === null || stored === undefined) return null;
  const { pattern, ...rest } = autoGrowSchema.parse(stored);
  const { prefix, suffix, charset, length } = pattern;
  return {
    ...rest,
    pattern: {
      charset,
      length,
      ...(prefix !== undefined && { prefix: normalizeCode(prefix) ?? prefix }),
      ...(suffix !== undefined && { suffix: normalizeCode(suffix) ?? suffix }),
    },
  };
}
