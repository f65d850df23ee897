/** Writes the bad rows of one part after the other, with the lines of the whole file. */
import { type FileHandle, open } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export class ErrorsFile {
  readonly path: string;
  #file: FileHandle | undefined;

  constructor(path: string) {
    this.path = path;
  }

  get mediaType(): string {
    return this.#isNdjson ? "application/x-ndjson" : "text/csv";
  }

  get #isNdjson(): boolean {
    return this.path.toLowerCase().endsWith(".ndjson");
  }

  /** @param shift what a line of the part is behind the same line of the file. */
  async add(errors: Readable, shift: number): Promise<void> {
    const isFirst = this.#file === undefined;
    this.#file ??= await open(this.path, "w", 0o600);
    let isHeader = !this.#isNdjson;
    for await (const line of createInterface({ input: errors, crlfDelay: Number.POSITIVE_INFINITY })) {
      const isLeftOut = isHeader && !isFirst;
      const text = isHeader ? line : this.#shifted(line, shift);
      isHeader = false;
      if (!isLeftOut) await this.#file.write(`${text}${this.#isNdjson ? "\n" : "\r\n"}`);
    }
  }

  #shifted(line: string, shift: number): string {
    if (shift === 0) return line;
    return this.#isNdjson
      ? line.replace(/^\{"line":(\d+)/, (_, n) => `{"line":${Number(n) + shift}`)
      : line.replace(/^(\d+),/, (_, n) => `${Number(n) + shift},`);
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}
