/** Customers for their list, from the wide table: any number of them, some at a time. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { type Fault, Problem } from "../http/problem.ts";

const listMax = 50;
/** Beyond it one searches or narrows instead of paging on. */
const offsetMax = 10_000;
const rfmSegments = ["champions", "loyal", "new", "promising", "at risk", "lost", "no orders"] as const;
const orders = ["orders_amount", "last_seen_at", "redemptions_count", "discount_amount", "rejections_count"] as const;

const listQuery = z.object({
  search: z.string().max(200).default(""),
  /** An RFM segment by its name, or one of the project's segments by its id. */
  segment: z.string().max(200).default(""),
  order: z.enum(orders).default("orders_amount"),
  offset: z.coerce.number().int().min(0).max(offsetMax).default(0),
});

type CustomerQuery = z.output<typeof listQuery>;

/** @throws Problem 400 naming the parameter. */
export function parseCustomerQuery(query: Readonly<Record<string, string>>): CustomerQuery {
  const parsed = listQuery.safeParse(query);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(
    (issue): Fault => ({ in: "query", pointer: `/${issue.path.join("/")}`, detail: issue.message }),
  );
  throw new Problem("invalid_request", "The list's filters are not valid.", { errors });
}

const listRow = z.object({
  customer: z.string(),
  name: z.string(),
  currency: z.string(),
  rfm_segment: z.string(),
  orders_count: z.int(),
  orders_amount: z.int(),
  redemptions_count: z.int(),
  discount_amount: z.int(),
  discounted_orders_share: z.number().nullable(),
  rejections_count: z.int(),
  last_seen_at: z.string(),
});

const countRow = z.object({ total: z.int() });
const nameRow = z.object({ name: z.string() });

const settings = {
  max_execution_time: 10,
  date_time_output_format: "iso",
  output_format_json_quote_64bit_integers: 0,
} as const;

/** With a search, those whose identifier or name contains it, in any case. Amounts of other currencies are not compared. */
export async function listCustomers(warehouse: ClickHouseClient, projectId: string, asked: CustomerQuery) {
  const { search, segment, order, offset } = asked;
  const isRfm = rfmSegments.some((name) => name === segment);
  const wanted = [
    "project_id = {project: String}",
    ...(search === ""
      ? []
      : [
          `(positionCaseInsensitiveUTF8(customer, {search: String}) > 0
            OR positionCaseInsensitiveUTF8(name, {search: String}) > 0)`,
        ]),
    ...(segment === "" ? [] : [isRfm ? "rfm_segment = {segment: String}" : `customer IN (${membersQuery})`]),
  ].join(" AND ");
  const parameters = { project: projectId, search: search.trim(), segment };
  async function ask(query: string): Promise<unknown[]> {
    const result = await warehouse.query({
      query,
      query_params: parameters,
      format: "JSONEachRow",
      clickhouse_settings: settings,
    });
    return result.json();
  }
  const [rows, counted, named] = await Promise.all([
    ask(`
      SELECT ${Object.keys(listRow.shape).join(", ")}
      FROM customers_rfm
      WHERE ${wanted}
      ORDER BY ${order} DESC, redemptions_count DESC, last_seen_at DESC, customer
      LIMIT ${listMax} OFFSET ${offset}`),
    ask(`SELECT toInt64(count()) AS total FROM customers_rfm WHERE ${wanted}`),
    segment === "" || isRfm
      ? []
      : ask(`
          SELECT segment_name AS name FROM segment_members
          WHERE project_id = {project: String} AND segment_id = {segment: String} LIMIT 1`),
  ]);
  return {
    data: z.array(listRow).parse(rows),
    total: z.array(countRow).parse(counted)[0]?.total ?? 0,
    segment_name: isRfm ? segment : (z.array(nameRow).parse(named)[0]?.name ?? null),
  };
}

const membersQuery = `
  SELECT customer FROM segment_members
  WHERE project_id = {project: String} AND segment_id = {segment: String} AND member = 1`;
