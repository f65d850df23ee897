import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";

export interface WarehouseOptions {
  /** http(s), with user and password in it when the server wants them. */
  readonly url: string;
  readonly database: string;
  /** Milliseconds a request may take; 30,000 unless told. */
  readonly requestTimeoutMs?: number;
}

/** The database of our tables, where the URL names none by its path. */
const defaultDatabase = "tessera";

/** The database a ClickHouse URL names by its path (`http://host:8123/name`), else "tessera". */
export function databaseOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1)) || defaultDatabase;
}

/**
 * A client whose settings do not depend on the server's defaults: inserts are answered when they are stored, and 64-bit
 * integers arrive as numbers (money and counts here stay far below 2^53).
 */
export function createWarehouse(options: WarehouseOptions): ClickHouseClient {
  const url = new URL(options.url);
  url.pathname = "/";
  return createClient({
    url,
    database: options.database,
    application: "tessera",
    request_timeout: options.requestTimeoutMs ?? 30_000,
    // Every failure is thrown to the caller, who logs it once; the client would print it a second time.
    log: { level: ClickHouseLogLevel.OFF },
    // The warehouse is near; compressing would cost the process that also serves requests more than it saves.
    compression: { request: false, response: false },
    keep_alive: { enabled: true, idle_socket_ttl: 2_000 },
    clickhouse_settings: {
      async_insert: 0,
      wait_end_of_query: 1,
      // On a cluster: an insert is answered when every shard has its rows, not when they are queued to be sent; and
      // what is asked within a question is asked of all shards. On one server neither means anything.
      distributed_foreground_insert: 1,
      distributed_product_mode: "global",
      output_format_json_quote_64bit_integers: 0,
      date_time_input_format: "best_effort",
      date_time_output_format: "iso",
      // It rewrites a comparison of a view's column with an empty text into a part of that column, which no view has.
      optimize_functions_to_subcolumns: 0,
    },
  });
}
