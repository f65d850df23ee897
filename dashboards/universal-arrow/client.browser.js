/**
 * DuckDB in the page, fed with Arrow. The engine's files are part of the build, tables are fetched the first time a
 * query names them, and nothing is ever asked from another host: reading Arrow needs no extension, Parquet would.
 */
import { AsyncDuckDB, VoidLogger } from "@duckdb/duckdb-wasm";
import workerUrl from "@duckdb/duckdb-wasm/dist/duckdb-browser-eh.worker.js?url";
import wasmUrl from "@duckdb/duckdb-wasm/dist/duckdb-eh.wasm?url";
import { arrowTableToJSON } from "./rows.js";

export { tableFromIPC } from "apache-arrow";
export { arrowTableToJSON };

/** @type {Promise<import("@duckdb/duckdb-wasm").AsyncDuckDBConnection> | undefined} */
let connection;

/** By `schema.table`. @type {Map<string, { schema: string, name: string, url: string, loaded?: Promise<void> }>} */
const tables = new Map();

async function open() {
  const database = new AsyncDuckDB(new VoidLogger(), new Worker(workerUrl));
  await database.instantiate(wasmUrl);
  await database.open({ query: { castBigIntToDouble: true, castDecimalToDouble: true } });
  const opened = await database.connect();
  // Anything that would need an extension must fail at once, here, instead of asking an outside host for it.
  await opened.query("SET autoinstall_known_extensions = false");
  await opened.query("SET autoload_known_extensions = false");
  return opened;
}

/** Starts the engine once; later calls wait for the same start. */
export async function initDB() {
  connection ??= open();
  await connection;
}

/**
 * Says where each table of each source can be fetched. Nothing is fetched yet.
 * @param {Record<string, string[]>} urls the last part of a URL, without its ending, is the table's name
 * @param {{ append?: boolean, addBasePath?: (path: string) => string }} [options]
 */
export async function setParquetURLs(urls, { append = false, addBasePath = (path) => path } = {}) {
  await initDB();
  const opened = await connection;
  if (!append) tables.clear();
  for (const [schema, files] of Object.entries(urls)) {
    await opened.query(`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`);
    for (const file of files) {
      const name = file.slice(file.lastIndexOf("/") + 1).replace(/\.[^.]*$/, "");
      tables.set(`${schema}.${name}`, { schema, name, url: addBasePath(file) });
    }
  }
}

/** Lets queries name tables of these schemas without the schema. @param {string[]} schemas */
export async function updateSearchPath(schemas) {
  await initDB();
  const opened = await connection;
  await opened.query(`SET search_path = '${schemas.map(quoted).join(",")}'`);
}

/**
 * @param {string} sql
 * @returns {Promise<Record<string, unknown>[]>}
 * @throws Error with what the API or the engine said
 */
export async function query(sql) {
  await initDB();
  const opened = await connection;
  await Promise.all(mentioned(sql).map(load));
  return arrowTableToJSON(await opened.query(sql));
}

/** A word that merely looks like a table's name costs one needless fetch, so no SQL is parsed. */
function mentioned(sql) {
  const words = new Set(sql.match(/\w+/g));
  return [...tables.values()].filter((table) => words.has(table.name));
}

function load(table) {
  table.loaded ??= fetchTable(table).catch((error) => {
    table.loaded = undefined; // the next query tries again
    throw error;
  });
  return table.loaded;
}

async function fetchTable({ schema, name, url }) {
  const response = await fetch(url, { headers: { accept: "application/vnd.apache.arrow.stream" } });
  if (!response.ok) throw new Error(await explanation(response, name));
  const bytes = new Uint8Array(await response.arrayBuffer());
  const opened = await connection;
  await opened.query(`DROP TABLE IF EXISTS ${quoted(schema)}.${quoted(name)}`);
  await opened.insertArrowFromIPCStream(bytes, { schema, name, create: true });
}

/** The API answers with a problem document; its `detail` is written for people. */
async function explanation(response, name) {
  if (response.status === 401) return "Your session has ended. Reload the page to sign in again.";
  const problem = await response.json().catch(() => ({}));
  return problem.detail ?? `The table "${name}" could not be read (${response.status}).`;
}

function quoted(identifier) {
  return `"${identifier.replaceAll('"', '""')}"`;
}
