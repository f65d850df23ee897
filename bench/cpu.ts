/** Processor time that processes have used, from /proc (Linux): on a machine that others use too, the clock says little. */
import { readdirSync, readFileSync } from "node:fs";

/** As Linux counts on every architecture Node runs on. */
const ticksPerSecond = 100;

interface Stat {
  readonly parent: number;
  /** User and system time, of the process and of children it has waited for. */
  readonly seconds: number;
}

/** A process and everything below it, those that have ended too. */
export function cpuSecondsOf(root: number): number {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync("/proc")) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (stat) stats.set(Number(name), stat);
  }
  const below = (pid: number): number => {
    const own = stats.get(pid)?.seconds ?? 0;
    const children = [...stats].filter(([, stat]) => stat.parent === pid).map(([child]) => child);
    return children.reduce((sum, child) => sum + below(child), own);
  };
  if (!stats.has(root)) throw new Error(`no process ${root}`);
  return below(root);
}

/** The process whose command line has all these words. @throws unless there is exactly one */
export function processWith(words: readonly string[]): number {
  const found = readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    const line = readText(`/proc/${name}/cmdline`)?.split("\0") ?? [];
    return words.every((word) => line.some((part) => part === word || part.endsWith(word)));
  });
  if (found.length !== 1) throw new Error(`${found.length} processes run ${words.join(" ")}`);
  return Number(found[0]);
}

export function parentOf(pid: number): number {
  const stat = statOf(pid);
  if (!stat) throw new Error(`no process ${pid}`);
  return stat.parent;
}

function statOf(pid: number): Stat | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name, in parentheses, may hold anything: what follows it is numbers.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const times = fields.slice(11, 15).map(Number);
  return { parent: Number(fields[1]), seconds: times.reduce((sum, ticks) => sum + ticks, 0) / ticksPerSecond };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
