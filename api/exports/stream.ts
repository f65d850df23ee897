/** Runs a download on ClickHouse and hands its bytes through, as fast as the client takes them and never kept. */
import { Readable } from "node:stream";
import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { Problem } from "../http/problem.ts";
import type { Statement } from "./statement.ts";

export interface ExportLimits {
  readonly seconds: number;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Settles when the first bytes are there or nothing will come. ClickHouse breaks the connection when a query fails on
 * its way; the stream then errors, which breaks the client's: a part of a mart never looks like a whole one.
 *
 * @param onEnd called once, whichever way it ends: with the error where it failed on its way.
 * @throws Problem 503 when ClickHouse is busy, away or too slow, 413 beyond the limits.
 */
export async function streamStatement(
  warehouse: ClickHouseClient,
  statement: Statement,
  limits: ExportLimits,
  signal: AbortSignal,
  onEnd: (error?: Error) => void,
): Promise<ReadableStream<Uint8Array>> {
  const leaving = new AbortController();
  const leave = () => leaving.abort();
  signal.addEventListener("abort", leave, { once: true });
  const end = (error?: Error) => {
    signal.removeEventListener("abort", leave);
    onEnd(error);
  };
  try {
    signal.throwIfAborted();
    const { stream } = await warehouse.exec({
      query: statement.query,
      query_params: statement.parameters,
      abort_signal: leaving.signal,
      clickhouse_settings: settings(limits),
    });
    stream.once("close", () => end(leaving.signal.aborted ? undefined : (stream.errored ?? undefined)));
    return handOn(stream, leave);
  } catch (error) {
    end();
    throw explained(error, limits);
  }
}

/** Node's own conversion, but leaving ends the query too, not only the reading. */
function handOn(stream: Readable, leave: () => void): ReadableStream<Uint8Array> {
  const reader = Readable.toWeb(stream, {
    strategy: { highWaterMark: 1 },
  }).getReader() as ReadableStreamDefaultReader<Uint8Array>;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel() {
        leave();
        stream.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

function settings(limits: ExportLimits) {
  return {
    // Not spooled on the server: the first rows leave while the last are read.
    wait_end_of_query: 0,
    http_write_exception_in_output_format: 0,
    cancel_http_readonly_queries_on_client_close: 1,
    readonly: "2",
    // Headers now and then keep the connection alive while a heavy mart works on its first row.
    send_progress_in_http_headers: 1,
    http_headers_progress_interval_ms: "15000",
    max_execution_time: limits.seconds,
    timeout_overflow_mode: "throw",
    max_result_rows: String(limits.rows),
    max_result_bytes: String(limits.bytes),
    result_overflow_mode: "throw",
    max_memory_usage: String(2 * 1024 ** 3),
    format_csv_null_representation: "",
    output_format_csv_serialize_tuple_into_separate_columns: 0,
    output_format_csv_crlf_end_of_line: 1,
    output_format_arrow_compression_method: "none",
    output_format_arrow_string_as_string: 1,
    output_format_arrow_low_cardinality_as_dictionary: 0,
    output_format_parquet_string_as_string: 1,
    output_format_parquet_compression_method: "zstd",
    // A group is held whole in memory before it is written.
    output_format_parquet_row_group_size: "100000",
  } as const;
}

/** 158, 396 and 307: rows and bytes; 159 and 160: time; 202: queries; 241: memory. */
function explained(error: unknown, limits: ExportLimits): unknown {
  if (!(error instanceof ClickHouseError)) {
    return error instanceof Problem
      ? error
      : new Problem("not_ready", "The warehouse does not answer. Try again in a moment.");
  }
  if (["158", "396", "307", "241"].includes(error.code)) {
    return new Problem(
      "payload_too_large",
      `An export may have at most ${limits.rows} rows: narrow it by time or columns.`,
    );
  }
  if (["159", "160", "202"].includes(error.code)) {
    return new Problem(
      "busy",
      `The export would take longer than ${limits.seconds} seconds: narrow it, or try again.`,
      {
        headers: { "retry-after": "30" },
      },
    );
  }
  return error;
}
