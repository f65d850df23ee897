/** How far the replay came and what it saw, in one small file that is replaced as a whole. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";

const count = z.int().min(0);

const progress = z.object({
  version: z.literal(1),
  /** Everything up to and including this day is in; null before the first. */
  lastDay: z.iso.date().nullable(),
  /** Customers, campaigns and vouchers are in. */
  prepared: z.boolean(),
  /** The service's campaign id by the data's. */
  campaigns: z.record(z.string(), z.string()),
  tally: z.object({
    publications: count,
    orders: count,
    ordersAssumed: count,
    ordersCompleted: count,
    accepted: count,
    discountAmount: count,
    flagged: count,
    /** Redemptions refused, by the key of their first reason. */
    rejected: z.record(z.string(), count),
    /** The same, by every reason they were given. */
    reasons: z.record(z.string(), count),
    /** Seconds spent in the replay of days, over all runs. */
    seconds: z.number().min(0),
    /** One entry a redemption, in milliseconds. */
    redemptionMs: z.array(z.number()),
  }),
});
export type Progress = z.infer<typeof progress>;
export type Tally = Progress["tally"];

export function newProgress(): Progress {
  return {
    version: 1,
    lastDay: null,
    prepared: false,
    campaigns: {},
    tally: {
      publications: 0,
      orders: 0,
      ordersAssumed: 0,
      ordersCompleted: 0,
      accepted: 0,
      discountAmount: 0,
      flagged: 0,
      rejected: {},
      reasons: {},
      seconds: 0,
      redemptionMs: [],
    },
  };
}

/** The stored progress; a new one when there is no file. A file that cannot be read is an error, not a fresh start. */
export async function loadProgress(file: string): Promise<Progress> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? newProgress() : progress.parse(JSON.parse(text));
}

export async function saveProgress(file: string, value: Progress): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const next = `${file}.next`;
  await writeFile(next, `${JSON.stringify(value)}\n`);
  await rename(next, file);
}
