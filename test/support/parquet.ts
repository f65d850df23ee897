/** Parquet files made by ClickHouse, and broken by hand. */
import type { TestApp } from "./app.ts";

export interface ParquetOptions {
  readonly compression?: "none" | "snappy" | "gzip" | "zstd" | "brotli" | "lz4";
  readonly groupRows?: number;
}

/** @param select without FORMAT. */
export async function makeParquet(context: TestApp, select: string, options: ParquetOptions = {}): Promise<Buffer> {
  const { compression = "zstd", groupRows = 1_000_000 } = options;
  const { stream } = await context.warehouse.exec({
    query: `${select} SETTINGS output_format_parquet_compression_method = '${compression}',
      output_format_parquet_row_group_size = ${groupRows}, output_format_parquet_string_as_string = 1,
      output_format_parquet_data_page_size = 65536 FORMAT Parquet`,
  });
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** The file with its footer replaced. */
export function withFooter(file: Buffer, change: (footer: Buffer) => Buffer): Buffer {
  const length = file.readUInt32LE(file.length - 8);
  const start = file.length - 8 - length;
  const footer = change(Buffer.from(file.subarray(start, start + length)));
  const tail = Buffer.alloc(8, "PAR1");
  tail.writeUInt32LE(footer.length, 0);
  return Buffer.concat([file.subarray(0, start), footer, tail.subarray(0, 4), Buffer.from("PAR1")]);
}
