import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lockDataDir } from "../../../api/supervise/lock.ts";
import { isRunning, markOf } from "../../../api/supervise/processes.ts";

let dataDir: string;
let lockFile: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "tessera-lock-"));
  lockFile = join(dataDir, "instance.lock");
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

/** The pid of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

it("is held once, refuses the second with the holder's pid, and is free again after its release", () => {
  const lock = lockDataDir(dataDir);
  expect(() => lockDataDir(dataDir)).toThrow(`pid ${process.pid}`);
  lock.release();
  expect(existsSync(lockFile)).toBe(false);
  lockDataDir(dataDir).release();
});

it("takes over at once from a holder that is dead, and leaves nothing beside", () => {
  writeFileSync(lockFile, JSON.stringify({ pid: deadPid(), startTicks: 1 }));
  const lock = lockDataDir(dataDir);
  expect(readdirSync(dataDir)).toEqual(["instance.lock"]);
  lock.release();
});

it.runIf(process.platform === "linux")("takes over when the holder's pid now belongs to another process", () => {
  writeFileSync(lockFile, JSON.stringify({ pid: process.pid, startTicks: (markOf(process.pid).startTicks ?? 0) - 1 }));
  lockDataDir(dataDir).release();
});

it("takes over a lock that a crash of the machine left empty", () => {
  writeFileSync(lockFile, "");
  lockDataDir(dataDir).release();
});

it("knows this process as running and an ended one as not", () => {
  expect(isRunning(markOf(process.pid))).toBe(true);
  expect(isRunning({ pid: deadPid() })).toBe(false);
});
