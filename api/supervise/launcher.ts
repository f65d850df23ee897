/** Started by npm, the product is a child of npm's: when npm is killed, nobody would ever stop it. */
import { readFileSync } from "node:fs";
import { commandLine, isRunning, markOf, type ProcessMark } from "./processes.ts";

const checkEveryMs = 500;
const ancestorsMax = 8;

/** Calls `onGone` once when the npm that runs this process, or anything between, has gone. No npm: never. */
export function watchLauncher(onGone: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const marks = ancestorsUpToNpm();
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent && marks.every(isRunning)) return;
    clearInterval(timer);
    onGone();
  }, checkEveryMs);
  timer.unref();
}

/** Empty where there is no /proc: the parent alone is watched then. */
function ancestorsUpToNpm(): ProcessMark[] {
  const marks: ProcessMark[] = [];
  for (let pid: number | undefined = process.ppid; pid !== undefined && pid > 1; pid = parentOf(pid)) {
    marks.push(markOf(pid));
    if (/\bnpm\b/.test(commandLine(pid) ?? "")) return marks;
    if (marks.length >= ancestorsMax) break;
  }
  return [];
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) || undefined;
  } catch {
    return undefined;
  }
}
