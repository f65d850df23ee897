/**
 * Executes notebooks from top to bottom as their kernel does, without Jupyter: the kernel's own converter checks the
 * types and its executor runs the cells, so that a machine with Node alone finds what would fail in a browser.
 *
 * `tsx notebooks/execute.ts <notebook> …` with CLICKHOUSE_URL. Prints one JSON document a notebook: what its cells said
 * and showed. Exit code 0: all cells ran; 1: one failed; 2: `npm ci --prefix notebooks` is missing.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { format } from "node:util";
import { z } from "zod";

const here = import.meta.dirname;

interface Kernel {
  createExecutor(
    folder: string,
    converters: { readonly node: unknown; readonly browser: unknown; close(): void },
    output: { log(...said: unknown[]): void; error(...said: unknown[]): void },
  ): Executor;
}
interface Executor {
  execute(source: string): Promise<boolean>;
}
interface Converters {
  createConverter(options: { isJS: boolean; isBrowser: boolean }): { close(): void };
}
interface Display {
  lastWriteDisplayData: (shown: { data: Record<string, string> }) => void;
}

const notebookDocument = z.object({
  cells: z.array(z.object({ cell_type: z.string(), source: z.array(z.string()) })),
});

export interface Executed {
  readonly notebook: string;
  readonly ok: boolean;
  /** What cells printed, errors included. */
  readonly text: string;
  /** What cells displayed. */
  readonly html: readonly string[];
}

async function main(paths: readonly string[]): Promise<number> {
  if (!existsSync(join(here, "node_modules", "tslab"))) {
    process.stderr.write("Notebooks have packages of their own: npm ci --prefix notebooks\n");
    return 2;
  }
  const notebooks = paths.map((path) => resolve(path));
  // The kernel resolves imports from the folder that it runs in.
  process.chdir(here);
  const kernel = createRequire(join(here, "node_modules", "tslab", "dist", "main.js"));
  const converter = (kernel("./converter") as Converters).createConverter({ isJS: false, isBrowser: false });
  const display = kernel("./jupyter") as Display;
  let said: string[] = [];
  let html: string[] = [];
  display.lastWriteDisplayData = ({ data }) => html.push(...Object.values(data));
  // Returns nothing: the kernel prints the value of a last expression.
  const keep = (...parts: unknown[]): void => {
    said.push(format(...parts));
  };
  const converters = { node: converter, browser: converter, close: () => converter.close() };
  // Cells print by the console of the process.
  const print = (document: Executed) => process.stdout.write(`${JSON.stringify(document)}\n`);
  for (const name of ["log", "info", "warn", "error"] as const) console[name] = keep;
  let failed = 0;
  for (const path of notebooks) {
    // Of its own: modules that a notebook imported are its own too.
    const executor = (kernel("./executor") as Kernel).createExecutor(here, converters, { log: keep, error: keep });
    said = [];
    html = [];
    const { cells } = notebookDocument.parse(JSON.parse(readFileSync(path, "utf8")));
    let ok = cells.length > 0;
    for (const cell of cells.filter(({ cell_type }) => cell_type === "code")) {
      ok = ok && (await executor.execute(cell.source.join("")));
    }
    if (!ok) failed += 1;
    print({ notebook: basename(path), ok, text: said.join("\n"), html });
  }
  converter.close();
  return failed === 0 && notebooks.length > 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
