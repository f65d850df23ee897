/** The product as its operator runs it: `npm start` in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const root = new URL("../../", import.meta.url).pathname;

export interface Run {
  readonly child: ChildProcess;
  /** What it printed until now, both streams. */
  output(): string;
  /** Settles with the exit code when the command has ended. */
  readonly exited: Promise<number | null>;
}

export function npm(args: readonly string[], env: Readonly<Record<string, string>>): Run {
  const child = spawn("npm", ["--silent", ...args], {
    cwd: root,
    // Nothing of the test runner's: the product must see a plain environment.
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", TESSERA_DASHBOARDS: "off", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  return { child, output: () => text, exited };
}

/** @throws when it is not so within `timeoutMs`; `detail` is added to the message. */
export async function eventually(
  what: string,
  check: () => Promise<boolean> | boolean,
  timeoutMs: number,
  detail: () => string = () => "",
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}\n${detail()}`);
    await delay(50);
  }
}

export async function untilReady(run: Run, baseUrl: string): Promise<void> {
  let ended = false;
  void run.exited.then(() => {
    ended = true;
  });
  await eventually(
    `${baseUrl}/readyz answers 200`,
    async () => {
      if (ended) throw new Error(`ended before it was ready:\n${run.output()}`);
      return (await statusOf(`${baseUrl}/readyz`)) === 200;
    },
    30_000,
    run.output,
  );
}

/** Undefined: nobody answers. */
export async function statusOf(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return undefined;
  }
}

export interface InstanceFile {
  readonly process: { readonly pid: number };
  readonly database_url: string;
  readonly clickhouse_url: string;
}

export function instanceOf(dataDir: string): InstanceFile {
  return JSON.parse(readFileSync(join(dataDir, "instance.json"), "utf8")) as InstanceFile;
}

/** Every living process that names the data directory: guardians and stores. */
export function processesOf(dataDir: string): { pid: number; command: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), command: commandOf(name) }))
    .filter(({ command }) => command.includes(dataDir));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
