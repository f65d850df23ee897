/** Cuts a file that is larger than one upload may be into parts of whole lines. Reads it once, and holds none of it. */
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

export interface Part {
  /** Bytes of the file, the end excluded. */
  readonly start: number;
  readonly end: number;
  /** Lines of the file before it. */
  readonly linesBefore: number;
}

export interface PartLimits {
  readonly bytesMax: number;
  readonly linesMax: number;
}

export interface Plan {
  /** The first line of a CSV file: every part after the first begins with it. */
  readonly header: Buffer;
  readonly parts: readonly Part[];
}

/** The file cannot be sent as it is. */
export class TooLarge extends Error {}

type Format = "csv" | "ndjson" | "parquet";

/** @throws TooLarge */
export async function planParts(path: string, format: Format, limits: PartLimits): Promise<Plan> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (format !== "parquet") {
      const header = format === "csv" ? await readFirstLine(file) : Buffer.alloc(0);
      const parts = await cutLines(path, size, { ...limits, bytesMax: limits.bytesMax - header.length });
      if (parts.length > 1 && format === "csv") refuseFlat(header);
      return { header, parts };
    }
    if (size <= limits.bytesMax) return { header: Buffer.alloc(0), parts: [{ start: 0, end: size, linesBefore: 0 }] };
    throw new TooLarge(`A Parquet file may have at most ${limits.bytesMax} bytes: write it as several.`);
  } finally {
    await file.close();
  }
}

/** The lines of one order must stay together, and only the service knows which they are. */
function refuseFlat(header: Buffer): void {
  if (!/(^|[,"])sku([",\r\n]|$)/i.test(header.toString("utf8"))) return;
  throw new TooLarge("A CSV file with one line an item is not cut: split it between two orders, or use NDJSON.");
}

const headerBytesMax = 64 * 1024;

async function readFirstLine(file: FileHandle): Promise<Buffer> {
  const buffer = Buffer.alloc(headerBytesMax);
  const { bytesRead } = await file.read(buffer, 0, headerBytesMax, 0);
  const end = buffer.subarray(0, bytesRead).indexOf(10);
  return buffer.subarray(0, end < 0 ? bytesRead : end + 1);
}

async function cutLines(path: string, size: number, { bytesMax, linesMax }: PartLimits): Promise<Part[]> {
  const parts: Part[] = [];
  let start = 0;
  let linesBefore = 0;
  /** The end of the last whole line, and the lines of the part up to there. */
  let end = 0;
  let lines = 0;
  const take = (lineEnd: number) => {
    if (lines > 0 && (lineEnd - start > bytesMax || lines === linesMax)) {
      parts.push({ start, end, linesBefore });
      linesBefore += lines;
      start = end;
      lines = 0;
    }
    if (lineEnd - start > bytesMax) throw new TooLarge("A line is longer than a part of the file may be.");
    end = lineEnd;
    lines += 1;
  };
  let at = 0;
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    const bytes = piece as Buffer;
    for (let line = bytes.indexOf(10); line >= 0; line = bytes.indexOf(10, line + 1)) take(at + line + 1);
    at += bytes.length;
  }
  if (end < size) take(size);
  return [...parts, { start, end: size, linesBefore }];
}
