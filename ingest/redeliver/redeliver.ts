/** Sends what was written down in a range of time once more, for what the warehouse may have lost. */
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import { type DeadLetter, type Position, readHead, storedColumns } from "../batches.ts";
import { resend } from "../resend.ts";
import type { StoredEvent } from "../rows.ts";
import { whileNotRewritten } from "../session.ts";

const pageRows = 2_000;
const pageBytes = 8 * 1024 * 1024;

export interface Range {
  /** By the time at which the service wrote the events down; `to` itself is not in it. */
  readonly from: Date;
  readonly to: Date;
}

export interface Redelivered {
  readonly sent: number;
  /** Rows of the range that cannot be delivered now; in dead letters they stay as they are. */
  readonly failed: readonly DeadLetter[];
  /** Dead letters of the range, which were left alone. */
  readonly deadLetters: number;
  /** Events written down before this instant may be gone from the outbox; undefined when the range begins later. */
  readonly incompleteBefore: Date | undefined;
}

/**
 * What the relay has not sent yet is left to it. May run beside it, and end at any point.
 *
 * @throws the client's error when ClickHouse stays away.
 */
export async function redeliver(
  client: pg.ClientBase,
  warehouse: ClickHouseClient,
  range: Range,
  onProgress: (sent: number) => void = () => undefined,
): Promise<Redelivered> {
  const { upto } = await readDelivered(client);
  let after: Position = { xid: "0", seq: -1 };
  let sent = 0;
  const failed: DeadLetter[] = [];
  for (;;) {
    const page = await whileNotRewritten(client, async () => {
      const stored = await readRange(client, range, after, upto);
      const dead = await resend(warehouse, stored);
      failed.push(...dead);
      sent += stored.length - dead.length;
      return stored;
    });
    const last = page.at(-1);
    if (last === undefined) break;
    after = last;
    onProgress(sent);
  }
  // Asked last: the outbox may have been emptied further while we read it.
  const pruned = await client.query<{ recorded_until: Date }>("select recorded_until from outbox_pruned");
  const [gone] = pruned.rows;
  return {
    sent,
    failed,
    deadLetters: await countDeadLetters(client, range),
    incompleteBefore: gone !== undefined && range.from < gone.recorded_until ? gone.recorded_until : undefined,
  };
}

async function readDelivered(client: pg.ClientBase): Promise<{ upto: Position }> {
  const head = await readHead(client);
  return { upto: head.open?.after ?? head.upto };
}

async function readRange(client: pg.ClientBase, range: Range, after: Position, upto: Position): Promise<StoredEvent[]> {
  const { rows } = await client.query<StoredEvent>(
    `select ${storedColumns}
     from (
       select *, row_number() over positions as place, sum(pg_column_size(payload)) over positions as bytes
       from outbox o
       where (xid, seq) > ($1::xid8, $2::bigint) and (xid, seq) <= ($3::xid8, $4::bigint)
         and recorded_at >= $5 and recorded_at < $6
         and not exists (select from dead_letter d where d.xid = o.xid and d.seq = o.seq)
       window positions as (order by xid, seq)
       order by xid, seq
       limit ${pageRows}
     ) found
     where place = 1 or bytes <= ${pageBytes}
     order by found.xid, found.seq`,
    [after.xid, after.seq, upto.xid, upto.seq, range.from, range.to],
  );
  return rows;
}

async function countDeadLetters(client: pg.ClientBase, range: Range): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::int as count from dead_letter d join outbox o on o.xid = d.xid and o.seq = d.seq
     where o.recorded_at >= $1 and o.recorded_at < $2`,
    [range.from, range.to],
  );
  return rows[0]?.count ?? 0;
}
