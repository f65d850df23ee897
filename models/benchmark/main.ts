/**
 * `npm run models:benchmark -- DIR…`: trains and scores the product's own estimators on task folders, or on folders that
 * contain some, and lays the figures beside the peers' of each manifest.
 *
 * Options: --json (one array on standard output and nothing else), --seed 1, --write (the table into the document)
 */
import { Console } from "node:console";
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { loadRuntime } from "../runtime.ts";
import { findTasks, readTask, TaskError } from "./read-task.ts";
import { printTask, type Reported, reportTable, summary } from "./report.ts";
import { scoreTask } from "./score-task.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
  },
});

// TF.js announces itself on the console, which is standard output.
globalThis.console = new Console(process.stderr, process.stderr);

const document = new URL("../../docs/models-benchmark.md", import.meta.url);
const marks = ["<!-- benchmark:begin -->", "<!-- benchmark:end -->"] as const;

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

let failures = 0;
function fail(where: string, error: unknown): void {
  failures += 1;
  say(`${where}: ${error instanceof TaskError ? error.message : error instanceof Error ? error.stack : String(error)}`);
}

async function foldersIn(directories: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const directory of directories) {
    try {
      const tasks = await findTasks(directory);
      if (tasks.length === 0) throw new TaskError("no task.json here or below");
      found.push(...tasks);
    } catch (error) {
      fail(directory, error);
    }
  }
  return [...new Set(found)];
}

async function writeDocument(reported: readonly Reported[]): Promise<void> {
  const [begin, end] = marks;
  const text = await readFile(document, "utf8");
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the document has no ${begin} … ${end}`);
  const block = `${begin}\n${reportTable(reported)}\n\n${summary(reported)}\n`;
  await writeFile(document, text.slice(0, from) + block + text.slice(to));
}

if (positionals.length === 0 || !Number.isSafeInteger(Number(values.seed))) {
  say("usage: npm run models:benchmark -- DIR… [--json] [--seed 1] [--write]");
  process.exitCode = 2;
} else {
  const runtime = await loadRuntime();
  const reported: Reported[] = [];
  for (const directory of await foldersIn(positionals)) {
    try {
      const task = await readTask(directory);
      say(`${task.manifest.name}: ${task.train.rows} rows to learn from, ${task.test.rows} to score`);
      const result = await scoreTask(runtime, task, {
        seed: Number(values.seed),
        say: (message) => say(`  ${message}`),
      });
      reported.push({ manifest: task.manifest, result });
      const text = printTask({ manifest: task.manifest, result });
      if (values.json) say(text);
      else process.stdout.write(`${text}\n`);
    } catch (error) {
      fail(directory, error);
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify(reported.map(({ result }) => result))}\n`);
  else process.stdout.write(`${summary(reported)}\n`);
  if (values.write) await writeDocument(reported);
  if (failures > 0) {
    say(`${failures} could not be done`);
    process.exitCode = 1;
  }
}
