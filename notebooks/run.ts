/**
 * `npm run notebooks`: executes every notebook from top to bottom, without a screen, on the marts of the running product.
 * The executed pages, charts included, go to `<data dir>/notebooks/*.html`; the committed notebooks stay without output.
 *
 * Exit code 0: all ran; 1: one failed, or nothing runs; 2: something must be set up first.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError, parseConfig } from "../api/config.ts";
import { resolveStores } from "../api/instance.ts";

const here = import.meta.dirname;
const tslab = join(here, "node_modules", ".bin", "tslab");
/** The system's Python, where Debian's packages are: another one on the PATH would not see them. */
const python = process.env.PYTHON ?? "/usr/bin/python3";
const cellSeconds = 300;

const executed = z.object({
  cells: z.array(
    z.object({
      outputs: z.array(z.object({ name: z.string().optional(), text: z.array(z.string()).default([]) })).default([]),
    }),
  ),
});

class SetUpError extends Error {}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function checkSetUp(): void {
  const missing: string[] = [];
  if (!existsSync(tslab)) missing.push("  npm ci --prefix notebooks");
  const imports = "import nbconvert, jupyter_client, jupyter_core, ipykernel";
  if (spawnSync(python, ["-c", imports], { stdio: "ignore" }).status !== 0) {
    missing.push(
      "  apt-get install jupyter-core jupyter-nbconvert jupyter-client python3-ipykernel   (as root, Debian 12)",
    );
  }
  if (missing.length > 0) {
    throw new SetUpError(`Notebooks need a set-up of their own, see notebooks/README.md:\n${missing.join("\n")}`);
  }
}

/** A kernel of this checkout only, under the data directory: nothing is registered for the user or the machine. */
function installKernel(prefix: string): void {
  const installed = spawnSync(tslab, ["install", "--prefix", prefix, "--binary", tslab, "--python", python], {
    encoding: "utf8",
  });
  if (installed.status !== 0) throw new SetUpError(`tslab install failed:\n${installed.stdout}${installed.stderr}`);
}

function execute(notebook: string, outputDir: string, env: NodeJS.ProcessEnv): boolean {
  const began = Date.now();
  const { status, stderr } = convert(["--to", "html", "--output-dir", outputDir, notebook], env);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  if (status === 0) {
    say(`${notebook}: ${seconds} s, ${join(outputDir, notebook.replace(/\.ipynb$/, ".html"))}`);
    return true;
  }
  say(`${notebook}: FAILED after ${seconds} s\n${whatCellsSaid(notebook, env) || stderr}`);
  return false;
}

function convert(args: readonly string[], env: NodeJS.ProcessEnv) {
  const options = ["-m", "jupyter", "nbconvert", "--execute", `--ExecutePreprocessor.timeout=${cellSeconds}`];
  return spawnSync(python, [...options, "--log-level", "WARN", ...args], {
    cwd: here,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** nbconvert stops at the failed cell with an empty message: tslab writes its errors to the cell's output instead. */
function whatCellsSaid(notebook: string, env: NodeJS.ProcessEnv): string {
  const { status, stdout } = convert(["--to", "notebook", "--allow-errors", "--stdout", notebook], env);
  if (status !== 0) return "";
  const { cells } = executed.parse(JSON.parse(stdout));
  return cells
    .flatMap(({ outputs }) => outputs)
    .flatMap((output) => (output.name === "stderr" ? output.text : []))
    .join("");
}

function main(): number {
  checkSetUp();
  const config = parseConfig(process.env);
  const { clickhouseUrl } = resolveStores(config);
  const outputDir = join(config.dataDir, "notebooks");
  const kernels = join(outputDir, "kernels");
  mkdirSync(kernels, { recursive: true });
  installKernel(kernels);
  const env = {
    ...process.env,
    CLICKHOUSE_URL: clickhouseUrl,
    JUPYTER_PATH: join(kernels, "share", "jupyter"),
    // TensorFlow's advice to install its native addon is no part of an answer.
    TF_CPP_MIN_LOG_LEVEL: "3",
  };
  const notebooks = readdirSync(here)
    .filter((name) => name.endsWith(".ipynb"))
    .sort();
  const results = notebooks.map((notebook) => execute(notebook, outputDir, env));
  return results.every(Boolean) && results.length > 0 ? 0 : 1;
}

try {
  process.exitCode = main();
} catch (error) {
  if (!(error instanceof SetUpError || error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof SetUpError ? 2 : 1;
}
