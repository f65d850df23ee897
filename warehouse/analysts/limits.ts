/** What an analyst's query may use, on the embedded engine and on any other. Written into the server, not into requests. */
import { readBaseTables, readMartFiles, readViewNames } from "../catalogue.ts";

/** ClickHouse's settings. `readonly` 1: nothing is written, and no setting changed but the harmless ones below. */
export const analystSettings = {
  readonly: 1,
  max_execution_time: 60,
  timeout_overflow_mode: "throw",
  max_memory_usage: 2 * 1024 ** 3,
  max_bytes_before_external_group_by: 1024 ** 3,
  max_bytes_before_external_sort: 1024 ** 3,
  max_rows_to_read: 2_000_000_000,
  max_result_rows: 1_000_000,
  max_result_bytes: 1024 ** 3,
  result_overflow_mode: "throw",
  max_query_size: 256 * 1024,
  max_ast_depth: 500,
  max_concurrent_queries_for_user: 8,
  cancel_http_readonly_queries_on_client_close: 1,
  allow_introspection_functions: 0,
  use_query_cache: 0,
  // With it `column = ''` on a view fails: it is rewritten into a part of the column, which no view has.
  optimize_functions_to_subcolumns: 0,
} as const;

/** How an answer is written: clients set these, and they reach no rows. */
export const changeableSettings = [
  "enable_http_compression",
  "output_format_json_quote_64bit_integers",
  "date_time_output_format",
  "session_timezone",
  "output_format_arrow_compression_method",
  "output_format_arrow_string_as_string",
  "output_format_arrow_low_cardinality_as_dictionary",
  "output_format_parquet_compression_method",
  "output_format_native_use_flattened_dynamic_and_json_serialization",
] as const;

export interface Visible {
  /** Tables that hold rows: each needs a filter by project. */
  readonly tables: readonly string[];
  /** Views read them with the rights, and so the filters, of who asks. */
  readonly views: readonly string[];
}

/** Everything an analyst may SELECT from. A table that is about no project is not among it. */
export function visibleTables(): Visible {
  return {
    tables: readBaseTables()
      .filter((table) => table.hasProject)
      .map((table) => table.name),
    views: [...readViewNames(), ...readMartFiles().map((mart) => mart.name)],
  };
}
