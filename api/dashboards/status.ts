/** What processes that share a data directory tell each other about the dashboards: files, written whole or not at all. */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

export const phases = ["install", "build", "pack"] as const;
export type Phase = (typeof phases)[number];

const seconds = z.number().min(0);
const statusDocument = z.discriminatedUnion("state", [
  z.object({
    state: z.literal("working"),
    phase: z.enum(phases),
    started_at: z.iso.datetime(),
    /** Until all phases are done, from `started_at`. */
    expected_seconds: seconds,
    pid: z.int(),
  }),
  z.object({ state: z.literal("failed"), at: z.iso.datetime(), error: z.string() }),
  z.object({ state: z.literal("ready"), at: z.iso.datetime() }),
  z.object({ state: z.literal("off"), at: z.iso.datetime() }),
]);
export type Status = z.infer<typeof statusDocument>;

/** How long each phase took here the last time; before the first time, on two slow cores. */
const timesDocument = z.object({ install: seconds, build: seconds, pack: seconds });
export type Times = z.infer<typeof timesDocument>;
const firstTimes: Times = { install: 90, build: 130, pack: 30 };

export function dashboardsDirectory(dataDir: string): string {
  return join(dataDir, "dashboards");
}

/** Undefined: nobody has begun, or what is there cannot be read. */
export async function readStatus(dataDir: string): Promise<Status | undefined> {
  const parsed = statusDocument.safeParse(await readJson(dataDir, "status.json"));
  return parsed.success ? parsed.data : undefined;
}

export function writeStatus(dataDir: string, status: Status): Promise<void> {
  return replaceFile(dataDir, "status.json", JSON.stringify(status));
}

export async function readTimes(dataDir: string): Promise<Times> {
  const parsed = timesDocument.safeParse(await readJson(dataDir, "times.json"));
  return parsed.success ? parsed.data : firstTimes;
}

export function writeTimes(dataDir: string, times: Times): Promise<void> {
  return replaceFile(dataDir, "times.json", JSON.stringify(times));
}

/** The name of the build that is served; undefined before the first one is whole. */
export async function readCurrent(dataDir: string): Promise<string | undefined> {
  const text = await readFile(join(dashboardsDirectory(dataDir), "current"), "utf8").catch(() => "");
  return isBuildName(text) ? text : undefined;
}

/** A build's folder is named by the hash of what it was made from. */
export function isBuildName(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text);
}

export function writeCurrent(dataDir: string, name: string): Promise<void> {
  return replaceFile(dataDir, "current", name);
}

async function readJson(dataDir: string, name: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(dashboardsDirectory(dataDir), name), "utf8"));
  } catch {
    return undefined;
  }
}

async function replaceFile(dataDir: string, name: string, text: string): Promise<void> {
  const path = join(dashboardsDirectory(dataDir), name);
  await writeFile(`${path}.${process.pid}`, text);
  await rename(`${path}.${process.pid}`, path);
}
