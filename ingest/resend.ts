/** Sends rows of the outbox once more, beside the relay: the `events` view shows each once, however often it came. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import type { DeadLetter } from "./batches.ts";
import { deliver } from "./deliver.ts";
import { mapRows, toDeadLetter } from "./map-rows.ts";
import type { StoredEvent } from "./rows.ts";

const attempts = 5;
const firstPauseMs = 200;

/**
 * Under a token of its own: ClickHouse must not take the rows for the batch in which they once came.
 *
 * @returns the rows that cannot be delivered; all others are.
 * @throws the client's error when ClickHouse stayed away: then nobody knows, and sending again is harmless.
 */
export async function resend(warehouse: ClickHouseClient, stored: readonly StoredEvent[]): Promise<DeadLetter[]> {
  const { rows, dead } = await mapRows(stored);
  const token = `resend-${randomUUID()}`;
  for (let attempt = 1; ; attempt++) {
    try {
      const refused = await deliver(warehouse, rows, token, new AbortController().signal);
      return [...dead, ...refused.map(toDeadLetter)];
    } catch (error) {
      if (attempt === attempts || error instanceof ClickHouseError) throw error;
      await pause(firstPauseMs * 2 ** attempt);
    }
  }
}
