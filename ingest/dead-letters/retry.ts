/** Delivers dead letters that can be delivered by now: after a correction, or an upgrade. */
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import { resend } from "../resend.ts";
import { whileNotRewritten } from "../session.ts";
import {
  type Choice,
  type DeadLetterRow,
  listDeadLetters,
  readEvents,
  removeDelivered,
  updateErrors,
} from "./queries.ts";

const pageRows = 500;

export interface Retried {
  readonly delivered: number;
  /** With the error of this attempt, which is kept from now on. */
  readonly failed: readonly Pick<DeadLetterRow, "event_id" | "type" | "error">[];
}

/**
 * May run beside a relay and beside itself: rows that come twice are shown once. What ends it in the middle leaves each
 * letter either delivered and gone, or there to be retried.
 *
 * @throws the client's error when ClickHouse stays away.
 */
export async function retryDeadLetters(
  client: pg.ClientBase,
  warehouse: ClickHouseClient,
  choice: Choice,
): Promise<Retried> {
  let delivered = 0;
  const failed: Retried["failed"][number][] = [];
  let after: DeadLetterRow | undefined;
  for (;;) {
    const letters = await listDeadLetters(client, choice, pageRows, after);
    after = letters.at(-1);
    if (after === undefined) return { delivered, failed };
    const failures = await whileNotRewritten(client, () => retryPage(client, warehouse, letters));
    delivered += letters.length - failures.length;
    failed.push(...failures);
  }
}

async function retryPage(
  client: pg.ClientBase,
  warehouse: ClickHouseClient,
  letters: readonly DeadLetterRow[],
): Promise<readonly DeadLetterRow[]> {
  const events = await readEvents(client, letters);
  const errors = new Map((await resend(warehouse, events)).map(({ event, error }) => [placeOf(event), error]));
  const held = new Set(events.map(placeOf));
  const failures: DeadLetterRow[] = [];
  const arrived: DeadLetterRow[] = [];
  for (const letter of letters) {
    const error = held.has(placeOf(letter))
      ? errors.get(placeOf(letter))
      : "the outbox does not hold this event any more";
    if (error === undefined) arrived.push(letter);
    else failures.push({ ...letter, error });
  }
  await removeDelivered(client, arrived);
  await updateErrors(client, failures);
  return failures;
}

function placeOf({ xid, seq }: Pick<DeadLetterRow, "xid" | "seq">): string {
  return `${xid}/${seq}`;
}
