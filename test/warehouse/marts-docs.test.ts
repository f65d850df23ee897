/** The page of the warehouse tells what the warehouse itself says. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { payloads } from "../../ingest/events/events.ts";
import { readMarts } from "../../warehouse/document-marts.ts";
import { useStores } from "../support/stores.ts";

describe("docs/warehouse.md", () => {
  const stores = useStores();

  it("names every mart with its columns, types and comments, and no other", async () => {
    const result = await stores.warehouse.query({
      query: `SELECT table, name, type, comment FROM system.columns
              WHERE database = currentDatabase() AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View')
                AND table NOT IN {internal: Array(String)}
              ORDER BY table, position`,
      // Made by the files of warehouse/views.
      query_params: {
        internal: ["events", "latest_campaigns", "latest_orders", "shared_subjects", "standing_redemptions"],
      },
      format: "JSONEachRow",
    });
    const column = z.object({ table: z.string(), name: z.string(), type: z.string(), comment: z.string() });
    const there = z.array(column).parse(await result.json());
    const told = (await readMarts())
      .flatMap((mart) => mart.columns.map((column) => ({ table: mart.name, ...column })))
      .sort((a, b) => (a.table < b.table ? -1 : a.table > b.table ? 1 : 0));
    expect(there).toEqual(told);
  });

  it("has a comment on every column of every table, too", async () => {
    const result = await stores.warehouse.query({
      query: `SELECT table, name FROM system.columns
              WHERE database = currentDatabase() AND table IN ('account_subjects', 'account_subjects_changed', 'account_clusters', 'account_clusters_pass', 'events_raw', 'customers_wide', 'customers_wide_pass', 'customers_changed')
                AND comment = '' AND name != 'outbox_seq'`,
      format: "JSONEachRow",
    });
    expect(await result.json()).toEqual([]);
  });

  it("every mart answers for a project that has nothing, and reads nothing of the others for it", async () => {
    await stores.warehouse.command({
      query: `INSERT INTO events_raw (project_id, event_id, type, version, occurred_at, recorded_at, customer, order_id)
              SELECT 'prj_others', toString(number), arrayJoin({types: Array(String)}), 1, toDateTime64('2026-03-01', 3, 'UTC'),
                toDateTime64('2026-03-01', 6, 'UTC'), toString(number), toString(number)
              FROM numbers(2000)`,
      query_params: { types: Object.keys(payloads) },
    });
    for (const { name } of await readMarts()) {
      const result = await stores.warehouse.query({
        query: "SELECT * FROM {mart: Identifier} WHERE project_id = 'prj_nothing'",
        query_params: { mart: name },
        format: "JSON",
      });
      const answer = z
        .object({ rows: z.number(), statistics: z.object({ rows_read: z.number() }) })
        .parse(await result.json());
      // A filter on the project must get past every join, or a tenant pays for all the others.
      expect([name, answer.rows, answer.statistics.rows_read]).toEqual([name, 0, 0]);
    }
  });
});
