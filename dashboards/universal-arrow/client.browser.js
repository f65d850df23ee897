/**
 * What a page's query asks for, fetched as Arrow and read into rows. There is no database in the page: SQL runs in
 * ClickHouse, over the marts, from the files in `sources/`. A query of a page names one of them and what it looks at:
 *
 *     select * from warehouse.overview_days(days := '28', currency := 'EUR')
 */
import { tableFromIPC } from "apache-arrow";
import { parseQuery } from "./parse-query.js";
import { arrowTableToJSON, typeName } from "./rows.js";

export { arrowTableToJSON, tableFromIPC };

/** By `schema.table`, where it is fetched. @type {Map<string, string>} */
const addresses = new Map();

/** Evidence asks for columns, count and rows at once: one fetch answers all. @type {Map<string, { at: number, table: Promise<import("apache-arrow").Table> }>} */
const fetched = new Map();

/** A reload, or coming back later, shows what has happened since. */
const keepMs = 5_000;

export async function initDB() {}

/**
 * Says where each table of each source can be fetched. Nothing is fetched yet.
 * @param {Record<string, string[]>} urls the last part of a URL, without its ending, is the table's name
 * @param {{ append?: boolean, addBasePath?: (path: string) => string }} [options]
 */
export async function setParquetURLs(urls, { append = false, addBasePath = (path) => path } = {}) {
  if (!append) addresses.clear();
  for (const [schema, files] of Object.entries(urls)) {
    for (const file of files) {
      const name = file.slice(file.lastIndexOf("/") + 1).replace(/\.[^.]*$/, "");
      addresses.set(`${schema}.${name}`, addBasePath(file));
    }
  }
}

export async function updateSearchPath() {}

/**
 * @param {string} sql
 * @returns {Promise<Record<string, unknown>[]>}
 * @throws Error with what the API said, or what a page may ask
 */
export async function query(sql) {
  const { what, table, parameters } = parseQuery(sql);
  const arrow = await load(table, parameters);
  if (what === "columns") {
    return arrow.schema.fields.map(({ name, type }) => ({ column_name: name, column_type: typeName(type) }));
  }
  return what === "count" ? [{ rowCount: arrow.numRows }] : arrowTableToJSON(arrow);
}

function load(name, parameters) {
  const address = addresses.get(name);
  if (!address) throw new Error(`There is no table ${name}: add dashboards/sources/${name.replace(".", "/")}.sql`);
  const url = `${address}?${new URLSearchParams(parameters)}`;
  const known = fetched.get(url);
  if (known && performance.now() - known.at < keepMs) return known.table;
  for (const [key, { at }] of fetched) if (performance.now() - at >= keepMs) fetched.delete(key);
  const table = fetchTable(url, name);
  fetched.set(url, { at: performance.now(), table });
  table.catch(() => fetched.delete(url)); // the next query tries again
  return table;
}

async function fetchTable(url, name) {
  const response = await fetch(url, { headers: { accept: "application/vnd.apache.arrow.stream" } });
  if (!response.ok) throw new Error(await explanation(response, name));
  return tableFromIPC(new Uint8Array(await response.arrayBuffer()));
}

/** The API answers with a problem document; its `detail` is written for people. */
async function explanation(response, name) {
  if (response.status === 401) return "Your session has ended. Reload the page to sign in again.";
  const problem = await response.json().catch(() => ({}));
  return problem.detail ?? `The table "${name}" could not be read (${response.status}).`;
}
