/**
 * The SELECT of a download. Every name is checked against the mart and still bound as an identifier, every value is
 * bound: no text of a caller becomes part of the statement.
 */
import { Problem } from "../http/problem.ts";
import type { Column, Mart } from "./marts.ts";

export const exportFormats = ["arrow", "parquet", "csv", "ndjson"] as const;
type ExportFormat = (typeof exportFormats)[number];

export interface ExportRequest {
  readonly format: ExportFormat;
  /** All, in the mart's order, when absent. */
  readonly columns?: readonly string[] | undefined;
  /** Of the mart's time, the start included and the end not: a day, or an instant where the mart has instants. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly limit?: number | undefined;
  /** Column to the values of which it must have one. */
  readonly filters: ReadonlyMap<string, readonly string[]>;
}

export interface Statement {
  readonly query: string;
  readonly parameters: Readonly<Record<string, string | number | readonly string[]>>;
}

/** What a mart's time is, the first of these that it has. */
const timeColumns = ["occurred_at", "day", "at", "first_at", "entered_at", "created_at", "first_seen_at"];
const formatNames = { arrow: "ArrowStream", parquet: "Parquet", csv: "CSVWithNames", ndjson: "JSONEachRow" } as const;
const textType = /^(LowCardinality\()?(Nullable\()?(String|FixedString|Enum)/;
const filterableType = /^(LowCardinality\()?(Nullable\()?(String|U?Int\d+|Bool|Date\)?$|Enum)/;
const dayText = /^\d{4}-\d{2}-\d{2}$/;

/** @throws Problem 400 that names the parameter. */
export function exportStatement(mart: Mart, projectId: string, request: ExportRequest): Statement {
  const parameters: Record<string, string | number | readonly string[]> = { mart: mart.name, project: projectId };
  const columns = chosenColumns(mart, request.columns);
  const fields = columns.map((column, at) => {
    parameters[`c${at}`] = column.name;
    return `{c${at}: Identifier}`;
  });
  const conditions = ["project_id = {project: String}"];
  for (const [name, values] of request.filters) {
    const column = filterable(mart, name);
    const at = conditions.length;
    parameters[`f${at}`] = column.name;
    parameters[`v${at}`] = values;
    const field = textType.test(column.type) ? `{f${at}: Identifier}` : `toString({f${at}: Identifier})`;
    conditions.push(`${field} IN {v${at}: Array(String)}`);
  }
  for (const [name, operator] of [
    ["from", ">="],
    ["to", "<"],
  ] as const) {
    const value = request[name];
    if (value === undefined) continue;
    const time = timeColumn(mart, name);
    parameters.time = time.name;
    parameters[name] = boundary(time, name, value);
    conditions.push(
      `{time: Identifier} ${operator} {${name}: ${time.type === "Date" ? "Date" : "DateTime64(6, 'UTC')"}}`,
    );
  }
  if (request.limit !== undefined) parameters.limit = request.limit;
  const limit = request.limit === undefined ? "" : "\nLIMIT {limit: UInt64}";
  const rows = `SELECT ${fields.join(", ")}\nFROM {mart: Identifier}\nWHERE ${conditions.join("\n  AND ")}${limit}`;
  const query = request.format === "csv" ? harmlessRows(rows, columns) : rows;
  return { query: `${query}\nFORMAT ${formatNames[request.format]}`, parameters };
}

/**
 * A spreadsheet runs a field that begins like a formula; the apostrophe makes it text (a code may begin with "-").
 * Around the rows, not among them: there the new columns would hide those that the conditions mean.
 */
function harmlessRows(rows: string, columns: readonly Column[]): string {
  const fields = columns.map(({ type }, at) => {
    const field = `{c${at}: Identifier}`;
    if (!textType.test(type)) return field;
    return `if(match(${field}, '^[=+\\\\-@\\t\\r\\n]'), concat('\\'', ${field}), ${field}) AS ${field}`;
  });
  return `SELECT ${fields.join(", ")}\nFROM (${rows})`;
}

function chosenColumns(mart: Mart, names: readonly string[] | undefined): readonly Column[] {
  if (names === undefined) return mart.columns;
  return names.map((name, at) => {
    const column = mart.columns.find((candidate) => candidate.name === name);
    if (!column) throw inQuery("columns", `The mart ${mart.name} has no column "${name.slice(0, 100)}".`);
    if (names.indexOf(name) !== at) throw inQuery("columns", `The column "${name}" is named twice.`);
    return column;
  });
}

function filterable(mart: Mart, name: string): Column {
  const column = mart.columns.find((candidate) => candidate.name === name);
  // The project is the key's; another one must not even look as if it could be asked for.
  if (!column || name === "project_id" || !filterableType.test(column.type)) {
    throw inQuery(name, `The mart ${mart.name} has no column of this name to filter by.`);
  }
  return column;
}

function timeColumn(mart: Mart, parameter: string): Column {
  for (const name of timeColumns) {
    const column = mart.columns.find((candidate) => candidate.name === name && candidate.type.startsWith("Date"));
    if (column) return column;
  }
  throw inQuery(parameter, `The mart ${mart.name} has no time to filter by.`);
}

function boundary(time: Column, parameter: string, value: string): string {
  if (time.type !== "Date") return new Date(value).toISOString().slice(0, -1).replace("T", " ");
  if (dayText.test(value)) return value;
  throw inQuery(parameter, `The mart is by day: expected a day such as 2026-11-22.`);
}

function inQuery(name: string, detail: string): Problem {
  const pointer = `/${name.slice(0, 100).replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return new Problem("invalid_request", detail, { errors: [{ pointer, detail, in: "query" }] });
}
