import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import { sentWithinDays } from "./schedule.ts";

export interface Counted {
  /** Absent: of all channels. */
  readonly channelId?: string;
  /** Absent: both. */
  readonly purpose?: "marketing" | "transactional";
  readonly exceptId?: string;
}

/**
 * How often a customer was written to since `since`: what was ordered or went out since then, or is going out, and not
 * what was skipped, failed or bounced. What waited for long counts when it goes out: of many that waited together, at a
 * channel that was off, no more go out than may. From the index `delivery_by_customer` alone.
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
    .where("created_at", ">", new Date(since.getTime() - sentWithinDays * 86_400_000))
    .where("status", "in", ["queued", "sending", "sent"])
    .where(sql<boolean>`(created_at > ${since} or sent_at > ${since} or status = 'sending')`)
    .$if(channelId !== undefined, (q) => q.where("channel_id", "=", channelId ?? ""))
    .$if(purpose !== undefined, (q) => q.where("purpose", "=", purpose ?? "marketing"))
    .$if(exceptId !== undefined, (q) => q.where("id", "<>", exceptId ?? ""))
    .executeTakeFirstOrThrow();
  return count;
}
