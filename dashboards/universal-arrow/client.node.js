/**
 * The server side of the client. Pages of a single-page application run no query outside the browser, so preparing is
 * nothing and asking is a mistake.
 */
export { tableFromIPC } from "apache-arrow";
export { arrowTableToJSON } from "./rows.js";

export async function initDB() {}

export async function setParquetURLs() {}

export async function updateSearchPath() {}

/** @throws always. */
export function query() {
  throw new Error("Queries of these dashboards run in the browser only; set VITE_EVIDENCE_SPA=true");
}
