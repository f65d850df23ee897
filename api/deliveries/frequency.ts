import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";

export interface Counted {
  /** Absent: of all channels. */
  readonly channelId?: string;
  /** Absent: both. */
  readonly purpose?: "marketing" | "transactional";
  readonly exceptId?: string;
}

/**
 * How often a customer was written to since `since`: what was sent or is on its way, not what was skipped, failed or
 * bounced. From the index `delivery_by_customer` alone.
 */
export async function countDeliveries(
  db: Kysely<DB>,
  projectId: string,
  customerId: string,
  since: Date,
  { channelId, purpose, exceptId }: Counted = {},
): Promise<number> {
  const { count } = await db
    .selectFrom("delivery")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("project_id", "=", projectId)
    .where("customer_id", "=", customerId)
    .where("created_at", ">", since)
    .where("status", "in", ["queued", "sending", "sent"])
    .$if(channelId !== undefined, (q) => q.where("channel_id", "=", channelId ?? ""))
    .$if(purpose !== undefined, (q) => q.where("purpose", "=", purpose ?? "marketing"))
    .$if(exceptId !== undefined, (q) => q.where("id", "<>", exceptId ?? ""))
    .executeTakeFirstOrThrow();
  return count;
}
