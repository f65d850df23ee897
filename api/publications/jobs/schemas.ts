/** Publication jobs on the wire. */
import { z } from "@hono/zod-openapi";
import { customerReference, instant, listQuery, nameOf, resourceId } from "../../http/schemas.ts";
import { channelName, deliverSchema } from "../schemas.ts";

const customersMax = 1_000;
const name = nameOf(200);

const target = z
  .strictObject({
    segment_id: resourceId.optional().openapi({ description: "Its members of now; who enters later gets nothing." }),
    customers: z.array(customerReference).min(1).max(customersMax).optional(),
  })
  .refine((given) => (given.segment_id === undefined) !== (given.customers === undefined), {
    error: "give one of segment_id and customers",
  })
  .openapi("PublicationTarget");

export const createJobBody = z
  .strictObject({
    campaign_id: resourceId,
    to: target,
    deliver: deliverSchema.optional(),
    channel: channelName.optional().openapi({ description: "Default: job." }),
    name: name.optional(),
  })
  .openapi("NewPublicationJob", {
    example: {
      campaign_id: "cam_01jz8q6k3nf5vbe5n2yq0x4t7d",
      to: { customers: [{ identifier: "customer-1" }, { identifier: "customer-2" }] },
      name: "Spring",
    },
  });
export type JobInput = z.infer<typeof createJobBody>;

/** What a body says of a job and a file cannot. */
export const importQuery = z.strictObject({
  campaign_id: resourceId,
  name: name.optional(),
  channel: channelName.optional(),
  channel_id: resourceId.optional().openapi({ description: "Together with template_id: sends it as well." }),
  template_id: resourceId.optional(),
});
export type ImportQuery = z.infer<typeof importQuery>;

const jobStatuses = ["running", "paused", "done", "failed", "cancelled"] as const;

export const listJobsQuery = z.strictObject({ ...listQuery, campaign_id: resourceId.optional() });

export const jobWire = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    campaign_id: z.string(),
    segment_id: z.string().nullable(),
    channel: z.string(),
    deliver: z.union([deliverSchema, z.null()]),
    status: z.enum(["receiving", ...jobStatuses]).openapi({
      description:
        "paused: by somebody, or by itself with the error out_of_stock when nothing is left to hand out. failed: see error; it can be resumed. receiving: its file was not read to the end.",
    }),
    total: z
      .int()
      .openapi({ description: "Customers, each once. Those of a segment are counted in the moments after the order." }),
    published: z.int(),
    skipped: z.record(z.string(), z.int()).openapi({
      description: "Customers who got nothing, by reason: in_holdout, customer_blocked, customer_gone.",
      example: { in_holdout: 12 },
    }),
    failed: z.int().openapi({ description: "Rows of the file that could not be read." }),
    faults: z
      .array(z.object({ line: z.int(), reason: z.string() }))
      .openapi({ description: "Which, the first 100 of them." }),
    error: z.string().nullable().openapi({
      description:
        "out_of_stock, or why it failed: campaign_archived, campaign_ended, campaign_unknown, segment_unknown, segment_too_large, or internal after ten failures in a row.",
    }),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("PublicationJob");
export type JobWire = z.infer<typeof jobWire>;
