/**
 * Reads a Parquet file in a thread of its own: decoding is long, and a file made to do harm may ask for all memory there
 * is, which then ends this thread and nothing else. Sends a block of staged rows each time it is asked.
 */
import { parentPort, workerData } from "node:worker_threads";
import { fromColumns, parquetColumns } from "../columns.ts";
import type { Kind, StagedRow } from "../rows.ts";
import { readRowsOfFile, TooManyRows, UnknownColumn } from "./file.ts";
import { plainRow, RowFault } from "./values.ts";

export interface Task {
  /** Open, and without a name. */
  readonly file: number;
  readonly kind: Kind;
  readonly rowsMax: number;
}

export type Message =
  | { readonly rows: readonly StagedRow[] }
  | { readonly end: true }
  | { readonly fault: "rows" }
  | { readonly fault: "column" | "broken"; readonly detail: string };

/** The other thread has no limit of its own: it gets a little at a time, also of rows as large as they may be. */
const blockCharactersMax = 1024 * 1024;

const { file, kind, rowsMax } = workerData as Task;
const blocks = readBlocks();

parentPort?.on("message", async () => {
  parentPort?.postMessage(await nextMessage());
});

async function nextMessage(): Promise<Message> {
  try {
    const next = await blocks.next();
    return next.done === true ? { end: true } : { rows: next.value };
  } catch (error) {
    if (error instanceof TooManyRows) return { fault: "rows" };
    const detail = (error instanceof Error ? error.message : String(error)).slice(0, 200);
    return { fault: error instanceof UnknownColumn ? "column" : "broken", detail };
  }
}

async function* readBlocks(): AsyncGenerator<StagedRow[]> {
  let line = 0;
  for await (const rows of readRowsOfFile(file, parquetColumns(kind), rowsMax)) {
    let block: StagedRow[] = [];
    let characters = 0;
    for (const row of rows) {
      line += 1;
      const staged = toStaged(row, line);
      block.push(staged);
      characters += staged.content?.length ?? 0;
      if (characters < blockCharactersMax) continue;
      yield block;
      block = [];
      characters = 0;
    }
    yield block;
  }
}

function toStaged(row: Readonly<Record<string, unknown>>, line: number): StagedRow {
  try {
    return { line, content: JSON.stringify(fromColumns(kind, plainRow(row))), fault: null, item_lines: null };
  } catch (error) {
    if (error instanceof RowFault) return { line, content: null, fault: error.message, item_lines: null };
    throw error;
  }
}
