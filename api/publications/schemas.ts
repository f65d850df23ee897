/** Publications on the wire. */
import { z } from "@hono/zod-openapi";
import { customerReference, externalId, instant, resourceId, typedCode } from "../http/schemas.ts";

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

export const deliverSchema = z
  .strictObject({ channel_id: resourceId, template_id: resourceId })
  .openapi("DeliverBy", { description: "Sends it as well. What does not arrive is taken back." });

export const channelName = z.string().min(1).max(100);

const sources = ["campaign_id", "code", "pool_id"] as const;

export const createPublicationBody = z
  .strictObject({
    campaign_id: resourceId.optional().openapi({ description: "A voucher of this sub-campaign, whichever is free." }),
    code: typedCode.optional().openapi({ description: "This voucher." }),
    pool_id: resourceId.optional().openapi({ description: "A third party's code out of this pool." }),
    customer: customerReference,
    source_id: externalId.optional().openapi({ description: "The same id publishes once." }),
    channel: channelName.optional().openapi({ description: "Default: api." }),
    deliver: deliverSchema.optional(),
  })
  .superRefine((given, context) => {
    if (sources.filter((source) => given[source] !== undefined).length === 1) return;
    context.addIssue({
      code: "custom",
      path: ["campaign_id"],
      message: "give one of campaign_id, code and pool_id",
    });
  })
  .openapi("NewPublicationOf", {
    example: {
      campaign_id: "cam_01jz8q6k3nf5vbe5n2yq0x4t7d",
      customer: { identifier: "customer-1" },
      source_id: "welcome:customer-1",
    },
  });
export type PublicationInput = z.infer<typeof createPublicationBody>;
