/** Takes a person out of the outbox: what was delivered and is kept, what waits, and what was given up. */
import type pg from "pg";
import { marksOf, mentions, scrubJson } from "./person.ts";
import { type Erased, transaction } from "./rewrite-places.ts";

const chunkRows = 500;

/**
 * Whoever delivers must not have read the rows before: hold `warehouseRewriteLock`, or rewrite only what is delivered.
 *
 * @param waiting only what is not delivered yet, or everything.
 * @returns rows changed.
 */
export async function rewriteOutbox(client: pg.ClientBase, erased: Erased, waiting: boolean): Promise<number> {
  const { projectId, person, pseudonym } = erased;
  const delivered = `(o.xid, o.seq) <= (
    select upto_xid, upto_seq from relay_batch where delivered_at is not null order by number desc limit 1)`;
  const found = await transaction(client, () =>
    client.query<{ xid: string; seq: number }>(
      `select o.xid::text, o.seq from outbox o
       where o.project_id = $1 and coalesce(${delivered}, false) is ${waiting ? "false" : "true"}
         and exists (select from unnest($2::text[]) mark where strpos(lower(o.payload::text), lower(mark)) > 0)`,
      [projectId, marksOf(person)],
    ),
  );
  let changed = 0;
  for (let at = 0; at < found.rows.length; at += chunkRows) {
    const chunk = found.rows.slice(at, at + chunkRows);
    changed += await transaction(client, async () => {
      const { rows } = await client.query<{ xid: string; seq: number; payload: string }>(
        `select o.xid::text, o.seq, o.payload::text from outbox o
         join unnest($1::text[], $2::bigint[]) as k(xid, seq) on o.xid = k.xid::xid8 and o.seq = k.seq`,
        [chunk.map((row) => row.xid), chunk.map((row) => row.seq)],
      );
      const fresh = rows
        .filter((row) => mentions(JSON.parse(row.payload), person))
        .map((row) => ({ ...row, scrubbed: scrubJson(row.payload, person, pseudonym) }))
        .filter((row) => row.scrubbed !== JSON.stringify(JSON.parse(row.payload)));
      await client.query(
        `update outbox o set payload = k.payload::jsonb
         from unnest($1::text[], $2::bigint[], $3::text[]) as k(xid, seq, payload)
         where o.xid = k.xid::xid8 and o.seq = k.seq`,
        [fresh.map((row) => row.xid), fresh.map((row) => row.seq), fresh.map((row) => row.scrubbed)],
      );
      return fresh.length;
    });
  }
  return changed;
}
