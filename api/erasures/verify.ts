/** Searches every text of both stores for texts that should be nowhere: the proof of an erasure. */
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import { z } from "zod";

export interface Searched {
  readonly store: "postgres" | "clickhouse";
  readonly table: string;
  readonly columns: number;
  /** Rows in which any of the texts stands, as a word of its own, in any case. */
  readonly hits: number;
}

/**
 * The catalogues of both stores say which tables and columns there are, so that none can be forgotten. Rows of the
 * warehouse that are deleted and only hidden still count.
 */
export async function searchStores(
  stores: { readonly pool: pg.Pool; readonly warehouse: ClickHouseClient },
  projectId: string,
  texts: readonly string[],
): Promise<Searched[]> {
  if (texts.length === 0) throw new Error("there is nothing to search for");
  const pattern = patternOf(texts);
  return [
    ...(await searchPostgres(stores.pool, projectId, pattern)),
    ...(await searchClickHouse(stores.warehouse, projectId, pattern)),
  ];
}

/** Understood by both stores. Within JSON a text stands as JSON writes it. */
function patternOf(texts: readonly string[]): string {
  const forms = new Set(texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]));
  const escaped = [...forms].map((form) => form.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return `(^|[^[:alnum:]_])(${escaped.join("|")})($|[^[:alnum:]_])`;
}

async function searchPostgres(pool: pg.Pool, projectId: string, pattern: string): Promise<Searched[]> {
  const client = await pool.connect();
  try {
    await client.query("begin read only");
    await client.query("set local statement_timeout = '30min'");
    const { rows } = await client.query<{ table: string; columns: string[]; tenant: string | null }>(
      `select c.table_name as table,
              array_agg(quote_ident(c.column_name::text)) filter (where c.udt_name in ('text', 'varchar', 'json', 'jsonb', '_text', '_jsonb')) as columns,
              max(c.column_name::text) filter (where c.column_name = 'project_id') as tenant
       from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
       where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
       group by 1 order by 1`,
    );
    const found: Searched[] = [];
    for (const { table, columns, tenant } of rows) {
      if (columns === null) continue;
      const matches = columns.map((column) => `${column}::text ~* $1`).join(" or ");
      const counted = await client.query<{ hits: number }>(
        `select count(*) as hits from ${table} where (${matches}) and ${tenant === null ? "$2::text is not null" : "project_id = $2"}`,
        [pattern, projectId],
      );
      found.push({ store: "postgres", table, columns: columns.length, hits: counted.rows[0]?.hits ?? 0 });
    }
    return found;
  } finally {
    client.release(true);
  }
}

const tableRow = z.object({
  table: z.string(),
  columns: z.array(z.string()),
  arrays: z.array(z.string()),
  tenant: z.int(),
});
const hitsRow = z.object({ hits: z.int() });

async function searchClickHouse(warehouse: ClickHouseClient, projectId: string, pattern: string): Promise<Searched[]> {
  const ask = async <T extends z.ZodType>(query: string, row: T): Promise<z.output<T>[]> => {
    const result = await warehouse.query({
      query,
      query_params: { project: projectId, pattern: `(?i)${pattern}` },
      format: "JSONEachRow",
      clickhouse_settings: { apply_deleted_mask: 0, max_execution_time: 600 },
    });
    return z.array(row).parse(await result.json());
  };
  const tables = await ask(
    `SELECT c.table AS table,
       groupArrayIf(c.name, c.type IN ('String', 'LowCardinality(String)', 'Nullable(String)')) AS columns,
       groupArrayIf(c.name, c.type LIKE 'Array(%String%)') AS arrays,
       toUInt8(countIf(c.name = 'project_id')) AS tenant
     FROM system.columns AS c
     INNER JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
     WHERE c.database = currentDatabase() AND t.engine LIKE '%MergeTree'
     GROUP BY c.table ORDER BY c.table`,
    tableRow,
  );
  const found: Searched[] = [];
  for (const { table, columns, arrays, tenant } of tables) {
    const matches = [
      ...columns.map((name) => `match(ifNull(toString(\`${name}\`), ''), {pattern: String})`),
      ...arrays.map((name) => `match(toString(\`${name}\`), {pattern: String})`),
    ];
    if (matches.length === 0) continue;
    const [row] = await ask(
      `SELECT count() AS hits FROM \`${table}\` WHERE ${tenant ? "project_id = {project: String} AND " : ""}(${matches.join(" OR ")})`,
      hitsRow,
    );
    found.push({ store: "clickhouse", table, columns: matches.length, hits: row?.hits ?? 0 });
  }
  return found;
}
