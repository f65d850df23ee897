import { spawn } from "node:child_process";
import { StringDecoder } from "node:string_decoder";
import { fileURLToPath } from "node:url";

const leash = fileURLToPath(new URL("./leash.mjs", import.meta.url));
const outputMax = 2_000;

export class CommandError extends Error {}

export interface Command {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Runs it to its end at low priority, with everything it starts. Aborting, or the end of this process, ends them all.
 *
 * @throws CommandError with the end of its output; the signal's reason when aborted.
 */
export async function runCommand(run: Command): Promise<void> {
  run.signal.throwIfAborted();
  const child = spawn(process.execPath, [leash, run.command, ...run.args], {
    cwd: run.cwd,
    env: run.env,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    const decoder = new StringDecoder("utf8");
    stream?.on("data", (chunk: Buffer) => {
      output = (output + decoder.write(chunk)).slice(-outputMax);
    });
  }
  const stop = () => child.disconnect();
  run.signal.addEventListener("abort", stop, { once: true });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => run.signal.removeEventListener("abort", stop));
  run.signal.throwIfAborted();
  if (code !== 0) throw new CommandError(`${run.name} ended with ${code}.\n${output.trim()}`);
}
