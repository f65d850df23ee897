/** The SQL of subscriptions to events and of what was sent to them. */
import { type Kysely, type Selectable, sql, type Transaction, type Updateable } from "kysely";
import type { DB } from "../db/tables.ts";

export type SubscriptionRow = Selectable<DB["event_subscription"]>;
export type DeliveryRow = Selectable<DB["event_delivery"]>;

export function insertSubscription(
  tx: Kysely<DB>,
  row: Omit<SubscriptionRow, "disabled_because" | "failing_since" | "secret_before" | "secret_before_until">,
): Promise<SubscriptionRow> {
  return tx.insertInto("event_subscription").values(row).returningAll().executeTakeFirstOrThrow();
}

/** With the row of the project locked, so that two requests do not both take the last place. */
export async function countSubscriptions(tx: Transaction<DB>, projectId: string): Promise<number> {
  await tx.selectFrom("project").select("id").where("id", "=", projectId).forUpdate().execute();
  const row = await tx
    .selectFrom("event_subscription")
    .select((eb) => eb.fn.countAll<number>().as("n"))
    .where("project_id", "=", projectId)
    .executeTakeFirstOrThrow();
  return row.n;
}

export function findSubscription(db: Kysely<DB>, projectId: string, id: string): Promise<SubscriptionRow | undefined> {
  return db
    .selectFrom("event_subscription")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

/** Newest first; `before` is the id of the last one seen. */
export function listSubscriptions(
  db: Kysely<DB>,
  projectId: string,
  page: { readonly before: string | undefined; readonly limit: number },
): Promise<SubscriptionRow[]> {
  return db
    .selectFrom("event_subscription")
    .selectAll()
    .where("project_id", "=", projectId)
    .$if(page.before !== undefined, (query) => query.where("id", "<", page.before ?? ""))
    .orderBy("id", "desc")
    .limit(page.limit)
    .execute();
}

/** Locked until the transaction ends: what is changed is what was looked at. */
export function lockSubscription(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
): Promise<SubscriptionRow | undefined> {
  return tx
    .selectFrom("event_subscription")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
}

export function updateSubscription(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  set: Updateable<DB["event_subscription"]>,
): Promise<SubscriptionRow> {
  return tx
    .updateTable("event_subscription")
    .set(set)
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function deleteSubscriptionRow(tx: Transaction<DB>, projectId: string, id: string): Promise<void> {
  await tx.deleteFrom("event_subscription").where("project_id", "=", projectId).where("id", "=", id).execute();
}

export interface DeliveryFilter {
  readonly status: DeliveryRow["status"] | undefined;
  readonly type: string | undefined;
  readonly from: Date | undefined;
  readonly to: Date | undefined;
}

/** Newest first, on `event_delivery_by_time`; `before` is the sort key of the last one seen. */
export function listDeliveries(
  db: Kysely<DB>,
  projectId: string,
  subscriptionId: string,
  filter: DeliveryFilter,
  page: { readonly before: readonly [number, string] | undefined; readonly limit: number },
): Promise<(DeliveryRow & { readonly sort_at: number })[]> {
  return (
    db
      .selectFrom("event_delivery")
      .selectAll()
      // To the microsecond: as a Date it would be cut, and a row be skipped or shown twice.
      .select(sql<number>`(extract(epoch from created_at) * 1000000)::bigint`.as("sort_at"))
      .where("project_id", "=", projectId)
      .where("subscription_id", "=", subscriptionId)
      .$if(filter.status !== undefined, (query) => query.where("status", "=", filter.status ?? "waiting"))
      .$if(filter.type !== undefined, (query) => query.where("type", "=", filter.type ?? ""))
      .$if(filter.from !== undefined, (query) => query.where("created_at", ">=", filter.from ?? new Date(0)))
      .$if(filter.to !== undefined, (query) => query.where("created_at", "<", filter.to ?? new Date(0)))
      .$if(page.before !== undefined, (query) =>
        query.where(
          sql<boolean>`(created_at, event_id) < (
            timestamptz 'epoch' + ${page.before?.[0] ?? 0}::bigint * interval '1 microsecond', ${page.before?.[1] ?? ""})`,
        ),
      )
      .orderBy("created_at", "desc")
      .orderBy("event_id", "desc")
      .limit(page.limit)
      .execute()
  );
}

export function findDelivery(
  db: Kysely<DB>,
  projectId: string,
  subscriptionId: string,
  eventId: string,
): Promise<DeliveryRow | undefined> {
  return db
    .selectFrom("event_delivery")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("subscription_id", "=", subscriptionId)
    .where("event_id", "=", eventId)
    .executeTakeFirst();
}

/** From the start again, and at once. Undefined while it is being sent: what comes of that is to be seen first. */
export function sendAgain(
  tx: Transaction<DB>,
  projectId: string,
  subscriptionId: string,
  eventId: string,
  at: Date,
): Promise<DeliveryRow | undefined> {
  return tx
    .updateTable("event_delivery")
    .set({ status: "waiting", tries: 0, next_attempt_at: at, updated_at: at })
    .where("project_id", "=", projectId)
    .where("subscription_id", "=", subscriptionId)
    .where("event_id", "=", eventId)
    .where("status", "<>", "sending")
    .returningAll()
    .executeTakeFirst();
}

export function insertReplay(
  tx: Transaction<DB>,
  row: {
    readonly project_id: string;
    readonly id: string;
    readonly subscription_id: string;
    readonly from_at: Date;
    readonly to_at: Date;
    readonly types: string[] | null;
    readonly at: Date;
  },
): Promise<Selectable<DB["event_replay"]>> {
  const { at, ...rest } = row;
  return tx
    .insertInto("event_replay")
    .values({ ...rest, status: "running", created_at: at, updated_at: at })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export function findReplay(db: Kysely<DB>, projectId: string, subscriptionId: string, id: string) {
  return db
    .selectFrom("event_replay")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("subscription_id", "=", subscriptionId)
    .where("id", "=", id)
    .executeTakeFirst();
}

/** One at a time for a subscription: together they could bring more than is kept. */
export async function isReplaying(tx: Transaction<DB>, projectId: string, subscriptionId: string): Promise<boolean> {
  const row = await tx
    .selectFrom("event_replay")
    .select("id")
    .where("project_id", "=", projectId)
    .where("subscription_id", "=", subscriptionId)
    .where("status", "=", "running")
    .executeTakeFirst();
  return row !== undefined;
}
