import type pg from "pg";
import { errorMax, storedColumns } from "../batches.ts";
import type { StoredEvent } from "../rows.ts";

export interface DeadLetterRow {
  readonly xid: string;
  readonly seq: number;
  readonly event_id: string;
  readonly project_id: string;
  readonly type: string;
  readonly error: string;
  readonly failed_at: Date;
}

/** Which dead letters are meant; absent means any. */
export interface Choice {
  readonly eventId?: string | undefined;
  readonly type?: string | undefined;
}

type Position = Pick<DeadLetterRow, "xid" | "seq">;

export async function countByType(client: pg.ClientBase): Promise<{ type: string; count: number; newest: Date }[]> {
  const { rows } = await client.query<{ type: string; count: number; newest: Date }>(
    "select type, count(*)::int as count, max(failed_at) as newest from dead_letter group by type order by type",
  );
  return rows;
}

/** In the order of their positions, from after `after` on. */
export async function listDeadLetters(
  client: pg.ClientBase,
  choice: Choice,
  limit: number,
  after: Position = { xid: "0", seq: -1 },
): Promise<DeadLetterRow[]> {
  const { rows } = await client.query<DeadLetterRow>(
    `select xid::text, seq, event_id, project_id, type, error, failed_at
     from dead_letter
     where ($1::text is null or event_id = $1) and ($2::text is null or type = $2)
       and (xid, seq) > ($4::xid8, $5::bigint)
     order by dead_letter.xid, dead_letter.seq limit $3`,
    [choice.eventId ?? null, choice.type ?? null, limit, after.xid, after.seq],
  );
  return rows;
}

/** The events themselves, as the outbox still holds them. */
export async function readEvents(client: pg.ClientBase, letters: readonly Position[]): Promise<StoredEvent[]> {
  const { rows } = await client.query<StoredEvent>(
    `select ${storedColumns} from outbox
     where (xid, seq) in (select x::xid8, s from unnest($1::text[], $2::bigint[]) as letter (x, s))
     order by outbox.xid, outbox.seq`,
    [letters.map(({ xid }) => xid), letters.map(({ seq }) => seq)],
  );
  return rows;
}

/**
 * They are in the warehouse now. One that lay where the outbox has been emptied long since goes from there too: nobody
 * would come by to delete it, and a comparison would take it for the beginning of what the outbox holds.
 */
export async function removeDelivered(client: pg.ClientBase, letters: readonly Position[]): Promise<void> {
  await client.query(
    `with letter as (select x::xid8 as xid, s as seq from unnest($1::text[], $2::bigint[]) as l (x, s)),
     gone as (
       delete from outbox using letter, outbox_pruned p
       where outbox.xid = letter.xid and outbox.seq = letter.seq
         and (letter.xid, letter.seq) <= (p.upto_xid, p.upto_seq)
     )
     delete from dead_letter using letter where dead_letter.xid = letter.xid and dead_letter.seq = letter.seq`,
    [letters.map(({ xid }) => xid), letters.map(({ seq }) => seq)],
  );
}

export async function updateErrors(
  client: pg.ClientBase,
  failures: readonly (Position & { readonly error: string })[],
): Promise<void> {
  await client.query(
    `update dead_letter set error = failure.error, failed_at = now()
     from unnest($1::text[], $2::bigint[], $3::text[]) as failure (xid, seq, error)
     where dead_letter.xid = failure.xid::xid8 and dead_letter.seq = failure.seq`,
    [
      failures.map(({ xid }) => xid),
      failures.map(({ seq }) => seq),
      failures.map(({ error }) => error.slice(0, errorMax)),
    ],
  );
}
