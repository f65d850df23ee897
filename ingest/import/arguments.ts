/** The command line of the import. */
import { extname } from "node:path";
import { parseArgs } from "node:util";

const kinds = ["customers", "orders", "events", "redemptions"] as const;
type Kind = (typeof kinds)[number];

export const mediaTypes = {
  csv: "text/csv",
  ndjson: "application/x-ndjson",
  parquet: "application/vnd.apache.parquet",
} as const;
type Format = keyof typeof mediaTypes;

export interface Arguments {
  readonly kind: Kind;
  readonly file: string;
  readonly format: Format;
  /** Undefined: the instance that runs on the data directory. */
  readonly url: string | undefined;
  /** The environment variable that holds the key. */
  readonly keyEnv: string;
  /** Undefined: the key says which. */
  readonly project: string | undefined;
  readonly errorsFile: string;
  /** Not the job that the same file was sent for before, but a new one. */
  readonly again: boolean;
}

export class UsageError extends Error {}

export const usage = `npm run import -- <${kinds.join("|")}> <file> [--url url] [--key-env name] [--project name]
                  [--format csv|ndjson|parquet] [--errors file] [--again]

  <file>      .csv, .ndjson, .jsonl or .parquet; docs/import.md says what is in it
  --url       another service than the one running here
  --key-env   the environment variable that holds the key (TESSERA_API_KEY)
  --project   of the service running here, instead of a key: made when it is not there
  --format    when the file's name does not say it
  --errors    where the bad rows are written, .csv or .ndjson (<file>.errors.csv)
  --again     import the same file anew; else the job that it was sent for is followed to its end

It ends with 0 when all rows are in, 3 when there were bad ones, 1 when it failed, 2 when it was called wrongly.
`;

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv);
  const [kind, file, ...more] = positionals;
  if (!isKind(kind)) throw new UsageError(`What is to be imported? One of ${kinds.join(", ")}.`);
  if (file === undefined) throw new UsageError("Which file?");
  if (more.length > 0) throw new UsageError(`One file, please; not also ${more.join(", ")}.`);
  if (values.url !== undefined && !URL.canParse(values.url)) {
    throw new UsageError("--url wants a URL, e.g. https://tessera.example");
  }
  if (values.url !== undefined && values.project !== undefined) {
    throw new UsageError("With --url the key decides the project.");
  }
  return {
    kind,
    file,
    format: formatOf(file, values.format),
    url: values.url,
    keyEnv: values["key-env"] ?? "TESSERA_API_KEY",
    project: values.project,
    errorsFile: errorsFileOf(file, values.errors),
    again: values.again === true,
  };
}

function isKind(text: string | undefined): text is Kind {
  return (kinds as readonly (string | undefined)[]).includes(text);
}

const endings: Readonly<Record<string, Format>> = {
  ".csv": "csv",
  ".ndjson": "ndjson",
  ".jsonl": "ndjson",
  ".parquet": "parquet",
};

function formatOf(file: string, given: string | undefined): Format {
  if (given !== undefined && Object.hasOwn(mediaTypes, given)) return given as Format;
  if (given !== undefined) throw new UsageError("--format is csv, ndjson or parquet.");
  const format = endings[extname(file).toLowerCase()];
  if (format === undefined) throw new UsageError(`The name of ${file} does not say what it is: use --format.`);
  return format;
}

function errorsFileOf(file: string, given: string | undefined): string {
  if (given === undefined) return `${file}.errors.csv`;
  if (/\.(csv|ndjson)$/i.test(given)) return given;
  throw new UsageError("--errors wants a file that ends with .csv or .ndjson.");
}

function parse(argv: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        url: text,
        "key-env": text,
        project: text,
        format: text,
        errors: text,
        again: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
