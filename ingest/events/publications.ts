/** What becomes of codes that are handed out: `voucher.published` begins it, where it is a voucher. */
import { z } from "zod";
import { customerIdentifier, instant } from "./parts.ts";

const publicationEvent = z.object({
  publication_id: z.string(),
  /** Null for a code of a pool. */
  campaign_id: z.string().nullable(),
  pool_id: z.string().nullable(),
  customer: customerIdentifier,
  channel: z.string(),
  delivery_id: z.string().nullable(),
});

const count = z.int().min(0);

export const publicationPayloads = {
  /** A third party's code was handed out. What it is stays in Postgres. */
  "pool_code.published": publicationEvent,
  /** A message that brings it was ordered. */
  "publication.queued": publicationEvent,
  "publication.delivered": publicationEvent,
  /** It did not arrive, and its code can be handed out again. */
  "publication.returned": publicationEvent.extend({
    reason: z.string(),
    voucher_id: z.string().nullish(),
    /** Until when the voucher is good again; null for ever. */
    expires_at: instant.nullish(),
  }),
  /** It did not arrive, or nobody knows, and its code stays the customer's: it was used, or may have been read. */
  "publication.failed": publicationEvent.extend({ reason: z.string() }),
  "publication_job.finished": z.object({
    job_id: z.string(),
    campaign_id: z.string(),
    status: z.enum(["done", "cancelled", "failed"]),
    total: count,
    published: count,
    skipped: z.record(z.string(), count),
    /** Rows of the file that could not be read. */
    failed: count,
  }),
  /** Vouchers of the campaign that can be handed out are running out. Once, until there are more again. */
  "campaign.low_stock": z.object({ campaign_id: z.string(), name: z.string(), left: count, low_stock: count }),
} as const;
