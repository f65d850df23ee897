/** The command line of the simulator. */
import { parseArgs } from "node:util";
import { UsageError } from "../replay/arguments.ts";

export interface Arguments {
  /** Undefined: the instance that runs on the data directory. */
  readonly api: string | undefined;
  readonly purpose: "tune" | "report";
  readonly seed: number;
  readonly customers: number;
  readonly days: number;
  /** 0 to 0.5. */
  readonly fraudShare: number;
  readonly concurrency: number;
  /** A reviewer who knows the truth decides the queue at the end. */
  readonly reviews: boolean;
  readonly json: boolean;
  /** Writes the figures into docs/fraud.md. */
  readonly write: boolean;
}

/** Seeds below this one are for choosing features, rules and thresholds; those from it on are for telling how good they are. */
const reportSeedsFrom = 1_000;

export const usage = `npm run simulate -- [--purpose tune|report] [--seed n] [--customers n] [--days n] [--fraud share]
                    [--reviews] [--json] [--write] [--concurrency n] [--api url]

  --purpose      tune: seeds 1 to 999; report: seeds from 1000 (report). What was tuned on one seed is never reported on it.
  --seed         the season to play (1 or 1000)
  --customers    honest customers (1200)
  --days         length of the season (14)
  --fraud        fraudulent checkouts with a code per honest one, 0 to 0.5 (0.03)
  --reviews      decide the queue in the end as a reviewer who knows the truth: labels to train on
  --json         the figures as JSON, nothing else
  --write        put the figures into docs/fraud.md
  --concurrency  requests under way at once (16)
  --api          another service than the one running here; its key is read from TESSERA_API_KEY
`;

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): Arguments {
  const values = parse(argv);
  const { purpose } = values;
  if (purpose !== "tune" && purpose !== "report") throw new UsageError("--purpose is tune or report.");
  const [first, last] = purpose === "tune" ? [1, reportSeedsFrom - 1] : [reportSeedsFrom, 1_000_000];
  const fraudShare = Number(values.fraud);
  if (!(fraudShare >= 0 && fraudShare <= 0.5)) throw new UsageError("--fraud wants a share from 0 to 0.5.");
  if (values.write && purpose !== "report") throw new UsageError("--write is for reports: tuning seeds prove nothing.");
  return {
    api: values.api,
    purpose,
    seed: whole("--seed", values.seed ?? String(first), first, last),
    customers: whole("--customers", values.customers, 20, 100_000),
    days: whole("--days", values.days, 7, 90),
    fraudShare,
    concurrency: whole("--concurrency", values.concurrency, 1, 256),
    reviews: values.reviews,
    json: values.json,
    write: values.write,
  };
}

function parse(argv: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        api: text,
        purpose: { ...text, default: "report" },
        seed: text,
        customers: { ...text, default: "1200" },
        days: { ...text, default: "14" },
        fraud: { ...text, default: "0.03" },
        concurrency: { ...text, default: "16" },
        reviews: flag,
        json: flag,
        write: flag,
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new UsageError(`${name} wants a whole number from ${least} to ${most}.`);
  }
  return value;
}
