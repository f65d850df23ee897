/** Sets the relay back to a batch, where ClickHouse is older than Postgres: after a restore. */
import type pg from "pg";

/**
 * Everything after batch `number` (null: everything there is) is delivered again from the outbox, which keeps delivered
 * rows for days. What ClickHouse already has it gets twice, and shows once. New batches take other bounds under the
 * same numbers, so their tokens must be new: under an old token ClickHouse would drop them unread.
 *
 * @throws Error when the outbox no longer reaches back to that batch.
 */
export async function rewindRelay(client: pg.ClientBase, number: number | null): Promise<{ batches: number }> {
  await client.query("begin");
  try {
    if (number !== null) {
      const found = await client.query("select from relay_batch where number = $1 and delivered_at is not null", [
        number,
      ]);
      if (found.rowCount === 0) throw new Error(`batch ${number} is not there any more: the outbox was pruned since`);
    }
    const removed = await client.query("delete from relay_batch where number > $1", [number ?? 0]);
    await client.query("update relay_stream set id = gen_random_uuid()::text, created_at = now()");
    await client.query("commit");
    return { batches: removed.rowCount ?? 0 };
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}
