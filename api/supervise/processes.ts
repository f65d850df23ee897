/** Whether a process recorded in a file still runs. A pid alone may have been given to another process since. */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export interface ProcessMark {
  readonly pid: number;
  /** The kernel's start time of the process in clock ticks; undefined where /proc is not there. */
  readonly startTicks?: number | undefined;
}

export function markOf(pid: number): ProcessMark {
  return { pid, startTicks: readStat(pid)?.startTicks };
}

/** A zombie counts as gone: it holds nothing any more. */
export function isRunning(mark: ProcessMark): boolean {
  try {
    process.kill(mark.pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const stat = readStat(mark.pid);
  if (stat === undefined) return process.platform !== "linux";
  if (stat.state === "Z" || stat.state === "X") return false;
  return mark.startTicks === undefined || mark.startTicks === stat.startTicks;
}

/** True when all have gone before the deadline. */
export async function waitUntilGone(marks: readonly ProcessMark[], timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (marks.some(isRunning)) {
    if (Date.now() >= deadline) return false;
    await delay(50);
  }
  return true;
}

/** The command line of a process, undefined when it cannot be read. */
export function commandLine(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return undefined;
  }
}

function readStat(pid: number): { state: string; startTicks: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the name in parentheses and may hold blanks: count from the last parenthesis.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", startTicks: Number(fields[19]) };
  } catch {
    return undefined;
  }
}
