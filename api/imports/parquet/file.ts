/** The rows of a Parquet file, some hundreds at a time, in the order of the file. */
import { fstat, read } from "node:fs";
import { promisify } from "node:util";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { type Compressors, type FileMetaData, parquetMetadata, parquetSchema, type SchemaTree } from "hyparquet";
import { assembleNested } from "hyparquet/src/assemble.js";
import { DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { getMaxRepetitionLevel, getTreePath } from "hyparquet/src/schema.js";

import { compressors as moreCompressors } from "hyparquet-compressors";
import { type ColumnDecoder, type DecodedArray, LeafReader } from "./leaf.ts";
import { parsers } from "./values.ts";

const footerBytesMax = 16 * 1024 * 1024;
const columnsMax = 1_000;
const sliceRows = 1_000;

export class TooManyRows extends Error {}
/** Names a column that the rows have no place for. */
export class UnknownColumn extends Error {}

type Row = Record<string, unknown>;

const readAt = promisify(read);

const allParsers = { ...DEFAULT_PARSERS, ...parsers };
const compressors: Compressors = {
  ...moreCompressors,
  // Those of Node stop at the size that the page's header says.
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
};

/** @throws Error for a file that is broken, or that says of itself what cannot be. */
export async function* readRowsOfFile(
  file: number,
  columns: readonly string[],
  rowsMax: number,
): AsyncGenerator<readonly Row[]> {
  const { size } = await promisify(fstat)(file);
  const metadata = await readFooter(file, size);
  const schema = parquetSchema(metadata);
  const unknown = schema.children.find(({ element }) => !columns.includes(element.name));
  if (unknown !== undefined) throw new UnknownColumn(unknown.element.name);
  let rows = 0;
  for (const group of metadata.row_groups) {
    rows += Number(group.num_rows);
    if (!(group.num_rows >= 0n) || rows > rowsMax) throw new TooManyRows();
    if (group.columns.length > columnsMax) throw new Error(`it has more than ${columnsMax} columns`);
    yield* readGroup(file, size, group, schema);
  }
  if (rows !== Number(metadata.num_rows)) throw new Error("its row groups have other rows than it says");
}

async function readFooter(file: number, size: number): Promise<FileMetaData> {
  const tail = Buffer.alloc(8);
  if (size < 12) throw new Error("it is too short");
  await readAt(file, tail, 0, 8, size - 8);
  if (tail.toString("latin1", 4) !== "PAR1") throw new Error("it does not end like one");
  const length = tail.readUInt32LE(0);
  if (length > footerBytesMax || length > size - 8) throw new Error("its footer has an impossible length");
  const footer = Buffer.alloc(length + 8);
  await readAt(file, footer, 0, footer.length, size - footer.length);
  return parquetMetadata(footer, { parsers, geoparquet: false });
}

async function* readGroup(
  file: number,
  size: number,
  group: FileMetaData["row_groups"][number],
  schema: SchemaTree,
): AsyncGenerator<readonly Row[]> {
  const leaves = group.columns.map(({ meta_data, file_path }) => {
    if (meta_data === undefined || file_path !== undefined) throw new Error("a column is not in this file");
    const schemaPath = getTreePath(schema, meta_data.path_in_schema);
    const element = schemaPath.at(-1)?.element;
    if (element === undefined) throw new Error("a column is not in the schema");
    const decoder: ColumnDecoder = {
      pathInSchema: meta_data.path_in_schema,
      type: meta_data.type,
      element,
      schemaPath,
      codec: meta_data.codec,
      parsers: allParsers,
      compressors,
    };
    return new LeafReader(file, size, meta_data, decoder, getMaxRepetitionLevel(schemaPath) > 0);
  });
  for (let left = Number(group.num_rows); left > 0; left -= sliceRows) {
    const count = Math.min(sliceRows, left);
    const data = new Map<string, DecodedArray>();
    for (const leaf of leaves) data.set(leaf.path, (await leaf.take(count)) as DecodedArray);
    yield assemble(data, schema, count);
  }
}

function assemble(data: Map<string, DecodedArray>, schema: SchemaTree, count: number): Row[] {
  const rows = Array.from({ length: count }, (): Row => ({}));
  for (const child of schema.children) {
    const { name } = child.element;
    if (child.children.length > 0) assembleNested(data, child, allParsers);
    const values = data.get(name);
    if (values === undefined || values.length < count) throw new Error(`column ${name} is not whole`);
    for (const [at, row] of rows.entries()) row[name] = values[at];
  }
  return rows;
}
