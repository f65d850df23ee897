/** Many stored events to rows, giving way to others in the process. */
import { setImmediate as yieldToOthers } from "node:timers/promises";
import type { DeadLetter } from "./batches.ts";
import type { Refused } from "./deliver.ts";
import { type EventRow, type StoredEvent, toRow } from "./rows.ts";

/** Rows mapped before others in the process get their turn: some ten milliseconds. */
const mapSlice = 250;

export interface MappedRows {
  readonly rows: EventRow[];
  readonly dead: DeadLetter[];
}

export async function mapRows(stored: readonly StoredEvent[], signal?: AbortSignal): Promise<MappedRows> {
  const rows: EventRow[] = [];
  const dead: DeadLetter[] = [];
  for (let at = 0; at < stored.length; at += mapSlice) {
    for (const event of stored.slice(at, at + mapSlice)) {
      const mapped = toRow(event);
      if ("row" in mapped) rows.push(mapped.row);
      else dead.push({ event, error: mapped.error });
    }
    await yieldToOthers(undefined, signal && { signal });
  }
  return { rows, dead };
}

export function toDeadLetter({ row, error }: Refused): DeadLetter {
  return { event: { ...row, xid: row.outbox_xid, seq: row.outbox_seq }, error };
}
