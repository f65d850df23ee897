/** A task folder of the benchmark: what `task.json` says, and the two parts of its split. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { parse } from "csv-parse/sync";
import { z } from "zod";
import { type Cells, type CellsReader, readNumbers, readTexts } from "./cells.ts";

// What others measured is laid beside our figures and nothing else: where it has another shape, it is left out.
const figures = z.record(z.string(), z.number().nullable().catch(null));

const manifestSchema = z.object({
  name: z.string().min(1),
  kind: z.string(),
  label: z.string().nullish(),
  treatment: z.string().nullish(),
  group: z.string().nullish(),
  time: z.string().nullish(),
  columns: z.array(z.object({ name: z.string(), type: z.enum(["numeric", "categorical", "id", "timestamp"]) })),
  features: z.array(z.string()).nullish(),
  metrics: z.array(z.string()).nullish(),
  main_metric: z.string().nullish(),
  peers: z.record(z.string(), figures).nullish().catch(undefined),
  best_peer: z
    .object({
      name: z.string(),
      metric: z.string(),
      value: z.number(),
      se: z.number().nullish(),
      se_cluster: z.number().nullish(),
    })
    .nullish()
    .catch(undefined),
  best_per_metric: z
    .record(z.string(), z.object({ peer: z.string(), value: z.number(), se: z.number().nullish() }))
    .nullish()
    .catch(undefined),
  calibration: z.object({ to: z.string().nullish() }).nullish(),
  holdout: z.object({ weeks: z.number().positive().nullish(), to: z.string().nullish() }).nullish(),
});

export type TaskManifest = z.infer<typeof manifestSchema>;

/** One part of a split, by column, in file order. */
export interface Part {
  /** What messages call it. */
  readonly file: string;
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Cells>;
}

export interface Task {
  readonly directory: string;
  readonly manifest: TaskManifest;
  readonly train: Part;
  readonly test: Part;
}

/** A folder that cannot be used; the message says which and why. */
export class TaskError extends Error {}

const depthMax = 4;

/** Folders with a `task.json`, at or below the given one, in the order of their names. */
export async function findTasks(directory: string, depth = 0): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    throw new TaskError(`${directory} cannot be read: ${error instanceof Error ? error.message : error}`);
  });
  if (entries.some((entry) => entry.name === "task.json")) return [directory];
  if (depth === depthMax) return [];
  const folders = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map(async ({ name }) =>
        (await stat(join(directory, name)).catch(() => undefined))?.isDirectory() ? [name] : [],
      ),
  );
  const found: string[] = [];
  for (const name of folders.flat().sort()) found.push(...(await findTasks(join(directory, name), depth + 1)));
  return found;
}

/** @throws TaskError */
export async function readTask(directory: string): Promise<Task> {
  const manifest = await readManifest(directory);
  const numeric = new Set(manifest.columns.filter(({ type }) => type === "numeric").map(({ name }) => name));
  const train = await readPart(directory, "train", numeric);
  const test = await readPart(directory, "test", numeric);
  return { directory, manifest, train, test };
}

async function readManifest(directory: string): Promise<TaskManifest> {
  const path = join(directory, "task.json");
  try {
    return manifestSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new TaskError(`${path} is not a task: ${reason}`);
  }
}

export async function hasPart(directory: string, name: string): Promise<boolean> {
  const files = await readdir(directory);
  return files.includes(`${name}.csv.gz`) || files.includes(`${name}.csv`);
}

/**
 * `<name>.csv.gz`, or the same unpacked.
 *
 * @param numeric the columns of which only the numbers matter
 * @throws TaskError
 */
export async function readPart(directory: string, name: string, numeric: ReadonlySet<string>): Promise<Part> {
  const path = join(directory, `${name}.csv.gz`);
  try {
    const packed = await readFile(path).catch(() => undefined);
    const bytes =
      packed === undefined ? await readFile(join(directory, `${name}.csv`)) : await promisify(gunzip)(packed);
    return parsePart(`${name}.csv.gz`, bytes, numeric);
  } catch (error) {
    throw new TaskError(`${path}: ${error instanceof Error ? error.message : error}`);
  }
}

function parsePart(file: string, bytes: Buffer, numeric: ReadonlySet<string>): Part {
  const readers: CellsReader[] = [];
  let rows = -1;
  const onRecord = (record: readonly string[]): null => {
    if (rows < 0) readers.push(...record.map((name) => (numeric.has(name) ? readNumbers(name) : readTexts(name))));
    else for (const [at, reader] of readers.entries()) reader.add(record[at] ?? "");
    rows += 1;
    return null;
  };
  // Records are not collected: as arrays of texts they take many times the room of what is kept of them.
  parse(bytes, { bom: true, relax_column_count: false, skip_empty_lines: false, on_record: onRecord });
  if (rows < 0) throw new TaskError("has no header row");
  const columns = new Map(readers.map(({ name, all }) => [name, all()]));
  if (columns.size < readers.length) throw new TaskError("names a column twice");
  return { file, rows, columns };
}
