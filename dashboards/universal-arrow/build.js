/**
 * What Evidence's build asks of this package. These dashboards are a single-page application whose tables come live
 * from the API, so nothing is queried or written while building: every call here would be a mistake in the set-up,
 * and says so. Evidence turns the last two into "not found", which is the right answer for a page without a cache.
 */
function notInThisBuild(what) {
  throw new Error(
    `${what}: these dashboards read live tables; set VITE_EVIDENCE_SPA=true and do not run "evidence sources"`,
  );
}

/** @throws always: tables are not written to files. */
export async function buildMultipartParquet() {
  return notInThisBuild("No table is written at build time");
}

/** @throws always: no query runs at build time. */
export function get_cache_for_hash() {
  return notInThisBuild("No query result is kept at build time");
}

/** @throws always: no query runs at build time. */
export function get_all_page_queries() {
  return notInThisBuild("No page has stored queries");
}
