/**
 * One leaf column of a row group, read page by page, so that memory holds some pages of it whatever the group's size. What
 * a page says of itself is held against limits before it is believed.
 */
import { read } from "node:fs";
import { promisify } from "node:util";
import type { ColumnMetaData } from "hyparquet";
import { parquetHeader, readPage } from "hyparquet/src/column.js";
import { convert } from "hyparquet/src/convert.js";

/** The library's own, by what takes them: their module has nothing to run. */
export type ColumnDecoder = Parameters<typeof readPage>[2];
export type DecodedArray = NonNullable<Parameters<typeof readPage>[3]>;
type PageHeader = ReturnType<typeof parquetHeader>;

const readAt = promisify(read);

const pageBytesMax = 128 * 1024 * 1024;
const pageValuesMax = 2_000_000;
const windowBytes = 64 * 1024;
/** Statistics in a page's header may hold long texts. */
const headerBytesMax = 4 * 1024 * 1024;

export class LeafReader {
  readonly path: string;
  readonly #file: number;
  readonly #decoder: ColumnDecoder;
  readonly #repeats: boolean;
  readonly #end: number;
  #position: number;
  #valuesLeft: number;
  #dictionary: DecodedArray | undefined;
  /** The last one of a column that repeats may go on in the next page. */
  #rows: unknown[] = [];

  constructor(file: number, fileBytes: number, column: ColumnMetaData, decoder: ColumnDecoder, repeats: boolean) {
    this.path = column.path_in_schema.join(".");
    this.#file = file;
    this.#decoder = decoder;
    this.#repeats = repeats;
    this.#position = Number(column.dictionary_page_offset || column.data_page_offset);
    this.#end = this.#position + Number(column.total_compressed_size);
    this.#valuesLeft = Number(column.num_values);
    if (!(this.#position >= 4 && this.#end >= this.#position && this.#end <= fileBytes)) {
      throw new Error(`column ${this.path} lies outside the file`);
    }
  }

  /** The next so many rows. @throws Error when the column ends before. */
  async take(count: number): Promise<unknown[]> {
    while (this.#rows.length < count + (this.#repeats && this.#valuesLeft > 0 ? 1 : 0)) {
      if (this.#valuesLeft <= 0 || this.#position >= this.#end) break;
      await this.#readPage();
    }
    if (this.#rows.length < count) throw new Error(`column ${this.path} has fewer rows than its row group`);
    return this.#rows.splice(0, count);
  }

  async #readPage(): Promise<void> {
    const { header, size } = await this.#readHeader();
    const bytes = header.compressed_page_size;
    this.#checkSizes(header, size);
    const body = await this.#read(this.#position + size, bytes);
    if (body.length < bytes) throw new Error(`a page of column ${this.path} is cut off`);
    this.#position += size + bytes;
    const reader = { view: new DataView(body.buffer, body.byteOffset, body.byteLength), offset: 0 };
    const before = this.#repeats ? (this.#rows as DecodedArray) : undefined;
    const { data } = readPage(reader, header, this.#decoder, this.#dictionary, before, 0);
    if (data === undefined || header.type === "INDEX_PAGE") return;
    if (header.type === "DICTIONARY_PAGE") this.#dictionary = convert(data, this.#decoder);
    else if (data !== this.#rows) for (const value of data) this.#rows.push(value);
  }

  #checkSizes(header: PageHeader, size: number): void {
    const { compressed_page_size: packed, uncompressed_page_size: unpacked } = header;
    const isData = header.type === "DATA_PAGE" || header.type === "DATA_PAGE_V2";
    const page = header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header;
    const values = page?.num_values ?? 0;
    if (!(packed >= 0 && this.#position + size + packed <= this.#end)) {
      throw new Error(`a page of column ${this.path} reaches beyond its column`);
    }
    if (!(unpacked >= 0 && unpacked <= pageBytesMax && packed <= pageBytesMax)) {
      throw new Error(`a page of column ${this.path} is larger than ${pageBytesMax} bytes`);
    }
    if (!(values >= 0 && values <= pageValuesMax)) {
      throw new Error(`a page of column ${this.path} has more than ${pageValuesMax} values`);
    }
    if (!isData) return;
    this.#valuesLeft -= values;
    if (this.#valuesLeft < 0) throw new Error(`column ${this.path} has more values than it says`);
  }

  async #readHeader(): Promise<{ header: PageHeader; size: number }> {
    for (let length = windowBytes; ; length = headerBytesMax) {
      const window = await this.#read(this.#position, Math.min(length, this.#end - this.#position));
      const reader = { view: new DataView(window.buffer, window.byteOffset, window.byteLength), offset: 0 };
      try {
        return { header: parquetHeader(reader), size: reader.offset };
      } catch (error) {
        if (length === headerBytesMax || window.length < length) throw error;
      }
    }
  }

  async #read(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    const { bytesRead } = await readAt(this.#file, buffer, 0, length, position);
    return buffer.subarray(0, bytesRead);
  }
}
