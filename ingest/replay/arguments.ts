/** The command line of the replay. */
import { parseArgs } from "node:util";

export interface Arguments {
  readonly folder: string;
  /** Undefined: the instance that runs on the data directory. */
  readonly api: string | undefined;
  readonly project: string;
  readonly daysMax: number;
  readonly concurrency: number;
}

export class UsageError extends Error {}

export const usage = `npm run replay -- <folder> [--project name] [--limit-days n] [--concurrency n] [--api url]

  <folder>          the Complete Journey files (*.csv.gz)
  --project         the project to replay into, made when it is not there (complete-journey)
  --limit-days      days to play in this run at most; the next run continues (all)
  --concurrency     requests under way at once (16)
  --api             another service than the one running here; its key is read from TESSERA_API_KEY
`;

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv);
  const [folder, ...more] = positionals;
  if (folder === undefined) throw new UsageError("Which folder holds the files?");
  if (more.length > 0) throw new UsageError(`One folder, please; not also ${more.join(", ")}.`);
  return {
    folder,
    api: values.api,
    project: values.project ?? "complete-journey",
    daysMax: positive("--limit-days", values["limit-days"], Number.MAX_SAFE_INTEGER),
    concurrency: positive("--concurrency", values.concurrency, 16, 256),
  };
}

function parse(argv: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { api: text, project: text, "limit-days": text, concurrency: text },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function positive(name: string, text: string | undefined, otherwise: number, max = Number.MAX_SAFE_INTEGER): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > max) {
    throw new UsageError(`${name} wants a whole number from 1${max < Number.MAX_SAFE_INTEGER ? ` to ${max}` : ""}.`);
  }
  return value;
}
