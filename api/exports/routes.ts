import { createRoute, z } from "@hono/zod-openapi";
import { LRUCache } from "lru-cache";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { invalid, notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { instant, json, problems } from "../http/schemas.ts";
import { estimateRows, type Mart, readMarts } from "./marts.ts";
import { createSlots } from "./slots.ts";
import { exportFormats, exportStatement } from "./statement.ts";
import { type ExportLimits, streamStatement } from "./stream.ts";

const mediaTypes = {
  arrow: "application/vnd.apache.arrow.stream",
  parquet: "application/vnd.apache.parquet",
  csv: "text/csv; charset=utf-8",
  ndjson: "application/x-ndjson",
} as const;
const fileEndings = { arrow: "arrows", parquet: "parquet", csv: "csv", ndjson: "ndjson" } as const;

const defaultLimits: ExportLimits = { seconds: 120, rows: 10_000_000, bytes: 8 * 1024 ** 3 };
const filtersMax = 10;
const valuesMax = 100;
const estimateMs = 5 * 60_000;

const martWire = z
  .object({
    name: z.string().openapi({ example: "redemptions" }),
    grain: z.string().openapi({ description: "What one row is", example: "a redemption × a code it took" }),
    description: z.string(),
    columns: z.array(
      z.object({
        name: z.string(),
        type: z.string().openapi({ description: "ClickHouse's name of the type" }),
        comment: z.string(),
      }),
    ),
    rows_read_estimate: z.int().min(0).nullable().openapi({
      description:
        "Rows of the warehouse that a download of the whole mart looks at, some minutes old: what it costs, and about what it brings at most. Null where the warehouse cannot say.",
    }),
  })
  .openapi("ExportableMart");

const list = createRoute({
  method: "get",
  path: "/v1/exports",
  tags: ["Exports"],
  summary: "The marts of the warehouse, with their columns",
  ...secured("analytics"),
  responses: {
    200: json(z.object({ as_of: instant, data: z.array(martWire) }), "Every mart that can be exported"),
    ...problems(),
  },
});

const day = z.iso.date();
const boundary = z
  .union([instant, day], "Expected a day such as 2026-11-22, or an instant")
  .openapi({ type: "string", example: "2026-11-01" });

const download = createRoute({
  method: "get",
  path: "/v1/exports/{mart}",
  tags: ["Exports"],
  summary: "A mart of the project as a file",
  description: `Streamed from the warehouse as it is now, never stored. Any other parameter is a filter: a column of the mart and the value it must have, repeated for one of several, e.g. \`campaign_id\` or \`customer\`. Rows come in no particular order.

CSV is RFC 4180 with a header. A text that begins with \`=\`, \`+\`, \`-\`, \`@\`, a tab or a line break gets an apostrophe in front, so that no spreadsheet runs it; numbers stay numbers. Use \`arrow\` (an IPC stream), \`parquet\` or \`ndjson\` for texts exactly as they are.

A download that fails on its way (a limit, an outage) ends with a broken connection, never as a shorter file.`,
  ...secured("analytics"),
  request: {
    params: z.object({ mart: z.string().min(1).max(100).openapi({ example: "redemptions" }) }),
    query: z
      .object({
        format: z.enum(exportFormats).default("csv"),
        columns: z
          .string()
          .min(1)
          .max(10_000)
          .optional()
          .openapi({ description: "Separated by commas; all unless told", example: "day,discount_amount" }),
        from: boundary.optional(),
        to: boundary.optional().openapi({ description: "Exclusive." }),
        limit: z.coerce.number().int().min(1).max(defaultLimits.rows).optional(),
      })
      .catchall(z.union([z.string().max(200), z.array(z.string().max(200)).max(valuesMax)])),
  },
  responses: {
    200: {
      description: "The rows",
      content: Object.fromEntries(
        Object.values(mediaTypes).map((type) => [type.split(";")[0] ?? type, { schema: z.string() }]),
      ),
    },
    ...problems(400, 404, 413, 503),
  },
});

/** @param limits other ones only in tests. */
export function exportRoutes(deps: Deps, limits = defaultLimits) {
  const slots = createSlots({ all: 4, perProject: 2 });
  const estimates = new LRUCache<string, Promise<(number | null)[]>>({ max: 100, ttl: estimateMs });

  function estimatesOf(projectId: string, marts: readonly Mart[]): Promise<(number | null)[]> {
    const known = estimates.get(projectId);
    if (known) return known;
    const asked = inTurn(marts, (mart) => estimateRows(deps.warehouse, mart, projectId, AbortSignal.timeout(10_000)));
    estimates.set(projectId, asked);
    return asked;
  }

  return createRouter()
    .openapi(list, async (c) => {
      const marts = await readMarts(deps.warehouse);
      const rows = await estimatesOf(c.var.auth.projectId, marts);
      const data = marts.map((mart, at) => ({
        name: mart.name,
        grain: mart.grain,
        description: mart.description,
        columns: mart.columns.map(({ name, type, comment }) => ({ name, type, comment })),
        rows_read_estimate: rows[at] ?? null,
      }));
      return c.json({ as_of: new Date().toISOString(), data }, 200);
    })
    .openapi(download, async (c) => {
      const { projectId } = c.var.auth;
      const { format, columns, from, to, limit, ...others } = c.req.valid("query");
      const [mart] = await readMarts(deps.warehouse, c.req.valid("param").mart);
      if (!mart) throw notFound("mart");
      const statement = exportStatement(mart, projectId, {
        format,
        columns: columns?.split(",").map((name) => name.trim()),
        from,
        to,
        limit,
        filters: readFilters(others),
      });
      const headers = {
        "content-type": mediaTypes[format],
        "content-disposition": `attachment; filename="${mart.name}.${fileEndings[format]}"`,
        "cache-control": "no-store",
      };
      // Nobody would read the rows, and an unread download never ends.
      if (c.req.method === "HEAD") return c.body("", 200, headers);
      const release = slots.take(projectId);
      const end = (error?: Error) => {
        release();
        // The answer has begun: nobody else will tell.
        if (error) deps.log.warn({ request_id: c.var.requestId, err: error, mart: mart.name }, "an export broke off");
      };
      const body = await streamStatement(deps.warehouse, statement, limits, c.req.raw.signal, end);
      return c.body(body, 200, headers);
    });
}

/** @throws Problem 400 */
function readFilters(given: Readonly<Record<string, string | readonly string[] | undefined>>) {
  const filters = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, typeof value === "string" ? [value] : value] as const],
  );
  if (filters.length > filtersMax) throw invalid("", `An export takes at most ${filtersMax} filters.`);
  return new Map(filters);
}

/** One after the other: a list must not take every connection to the warehouse. */
async function inTurn<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (const item of items) answers.push(await ask(item));
  return answers;
}
