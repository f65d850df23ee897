/** Writes down what came of attempts, many at once, and gives receivers up that only fail. */
import { type Kysely, sql, type Transaction } from "kysely";
import { appendEvents } from "../../ingest/outbox.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import type { Attempted } from "./attempt.ts";
import { isGivenUp, nextAttempt } from "./schedule.ts";

const attemptsKept = 20;

export async function settle(db: Kysely<DB>, attempted: readonly Attempted[], random = Math.random): Promise<void> {
  if (attempted.length === 0) return;
  const rows = attempted.map((one) => ({ one, ...afterwards(one, random()) }));
  await db.transaction().execute(async (tx) => {
    await lockAll(tx, attempted);
    await sql`
      update event_delivery d
      set status = a.status, next_attempt_at = a.next_attempt_at, tries = a.tries, leased_until = null,
          updated_at = greatest(a.at, d.updated_at),
          attempts = jsonb_path_query_array(d.attempts || a.note, ${sql.lit(`$[last - ${attemptsKept - 1} to last]`)})
      from unnest(
        ${rows.map(({ one }) => one.claimed.project_id)}::text[],
        ${rows.map(({ one }) => one.claimed.subscription_id)}::text[],
        ${rows.map(({ one }) => one.claimed.event_id)}::text[],
        ${rows.map(({ one }) => one.claimed.tries)}::int[],
        ${rows.map(({ status }) => status)}::text[],
        ${rows.map(({ next }) => next)}::timestamptz[],
        ${rows.map(({ tries }) => tries)}::int[],
        ${rows.map(({ one }) => one.at)}::timestamptz[],
        ${rows.map(({ one }) => JSON.stringify([one.note]))}::jsonb[]
      ) a (project_id, subscription_id, event_id, claimed_tries, status, next_attempt_at, tries, at, note)
      where d.project_id = a.project_id and d.subscription_id = a.subscription_id and d.event_id = a.event_id
        -- Not of one whose lease ran out, and that somebody else has by now.
        and d.status = 'sending' and d.tries = a.claimed_tries`.execute(tx);
    for (const group of bySubscription(attempted)) await judge(tx, group);
  });
}

/** By their key, as a replay takes them (`replay.ts`); all others pass over what is locked. */
async function lockAll(tx: Transaction<DB>, attempted: readonly Attempted[]): Promise<void> {
  await sql`
    select from event_delivery
    where (project_id, subscription_id, event_id) in (select * from unnest(
      ${attempted.map(({ claimed }) => claimed.project_id)}::text[],
      ${attempted.map(({ claimed }) => claimed.subscription_id)}::text[],
      ${attempted.map(({ claimed }) => claimed.event_id)}::text[]))
    order by project_id, subscription_id, event_id for update`.execute(tx);
}

function afterwards({ result, claimed, at, retryAfterSeconds }: Attempted, random: number) {
  if (result === "delivered") return { status: "delivered", next: at, tries: claimed.tries };
  if (result === "put_back") return { status: "waiting", next: at, tries: claimed.tries - 1 };
  const next = result === "again" ? nextAttempt(claimed.tries, at, random, retryAfterSeconds) : undefined;
  if (next === undefined) return { status: "failed", next: at, tries: claimed.tries };
  return { status: "waiting", next, tries: claimed.tries };
}

function bySubscription(attempted: readonly Attempted[]): Attempted[][] {
  const groups = new Map<string, Attempted[]>();
  for (const one of attempted) {
    const key = `${one.claimed.project_id}/${one.claimed.subscription_id}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  // In one order: two processes that settle at once wait for each other at most.
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** Remembers since when a receiver does nothing but fail. What is our own fault counts neither way. */
async function judge(tx: Transaction<DB>, group: readonly Attempted[]): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  const { project_id: projectId, subscription_id: id } = first.claimed;
  const subscription = tx.updateTable("event_subscription").where("project_id", "=", projectId).where("id", "=", id);
  if (group.some(({ result }) => result === "delivered")) {
    // What began to fail since it was claimed is cleared by the next success.
    if (group.every(({ claimed }) => !claimed.is_failing)) return;
    await subscription.set({ failing_since: null }).where("failing_since", "is not", null).execute();
    return;
  }
  const isTheirs = ({ note }: Attempted) => note.reason !== "secret_unreadable";
  const failures = group.filter((one) => (one.result === "again" || one.result === "gone") && isTheirs(one));
  const at = failures.reduce<Date | undefined>((least, one) => (least && least < one.at ? least : one.at), undefined);
  if (at === undefined) return;
  await subscription.set({ failing_since: at }).where("failing_since", "is", null).execute();
  if (group.some(({ result }) => result === "gone")) return disable(tx, projectId, id, "gone", at);
  const row = await tx
    .selectFrom("event_subscription")
    .select("failing_since")
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
  if (row?.failing_since != null && isGivenUp(row.failing_since, at)) await disable(tx, projectId, id, "failing", at);
}

/** Tells of it once. No loop comes of it: a subscription that is disabled is told nothing, itself included. */
export async function disable(
  tx: Kysely<DB>,
  projectId: string,
  id: string,
  because: "failing" | "gone" | "backlog",
  at: Date,
): Promise<void> {
  const row = await tx
    .updateTable("event_subscription")
    .set({ status: "disabled", disabled_because: because, updated_at: at })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("status", "=", "active")
    .returning(["description", "failing_since"])
    .executeTakeFirst();
  if (row === undefined) return;
  await appendEvents(tx, [
    {
      event_id: newId("evt"),
      project_id: projectId,
      type: "event_subscription.disabled",
      version: 1,
      occurred_at: at.toISOString(),
      payload: {
        subscription_id: id,
        description: row.description,
        because,
        failing_since: row.failing_since?.toISOString() ?? null,
      },
    },
  ]);
}
