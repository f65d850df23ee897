/** The tables of the pages: each a file of SQL over the marts, run for one project and what its page looks at. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { ClickHouseClient } from "@clickhouse/client";
import { ClickHouseError } from "@clickhouse/client";
import { Problem } from "../http/problem.ts";
import { projectDirectory } from "./project.ts";
import type { Scope } from "./scope.ts";

/** What a browser can hold with ease; more is a mistake in the SQL, which should aggregate. */
const rowsMax = 500_000;
const bytesMax = 64 * 1024 * 1024;
const secondsMax = 30;
/** Compressing what is small costs more than sending it. */
const smallest = 2_048;

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

const sourceName = "warehouse";

export interface Tables {
  /** What Evidence asks first: where each table is. */
  readonly manifest: { readonly renderedFiles: Readonly<Record<string, readonly string[]>> };
  has(source: string, table: string): boolean;
  /** Of the scope, what the table's SQL names: the same text means the same rows while no event arrives. */
  parametersOf(table: string, scope: Scope): Readonly<Record<string, unknown>>;
  /**
   * The table as an Arrow stream.
   *
   * @throws Problem 503 when ClickHouse cannot be asked or takes too long, 413 when the answer is too large for a page.
   */
  read(question: Question): Promise<Buffer>;
}

interface Question {
  readonly warehouse: ClickHouseClient;
  readonly projectId: string;
  readonly table: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

interface TableFile {
  readonly sql: string;
  readonly parameters: readonly string[];
}

/** Reads the SQL files once; they belong to the pages as they were started. */
export function loadTables(): Tables {
  const directory = join(projectDirectory, "sources", sourceName);
  const files = new Map(
    readdirSync(directory)
      .filter((name) => name.endsWith(".sql"))
      .sort()
      .map((name) => [name.slice(0, -".sql".length), openTable(readFileSync(join(directory, name), "utf8"))]),
  );
  const addresses = [...files.keys()].map((table) => `/data/${sourceName}/live/${table}.parquet`);
  return {
    manifest: { renderedFiles: { [sourceName]: addresses } },
    has: (source, table) => source === sourceName && files.has(table),
    parametersOf(table, scope) {
      const values: Record<string, unknown> = { ...scope, before: scope.before ?? scope.since };
      return Object.fromEntries((files.get(table)?.parameters ?? []).map((name) => [name, values[name]]));
    },
    async read({ table, ...question }) {
      const file = files.get(table);
      if (file === undefined) throw new Problem("not_found", "There is no such table.");
      try {
        return await readArrow(file.sql, question);
      } catch (error) {
        throw explained(error, table);
      }
    },
  };
}

function openTable(sql: string): TableFile {
  const named = [...sql.matchAll(/\{\s*(\w+)\s*:/g)].map(([, name]) => name ?? "");
  return { sql, parameters: [...new Set(named)].filter((name) => name !== "project").sort() };
}

async function readArrow(sql: string, question: Omit<Question, "table">): Promise<Buffer> {
  const { warehouse, projectId, parameters } = question;
  const { stream } = await warehouse.exec({
    query: `${sql.trim()}\nFORMAT ArrowStream`,
    query_params: { ...parameters, project: projectId },
    clickhouse_settings: {
      // An error half-way must be an error, not a stream cut short.
      wait_end_of_query: 1,
      max_execution_time: secondsMax,
      max_result_rows: String(rowsMax),
      max_result_bytes: String(bytesMax),
      result_overflow_mode: "throw",
      // The reader in the page knows neither compressed batches nor ClickHouse's dictionaries.
      output_format_arrow_compression_method: "none",
      output_format_arrow_string_as_string: 1,
      output_format_arrow_low_cardinality_as_dictionary: 0,
    },
  });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** ClickHouse's own numbers: 159 TIMEOUT_EXCEEDED, 396 TOO_MANY_ROWS_OR_BYTES, 202 TOO_MANY_SIMULTANEOUS_QUERIES. */
function explained(error: unknown, table: string): unknown {
  if (error instanceof Problem) return error;
  if (error instanceof ClickHouseError) {
    if (error.code === "159") return new Problem("busy", `The table ${table} took longer than ${secondsMax} seconds.`);
    if (error.code === "202") return new Problem("busy", "The warehouse has too much to do. Try again in a moment.");
    if (error.code === "396")
      return new Problem("payload_too_large", `The table ${table} is larger than a page can hold.`);
    return error;
  }
  return new Problem("not_ready", "The warehouse does not answer. Try again in a moment.");
}

/** @returns the body and the encoding it has; undefined for none. */
export async function compressFor(
  accepted: ReadonlySet<string>,
  body: Buffer,
): Promise<{ readonly body: Buffer; readonly encoding?: string }> {
  if (body.length < smallest) return { body };
  if (accepted.has("br")) {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
    return { body: await brotli(body, { params }), encoding: "br" };
  }
  if (accepted.has("gzip")) return { body: await zip(body), encoding: "gzip" };
  return { body };
}
