/** What becomes of outgoing subscriptions. What they are sent is no event: it would be sent again. */
import { z } from "zod";
import { instant } from "./parts.ts";

export const subscriptionPayloads = {
  /** By the service, not by hand; at most once until it is enabled again. Without the URL, which may hold a secret. */
  "event_subscription.disabled": z.object({
    subscription_id: z.string(),
    description: z.string().nullable(),
    /** failing: for five days. gone: the receiver answered 410. backlog: more waits than is kept. */
    because: z.enum(["failing", "gone", "backlog"]),
    failing_since: instant.nullable(),
  }),
} as const;
