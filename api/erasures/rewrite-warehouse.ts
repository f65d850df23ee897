/**
 * Takes a person out of the warehouse. The customer is part of the sort key, so rows cannot be changed: they are copied
 * under the pseudonym, with the same event ids and figures, and then removed. Between the two the marts count them
 * twice, for as long as a delete takes; a crash in between is repaired by the same call again, as copies are equal and
 * collapse. Run it under `warehouseRewriteLock`.
 */
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import { z } from "zod";
import { forgetCustomers } from "../../warehouse/refresh-customers.ts";
import { rowsTable } from "../../warehouse/rows-table.ts";
import { scrubJson } from "./person.ts";
import type { Erased } from "./rewrite-places.ts";

const chunkRows = 2_000;

const stored = z.looseObject({ type: z.string(), payload: z.string(), name: z.string() });

/** @returns events moved. */
export async function rewriteWarehouse(
  warehouse: ClickHouseClient,
  client: pg.ClientBase,
  erased: Erased,
): Promise<number> {
  const { projectId, person, pseudonym } = erased;
  const moved = await copyEvents(warehouse, client, erased);
  if (moved > 0) {
    await verifyCopies(warehouse, erased);
    await warehouse.command({
      query: `DELETE FROM ${await rowsTable(warehouse, "events_raw")}
        WHERE project_id = {project: String} AND customer = {customer: String}`,
      query_params: { project: projectId, customer: person.identifier },
      clickhouse_settings: { lightweight_deletes_sync: "2" },
    });
  }
  await forgetCustomers(warehouse, projectId, [person.identifier, pseudonym]);
  return moved;
}

/** Deleted rows are only hidden until their part is written anew: this writes it, for all erasures since the last time. */
export async function removeHiddenRows(warehouse: ClickHouseClient): Promise<void> {
  for (const table of [
    ...["events_raw", "customers_wide", "customers_changed", "customer_predictions_raw"],
    ...["account_subjects", "account_clusters"],
  ]) {
    await warehouse.command({
      query: `ALTER TABLE ${await rowsTable(warehouse, table)} APPLY DELETED MASK`,
      clickhouse_settings: { mutations_sync: "2" },
    });
  }
}

async function copyEvents(
  warehouse: ClickHouseClient,
  client: pg.ClientBase,
  { projectId, person, pseudonym }: Erased,
): Promise<number> {
  const result = await warehouse.query({
    query: `SELECT * FROM events_raw WHERE project_id = {project: String} AND customer = {customer: String}
            LIMIT 1 BY event_id`,
    query_params: { project: projectId, customer: person.identifier },
    format: "JSONEachRow",
    clickhouse_settings: {
      // Numbers beyond 2^53 survive as text.
      output_format_json_quote_64bit_integers: 1,
      date_time_output_format: "iso",
      max_execution_time: 600,
    },
  });
  let moved = 0;
  let chunk: z.output<typeof stored>[] = [];
  const send = async () => {
    if (chunk.length === 0) return;
    const payloads = await asStoredByPostgres(
      client,
      chunk.map((row) => row.payload),
    );
    await warehouse.insert({
      table: "events_raw",
      values: chunk.map((row, at) => ({ ...row, payload: payloads[at] ?? row.payload })),
      format: "JSONEachRow",
      clickhouse_settings: {
        async_insert: 0,
        // A repeated copy must not be taken for one that was there before rows were removed.
        insert_deduplicate: 0,
        max_partitions_per_insert_block: "0",
        date_time_input_format: "best_effort",
        wait_end_of_query: 1,
      },
    });
    moved += chunk.length;
    chunk = [];
  };
  for await (const rows of result.stream()) {
    for (const row of rows) {
      const event = stored.parse(row.json());
      chunk.push({
        ...event,
        customer: pseudonym,
        name: event.type.startsWith("customer.") ? "" : event.name,
        signals: {},
        payload: scrubJson(event.payload, person, pseudonym),
      });
      if (chunk.length >= chunkRows) await send();
    }
  }
  await send();
  return moved;
}

/** The outbox keeps JSON in a form of its own, and what the warehouse has must be the same to the byte. */
async function asStoredByPostgres(client: pg.ClientBase, payloads: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ payload: string }>(
    "select p.payload::jsonb::text as payload from unnest($1::text[]) with ordinality as p(payload, at) order by p.at",
    [payloads],
  );
  return rows.map((row) => row.payload);
}

const sums = z.object({ events: z.int(), discount: z.string(), total: z.string(), changed: z.string() });

/** @throws Error when the copies do not add up to the originals: nothing is removed then. */
async function verifyCopies(warehouse: ClickHouseClient, { projectId, person, pseudonym }: Erased): Promise<void> {
  const read = async (customer: string) => {
    const result = await warehouse.query({
      query: `
        SELECT count() AS events, toString(sum(discount_amount)) AS discount, toString(sum(total_amount)) AS total,
          toString(sum(changed_by)) AS changed
        FROM
        (
          SELECT event_id, discount_amount, total_amount, changed_by FROM events_raw
          WHERE project_id = {project: String} AND customer = {customer: String} AND event_id IN
            (SELECT event_id FROM events_raw WHERE project_id = {project: String} AND customer = {identifier: String})
          LIMIT 1 BY event_id
        )`,
      query_params: { project: projectId, customer, identifier: person.identifier },
      format: "JSONEachRow",
    });
    const [row] = await result.json();
    return sums.parse(row);
  };
  const [before, after] = [await read(person.identifier), await read(pseudonym)];
  if (JSON.stringify(before) !== JSON.stringify(after))
    throw new Error("the copied events do not add up; nothing was removed");
}
