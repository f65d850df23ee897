/** Publications on the wire. */
import { z } from "@hono/zod-openapi";
import { customerReference, instant } from "../http/schemas.ts";

export const publicationStatuses = ["published", "queued", "delivered", "failed"] as const;

export const publicationWire = z
  .object({
    id: z.string(),
    voucher_id: z.string().nullable().openapi({ description: "Null for a code of a pool." }),
    code: z.string(),
    campaign_id: z.string().nullable(),
    pool_id: z.string().nullable(),
    customer: customerReference,
    channel: z.string(),
    source_id: z.string().nullable(),
    status: z.enum(publicationStatuses).openapi({
      description:
        "queued: a delivery is under way. failed: it did not arrive; the code went back unless it was used by then.",
    }),
    reason: z.string().nullable().openapi({ description: "Why it failed." }),
    returned_at: instant.nullable().openapi({ description: "When the code went back to be handed out again." }),
    delivery_id: z.string().nullable(),
    job_id: z.string().nullable(),
    published_at: instant,
  })
  .openapi("Publication");
export type PublicationWire = z.infer<typeof publicationWire>;
