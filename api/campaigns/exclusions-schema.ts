/** Products a campaign never discounts, on the wire and in storage, and as decisions use them. */
import { z } from "@hono/zod-openapi";
import type { Exclusions } from "../domain/facts.ts";

const names = z.array(z.string().min(1).max(200)).max(500).optional();

export const exclusionsSchema = z
  .strictObject({ skus: names, product_ids: names, categories: names })
  .openapi("Exclusions", { description: "Lines that rewards do not see: any one match is enough." });

/** @throws ZodError when the stored value is not one this version understands. */
export function parseStoredExclusions(stored: unknown): Exclusions {
  const exclusions = exclusionsSchema.parse(stored);
  return {
    ...(exclusions.skus !== undefined && { skus: exclusions.skus }),
    ...(exclusions.product_ids !== undefined && { productIds: exclusions.product_ids }),
    ...(exclusions.categories !== undefined && { categories: exclusions.categories }),
  };
}
