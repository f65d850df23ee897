/** Installs the dashboards' packages and builds their pages once in the background, and again when they change. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import type { Logger } from "pino";
import { runCommand } from "./command.ts";
import { packFiles } from "./pack.ts";
import { copyProject, packagesHash, projectDirectory, projectHash } from "./project.ts";
import {
  dashboardsDirectory,
  isBuildName,
  type Phase,
  phases,
  readCurrent,
  readTimes,
  type Times,
  writeCurrent,
  writeStatus,
  writeTimes,
} from "./status.ts";

export interface BuildOptions {
  /** "off" only notes it, so that the page says so. */
  readonly mode: "build" | "off";
  /** Absolute. Everything is made below its `dashboards` folder, so that instances never meet. */
  readonly dataDir: string;
  readonly log: Logger;
  /** A line for a person: the phase, the time it has taken and the time it should take. */
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

const progressEveryMs = 15_000;
const phaseNames: Readonly<Record<Phase, string>> = {
  install: "installing packages",
  build: "building pages",
  pack: "compressing files",
};

/**
 * Until the new build is whole the old one is served. Never throws: dashboards are no reason for the product to stop,
 * and what went wrong is logged and shown on their page.
 */
export async function buildDashboards(options: BuildOptions): Promise<"ready" | "failed" | "stopped" | "off"> {
  const { dataDir, log, mode, signal } = options;
  try {
    await mkdir(dashboardsDirectory(dataDir), { recursive: true });
    if (mode === "off") {
      await writeStatus(dataDir, { state: "off", at: new Date().toISOString() });
      return "off";
    }
    await makeCurrent(options);
    await writeStatus(dataDir, { state: "ready", at: new Date().toISOString() });
    return "ready";
  } catch (error) {
    if (signal.aborted) return "stopped";
    log.error({ err: error }, "the dashboards could not be built");
    const text = error instanceof Error ? error.message : String(error);
    await writeStatus(dataDir, { state: "failed", at: new Date().toISOString(), error: text }).catch(() => undefined);
    return "failed";
  }
}

async function makeCurrent(options: BuildOptions): Promise<void> {
  const { dataDir, log } = options;
  const name = await projectHash(projectDirectory);
  const before = await readCurrent(dataDir);
  const whole = join(dashboardsDirectory(dataDir), name);
  if (!existsSync(whole)) await make(options, whole);
  if (before !== name) await writeCurrent(dataDir, name);
  await removeOthers(dataDir, [name, before]);
  log.info({ build: name }, "dashboards are ready");
}

async function make(options: BuildOptions, whole: string): Promise<void> {
  const { dataDir, signal } = options;
  const work = join(dashboardsDirectory(dataDir), "work");
  const packages = await packagesHash(projectDirectory);
  const stamp = join(work, "node_modules", ".tessera-packages");
  const installed = (await readFile(stamp, "utf8").catch(() => "")) === packages;
  const steps: Readonly<Record<Phase, () => Promise<void>>> = {
    async install() {
      await refresh(work);
      if (installed) return;
      await npmCi(work, signal);
      await writeFile(stamp, packages);
    },
    async build() {
      const cli = join(work, "node_modules", "@evidence-dev", "evidence", "cli.js");
      const run = { name: "evidence build", command: process.execPath, args: [cli, "build:strict"], cwd: work };
      await runCommand({ ...run, env: childEnvironment(), signal });
      if (!existsSync(join(work, "build", "index.html"))) throw new Error("The build has no index.html.");
    },
    async pack() {
      await packFiles(join(work, "build"), signal);
      await rename(join(work, "build"), whole);
      await rm(join(work, ".evidence"), { recursive: true, force: true });
    },
  };
  await runPhases(options, steps, installed);
}

async function runPhases(
  options: BuildOptions,
  steps: Readonly<Record<Phase, () => Promise<void>>>,
  installed: boolean,
): Promise<void> {
  const { dataDir, onProgress, signal } = options;
  const known = await readTimes(dataDir);
  const expected: Times = { ...known, install: installed ? 1 : known.install };
  const total = phases.reduce((sum, phase) => sum + expected[phase], 0);
  const taken = { ...known };
  const began = Date.now();
  for (const phase of phases) {
    signal.throwIfAborted();
    await writeStatus(dataDir, {
      state: "working",
      phase,
      started_at: new Date(began).toISOString(),
      expected_seconds: total,
      pid: process.pid,
    });
    const say = () => onProgress(`${phaseNames[phase]}, ${clock(secondsSince(began))} of about ${clock(total)}`);
    say();
    const timer = setInterval(say, progressEveryMs);
    const phaseBegan = Date.now();
    try {
      await steps[phase]();
    } finally {
      clearInterval(timer);
    }
    if (phase !== "install" || !installed) taken[phase] = Math.round(secondsSince(phaseBegan));
  }
  await writeTimes(dataDir, taken);
  onProgress(`ready after ${clock(secondsSince(began))}`);
}

/** A copy of the project as it is now, beside the packages that may stay. */
async function refresh(work: string): Promise<void> {
  await mkdir(work, { recursive: true });
  for (const name of await readdir(work)) {
    if (name !== "node_modules") await rm(join(work, name), { recursive: true, force: true });
  }
  await copyProject(projectDirectory, work);
}

/** Scripts of packages are not run: nothing that is installed needs one. */
function npmCi(work: string, signal: AbortSignal): Promise<void> {
  const args = ["ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  // Under `npm start` npm says where it is; otherwise the one on the path.
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  return runCommand({ name: "npm ci", command, args: [...first, ...args], cwd: work, env: childEnvironment(), signal });
}

/** What the tools need and no more: they see no database address and no key. */
function childEnvironment(): Record<string, string> {
  const passed =
    /^(PATH|HOME|USER|LANG|LC_ALL|TMPDIR|SystemRoot|APPDATA|LOCALAPPDATA|(https?|no)_proxy|NODE_EXTRA_CA_CERTS|npm_config_(registry|cache|userconfig|globalconfig|cafile|proxy|https_proxy|noproxy))$/i;
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env))
    if (value !== undefined && passed.test(name)) env[name] = value;
  env.PATH = [dirname(process.execPath), env.PATH].filter(Boolean).join(delimiter);
  env.npm_config_update_notifier = "false";
  env.SEND_ANONYMOUS_USAGE_STATS = "no";
  env.VITE_EVIDENCE_SPA = "true";
  return env;
}

/** The build before stays, for pages that are open while it is replaced. */
async function removeOthers(dataDir: string, keep: readonly (string | undefined)[]): Promise<void> {
  const directory = dashboardsDirectory(dataDir);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isDirectory() || !isBuildName(entry.name) || keep.includes(entry.name)) continue;
    await rm(join(directory, entry.name), { recursive: true, force: true });
  }
}

function secondsSince(began: number): number {
  return (Date.now() - began) / 1_000;
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
