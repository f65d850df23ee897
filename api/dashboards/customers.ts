/** Customers for their page, from the marts: the first few by value. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";

const listMax = 50;

const listRow = z.object({
  customer: z.string(),
  name: z.string(),
  currency: z.string(),
  orders_count: z.int(),
  orders_amount: z.int(),
  redemptions_count: z.int(),
  discount_amount: z.int(),
  rejections_count: z.int(),
  last_seen_at: z.string(),
});

const settings = {
  max_execution_time: 10,
  date_time_output_format: "iso",
  output_format_json_quote_64bit_integers: 0,
} as const;

/** Those who spent most; with a search, of those whose identifier or name contains it, in any case. */
export async function listCustomers(warehouse: ClickHouseClient, projectId: string, search: string) {
  const result = await warehouse.query({
    query: `
      SELECT
        customer, name, currency, orders_count, orders_amount, redemptions_count, discount_amount, rejections_count,
        last_seen_at
      FROM customers
      WHERE project_id = {project: String}
        AND ({search: String} = ''
          OR positionCaseInsensitiveUTF8(customer, {search: String}) > 0
          OR positionCaseInsensitiveUTF8(name, {search: String}) > 0)
      ORDER BY orders_amount DESC, redemptions_count DESC, last_seen_at DESC, customer
      LIMIT ${listMax}`,
    query_params: { project: projectId, search },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return z.array(listRow).parse(await result.json());
}
