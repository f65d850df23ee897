/** Starts a server process under a guardian, waits until it answers, and stops it in order. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isRunning, markOf, type ProcessMark, waitUntilGone } from "./processes.ts";

export interface ServerSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  readonly stopSignals: readonly NodeJS.Signals[];
  ready(): Promise<boolean>;
}

export interface RunningServer {
  readonly name: string;
  /** Settles when the server is gone, asked for or not. */
  readonly gone: Promise<void>;
  /** True once `stop` was called: a server that goes before that died. */
  readonly stopping: () => boolean;
  /** Stops it in order, by force after a while; returns when it is gone. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly pidFile: string;
  readonly logFile: string;
  /** Milliseconds until it must answer. */
  readonly timeoutMs: number;
}

const graceMs = 15_000;

/** @throws when the server ends or does not answer in time; nothing is left running then. */
export async function startServer(spec: ServerSpec, options: StartOptions): Promise<RunningServer> {
  const server = launch(spec, options);
  let gone = false;
  void server.gone.then(() => {
    gone = true;
  });
  const deadline = Date.now() + options.timeoutMs;
  while (!(await spec.ready())) {
    if (gone) throw new Error(`${spec.name} ended while starting. ${lastLines(options.logFile)}`);
    if (Date.now() >= deadline) {
      await server.stop();
      throw new Error(
        `${spec.name} did not answer within ${options.timeoutMs / 1000} s. ${lastLines(options.logFile)}`,
      );
    }
    await delay(50);
  }
  return server;
}

function launch(spec: ServerSpec, options: StartOptions): RunningServer {
  const log = openSync(options.logFile, "a", 0o600);
  // Field by field: every process of the machine may read it, and a spec knows its server's password.
  const { command, args, env, uid, gid, stopSignals } = spec;
  const document = JSON.stringify({ command, args, env, uid, gid, stopSignals, graceMs, pidFile: options.pidFile });
  const guardian = spawn(process.execPath, [fileURLToPath(new URL("./guardian.mjs", import.meta.url)), document], {
    detached: true,
    stdio: ["ignore", log, log, "ipc"],
    env: {},
  });
  closeSync(log);
  let serverMark: ProcessMark | undefined;
  const guardianMark = guardian.pid === undefined ? undefined : markOf(guardian.pid);
  const record = () => writeMarks(options.pidFile, [guardianMark, serverMark]);
  record();
  guardian.on("message", (message: { serverPid?: number }) => {
    if (message.serverPid === undefined || guardian.exitCode !== null) return;
    serverMark = markOf(message.serverPid);
    record();
  });
  const gone = ended(guardian).then(async () => {
    // A guardian that was killed left its server behind; without it nobody would stop the server later.
    if (serverMark && isRunning(serverMark)) await endByForce(serverMark);
    rmSync(options.pidFile, { force: true });
  });
  let stopping = false;
  return {
    name: spec.name,
    gone,
    stopping: () => stopping,
    async stop() {
      stopping = true;
      if (guardian.connected) guardian.disconnect();
      const late = AbortSignal.timeout(graceMs * spec.stopSignals.length + 5_000);
      late.addEventListener("abort", () => guardian.kill("SIGKILL"), { once: true });
      await gone;
    },
  };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
}

async function endByForce(mark: ProcessMark): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    try {
      process.kill(mark.pid, signal);
    } catch {
      return;
    }
    if (await waitUntilGone([mark], 5_000)) return;
  }
}

/**
 * Waits until the processes that an earlier instance recorded have gone: after a crash its stores need a moment to shut
 * down, and two servers must never share a directory.
 * @throws when they still run after `timeoutMs`.
 */
export async function waitForFormerServer(pidFile: string, timeoutMs: number): Promise<void> {
  const marks = readMarks(pidFile);
  if (await waitUntilGone(marks, timeoutMs)) return;
  const pids = marks.filter(isRunning).map((mark) => mark.pid);
  throw new Error(
    `a server of an earlier start still runs (pid ${pids.join(", ")}) and did not end in ${timeoutMs / 1000} s`,
  );
}

function readMarks(pidFile: string): ProcessMark[] {
  try {
    return JSON.parse(readFileSync(pidFile, "utf8")) as ProcessMark[];
  } catch {
    // Absent, or cut short by a crash: then it says nothing.
    return [];
  }
}

function writeMarks(pidFile: string, marks: readonly (ProcessMark | undefined)[]): void {
  writeFileSync(pidFile, JSON.stringify(marks.filter((mark) => mark !== undefined)), { mode: 0o600 });
}

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

function lastLines(file: string): string {
  try {
    return `Its last words (${file}):\n${readFileSync(file, "utf8").trimEnd().split("\n").slice(-8).join("\n")}`;
  } catch {
    return "";
  }
}
