import { spawn } from "node:child_process";
import { StringDecoder } from "node:string_decoder";
import { fileURLToPath } from "node:url";

const leash = fileURLToPath(new URL("./leash.mjs", import.meta.url));
/** Characters of output kept for the error: its beginning names the fault, its end the last step. */
const headMax = 1_000;
const tailMax = 1_000;

class CommandError extends Error {}

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
  const output = new Excerpt();
  for (const stream of [child.stdout, child.stderr]) {
    const decoder = new StringDecoder("utf8");
    stream?.on("data", (chunk: Buffer) => {
      output.add(decoder.write(chunk));
    });
  }
  const stop = () => child.disconnect();
  run.signal.addEventListener("abort", stop, { once: true });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
    // Node never emits "close" once the channel was cut from this side; what it printed matters no more then.
    child.once("exit", (code) => run.signal.aborted && resolve(code));
  }).finally(() => run.signal.removeEventListener("abort", stop));
  run.signal.throwIfAborted();
  if (code !== 0) throw new CommandError(`${run.name} ended with ${code}.\n${output}`);
}

class Excerpt {
  #head = "";
  #tail = "";

  add(text: string): void {
    const room = headMax - this.#head.length;
    this.#head += text.slice(0, room);
    this.#tail = (this.#tail + text.slice(room)).slice(-tailMax);
  }

  toString(): string {
    return [this.#head, this.#tail]
      .map((part) => part.trim())
      .filter(Boolean)
      .join("\n…\n");
  }
}
