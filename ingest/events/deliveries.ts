/** What became of a message to a customer. */
import { z } from "zod";
import { customerIdentifier } from "./parts.ts";

const deliveryEvent = z.object({
  delivery_id: z.string(),
  channel_id: z.string(),
  channel_kind: z.string(),
  template_id: z.string(),
  customer: customerIdentifier,
  /** The voucher that it brings, where it brings one. */
  publication_id: z.string().nullable(),
  workflow_run_id: z.string().nullable(),
  campaign_id: z.string().nullable(),
  /** A stable key; null where there is nothing to say. */
  reason: z.string().nullable(),
});

export const deliveryPayloads = {
  "delivery.queued": deliveryEvent,
  /** Accepted by the provider, at most once. */
  "delivery.sent": deliveryEvent,
  /** Given up. With the reason `may_have_arrived` nobody knows: what it brought must not be given to somebody else. */
  "delivery.failed": deliveryEvent,
  /** Not sent: the customer does not want it, or cannot be reached. */
  "delivery.skipped": deliveryEvent,
  /** The address cannot be reached, and is not written to again. May come after `delivery.sent`. */
  "delivery.bounced": deliveryEvent,
} as const;
