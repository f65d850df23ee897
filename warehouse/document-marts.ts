/** Says in Markdown what the SQL of the marts says in its comments: the grain, what would surprise, every column. */
import { readdir, readFile, writeFile } from "node:fs/promises";

interface Column {
  readonly name: string;
  readonly type: string;
  readonly comment: string;
}

export interface Mart {
  readonly name: string;
  /** The first sentence, without the word Grain. */
  readonly grain: string;
  /** The rest of the comment before the statement, a paragraph each. */
  readonly notes: readonly string[];
  readonly columns: readonly Column[];
}

const marts = new URL("marts/", import.meta.url);
const page = new URL("../docs/warehouse.md", import.meta.url);
const begin = "<!-- From here on made by `npm run warehouse-docs` from the SQL in warehouse/marts. -->";

/** In the order of their files. @throws Error that names the file and what it lacks. */
export async function readMarts(): Promise<Mart[]> {
  const names = (await readdir(marts)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(names.map(async (name) => parseMart(name, await readFile(new URL(name, marts), "utf8"))));
}

/** @throws Error when the grain, the columns or a comment is missing. */
export function parseMart(file: string, sql: string): Mart {
  const lines = sql.split("\n");
  const start = lines.findIndex((line) => !line.startsWith("--"));
  const [first = "", ...notes] = paragraphs(lines.slice(0, start));
  const grain = /^Grain: (.+?[.:])(?:\s+(.*))?$/.exec(first);
  if (grain === null) throw new Error(`${file}: does not begin with "-- Grain: …"`);
  const name = /^CREATE OR REPLACE VIEW \{database\}\.(\w+) \{on_cluster\}$/.exec(lines[start] ?? "")?.[1];
  if (name === undefined || file.replace(/^\d+_|\.sql$/g, "") !== name) {
    throw new Error(`${file}: is not named like the view it makes`);
  }
  const end = lines.indexOf(")", start);
  if (lines[start + 1] !== "(" || end < 0) throw new Error(`${file}: has no list of columns`);
  const columns = lines.slice(start + 2, end).map((line) => parseColumn(file, line));
  return {
    name,
    grain: (grain[1] ?? "").replace(/[.:]$/, ""),
    notes: [grain[2] ?? "", ...notes].filter(Boolean),
    columns,
  };
}

/** A column on a line of its own, its comment included. */
function parseColumn(file: string, line: string): Column {
  const parts = /^ {2}`?(\w+)`? (\S.*?) COMMENT '((?:[^']|'')+)',?$/.exec(line);
  if (parts === null) throw new Error(`${file}: a column without a comment: ${line.trim()}`);
  return { name: parts[1] ?? "", type: parts[2] ?? "", comment: (parts[3] ?? "").replaceAll("''", "'") };
}

/** Comment lines, joined until a line of nothing. */
function paragraphs(lines: readonly string[]): string[] {
  return lines
    .map((line) => line.replace(/^-- ?/, "").trimEnd())
    .join("\n")
    .split(/\n\n+/)
    .map((text) => text.replaceAll("\n", " ").trim())
    .filter(Boolean);
}

function render(all: readonly Mart[]): string {
  const contents = all.map((mart) => `| [\`${mart.name}\`](#${mart.name}) | ${cell(mart.grain)} |`);
  const details = all.flatMap((mart) => [
    `### ${mart.name}`,
    "",
    `**Grain**: ${mart.grain}.`,
    "",
    ...mart.notes.flatMap((note) => [note, ""]),
    "| column | type | what it says |",
    "| --- | --- | --- |",
    ...mart.columns.map((column) => `| \`${column.name}\` | ${cell(column.type)} | ${cell(column.comment)} |`),
    "",
  ]);
  return [begin, "", "## Marts", "", "| mart | a row is |", "| --- | --- |", ...contents, "", ...details].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** The whole page: what is written by hand, and what follows from the SQL. */
export async function documentMarts(): Promise<{ readonly now: string; readonly fresh: string }> {
  const now = await readFile(page, "utf8");
  const at = now.indexOf(begin);
  if (at < 0) throw new Error(`docs/warehouse.md has no line ${begin}`);
  return { now, fresh: now.slice(0, at) + render(await readMarts()) };
}

export async function writeMartsPage(text: string): Promise<void> {
  await writeFile(page, text);
}
