/**
 * Takes a person out of the online store: their own state goes, and they are no counterpart of a device or a card any
 * more. What others did with those stays.
 */
import type pg from "pg";
import { consumerLocks } from "../../ingest/locks.ts";
import { encodeState, tryDecodeState } from "../../models/features/signals/codec.ts";
import { shopperOf } from "../../models/features/signals/sighting.ts";
import { emptyState, forgetCounterpart } from "../../models/features/signals/state.ts";
import { signalsConsumer } from "./follow.ts";
import { projectKey, secretName } from "./secret.ts";
import { hashSubject } from "./subjects.ts";

const chunkRows = 200;

/**
 * Run it when the outbox no longer names the person: else a row that waits would bring them back.
 *
 * @param transaction runs its work in one, with the time that a walk along all states of a project takes.
 * @returns rows changed or deleted; the same again finds none.
 */
export async function forgetSignals(
  client: pg.ClientBase,
  transaction: <T>(work: () => Promise<T>) => Promise<T>,
  projectId: string,
  identifier: string,
): Promise<number> {
  const secret = await client.query<{ value: Buffer }>("select value from server_secret where name = $1", [secretName]);
  const value = secret.rows[0]?.value;
  // Nothing was ever hashed.
  if (value === undefined) return 0;
  const customer = hashSubject(projectKey(value, projectId), "customer", identifier);
  const id = shopperOf({ customer }) ?? "";
  const found = await transaction(() =>
    client.query<{ kind: string; subject: string }>(
      `select kind, subject from signal_state
       where project_id = $1 and (kind = 'customer' and subject = $2 or kind = 'habit' and starts_with(subject, $2 || '/') or strpos(state, $3) > 0)`,
      [projectId, customer, JSON.stringify(id)],
    ),
  );
  let changed = 0;
  for (let at = 0; at < found.rows.length; at += chunkRows) {
    const chunk = found.rows.slice(at, at + chunkRows);
    changed += await transaction(() => forgetIn(client, projectId, customer, id, chunk));
  }
  return changed;
}

/** While the consumer stands: it writes states back as it has read them. */
async function forgetIn(
  client: pg.ClientBase,
  projectId: string,
  customer: string,
  id: string,
  keys: readonly { readonly kind: string; readonly subject: string }[],
): Promise<number> {
  await client.query("select pg_advisory_xact_lock($1::int, hashtext($2))", [consumerLocks, signalsConsumer]);
  const gone = await client.query(
    `delete from signal_state s using unnest($2::text[], $3::text[]) as k(kind, subject)
     where s.project_id = $1 and s.kind = k.kind and s.subject = k.subject
       and (s.kind = 'customer' and s.subject = $4 or s.kind = 'habit' and starts_with(s.subject, $4 || '/'))`,
    [projectId, keys.map(({ kind }) => kind), keys.map(({ subject }) => subject), customer],
  );
  const { rows } = await client.query<{ kind: string; subject: string; state: string }>(
    `select s.kind, s.subject, s.state from signal_state s
     join unnest($2::text[], $3::text[]) as k(kind, subject) on k.kind = s.kind and k.subject = s.subject
     where s.project_id = $1`,
    [projectId, keys.map(({ kind }) => kind), keys.map(({ subject }) => subject)],
  );
  const fresh = rows.flatMap((row) => {
    const state = tryDecodeState(row.state);
    // What cannot be read names the person, too: nothing is kept of it.
    if (state === undefined) return [{ ...row, state: encodeState(emptyState()) }];
    return forgetCounterpart(state, id) ? [{ ...row, state: encodeState(state) }] : [];
  });
  await client.query(
    `update signal_state s set state = k.state from unnest($2::text[], $3::text[], $4::text[]) as k(kind, subject, state)
     where s.project_id = $1 and s.kind = k.kind and s.subject = k.subject`,
    [projectId, fresh.map((row) => row.kind), fresh.map((row) => row.subject), fresh.map((row) => row.state)],
  );
  return (gone.rowCount ?? 0) + fresh.length;
}
