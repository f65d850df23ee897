/** What every notebook begins with: the way to the marts, and a few words for showing numbers. */
import { createClient } from "@clickhouse/client";
import { type Table, tableFromIPC } from "apache-arrow";

const url = new URL(process.env.CLICKHOUSE_URL ?? "http://127.0.0.1:8123/tessera");
const database = decodeURIComponent(url.pathname.slice(1)) || "tessera";
url.pathname = "/";
export const warehouse = createClient({ url, database, application: "tessera-notebook" });

/** A query's result as an Arrow table. ClickHouse does the frame work; what arrives here is small. */
export async function arrow(query: string, query_params: Record<string, unknown> = {}): Promise<Table> {
  const { stream } = await warehouse.exec({
    query: `${query} FORMAT ArrowStream`,
    query_params,
    clickhouse_settings: {
      output_format_arrow_compression_method: "none",
      output_format_arrow_string_as_string: 1,
      output_format_arrow_low_cardinality_as_dictionary: 0,
      // Where there is no project yet, `project_id = ''` on a view is rewritten to a column the view does not have.
      optimize_functions_to_subcolumns: 0,
    },
  });
  const chunks: Buffer[] = [];
  for await (const chunk of stream as unknown as AsyncIterable<Buffer>) chunks.push(chunk);
  return tableFromIPC(Buffer.concat(chunks));
}

/**
 * A module of the product, so that a notebook computes what its reports do; needs `npm ci` in the folder above. The
 * product is written in modules that the kernel cannot read by itself.
 */
// biome-ignore lint/suspicious/noExplicitAny: the kernel does not check types across the two projects.
export function fromProduct(path: string): any {
  return require("tsx/cjs/api").require(`../${path}`, `${process.cwd()}/notebook.js`);
}

/** By columns, since iterating over Arrow rows is slow. A null stays null; 64-bit integers become numbers. */
// biome-ignore lint/suspicious/noExplicitAny: cells know what they asked for.
export function column(table: Table, name: string): any[] {
  const vector = table.getChild(name);
  if (vector === null) return [];
  return Array.from(vector, (value) => (typeof value === "bigint" ? Number(value) : value));
}

/** The columns of a table by name, as danfo wants them. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export function columnsOf(table: Table): Record<string, any[]> {
  return Object.fromEntries(table.schema.fields.map(({ name }) => [name, column(table, name)]));
}

/** The project named by TESSERA_PROJECT, else the one of which the warehouse knows most; empty where it knows none. */
export async function chooseProject(): Promise<string> {
  if (process.env.TESSERA_PROJECT !== undefined) return process.env.TESSERA_PROJECT;
  const most = await arrow(`
    SELECT project_id FROM
    (
      SELECT project_id, count() AS rows FROM redemptions GROUP BY project_id
      UNION ALL
      SELECT project_id, count() AS rows FROM customers_rfm GROUP BY project_id
    )
    GROUP BY project_id ORDER BY sum(rows) DESC, project_id LIMIT 1`);
  return column(most, "project_id")[0] ?? "";
}

/** Minor units of one unit of a currency: 100 for most, 1 for JPY. */
export function minorUnits(currency: string): number {
  if (currency === "") return 100;
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2);
}

export function money(minor: number, currency: string): string {
  if (currency === "") return "–";
  return new Intl.NumberFormat("en", { style: "currency", currency }).format(minor / minorUnits(currency));
}

export function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`;
}

/** danfo cuts its own tables to ten rows and seventeen characters; this prints a frame of some dozen rows whole. */
export function print(frame: { readonly columns: readonly string[]; readonly values: unknown }): void {
  const rows = [frame.columns, ...(frame.values as unknown[][])].map((row) => row.map(shown));
  const widths = frame.columns.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const isNumber = frame.columns.map((_, at) =>
    rows.slice(1).every((row) => /^[-+−$€£¥]?[\d.,]+( %)?$/.test(row[at] ?? "")),
  );
  const lines = rows.map((row) =>
    row.map((text, at) => (isNumber[at] ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0))).join("  "),
  );
  // biome-ignore lint/suspicious/noConsole: what a cell shows is what it prints.
  console.log([lines[0], widths.map((width) => "─".repeat(width)).join("  "), ...lines.slice(1)].join("\n"));
}

function shown(value: unknown): string {
  return typeof value === "number" && !Number.isInteger(value) ? value.toFixed(3) : String(value ?? "");
}

export function escapeHtml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/** Uniform in [0, 1), the same for the same seed: a notebook that is run again shows the same. Mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The values below which 2.5 % and 97.5 % of the sample lie. */
export function interval95(sample: readonly number[]): { low: number; high: number } {
  const sorted = [...sample].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))];
  return { low: at(0.025) ?? 0, high: at(0.975) ?? 0 };
}
