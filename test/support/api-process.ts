/** The API in a process of its own, as an operator starts it, on stores that run elsewhere. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../api/supervise/server.ts";

const root = new URL("../..", import.meta.url).pathname;

export interface ApiProcess {
  readonly url: string;
  /** What it logged from `error` up, newest last. */
  errors(): readonly string[];
  /** `SIGKILL` leaves it no time for anything. Returns when it is gone. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export interface ApiProcessOptions {
  readonly databaseUrl: string;
  readonly clickhouseUrl: string;
  /** Default: a free one. */
  readonly port?: number;
}

/** The application answers when this returns; its stores may lack what only other roles need. */
export async function startApiProcess(options: ApiProcessOptions): Promise<ApiProcess> {
  const port = options.port ?? (await freePort());
  const dataDir = await mkdtemp(join(tmpdir(), "tessera-api-"));
  const child = spawn(process.execPath, ["--import", "tsx", "api/main.ts", "--role", "api"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PORT: String(port),
      TESSERA_DATA_DIR: dataDir,
      DATABASE_URL: options.databaseUrl,
      CLICKHOUSE_URL: options.clickhouseUrl,
      TESSERA_DASHBOARDS: "off",
      LOG_LEVEL: "error",
    },
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  // Whatever ends us must not leave it behind.
  const killIt = () => child.kill("SIGKILL");
  process.once("exit", killIt);
  let gone = false;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve())).then(async () => {
    gone = true;
    process.removeListener("exit", killIt);
    await rm(dataDir, { recursive: true, force: true });
  });
  const api: ApiProcess = {
    url: `http://127.0.0.1:${port}`,
    errors: () => printed.split("\n").filter(Boolean),
    end: async (signal) => {
      child.kill(signal);
      await ended;
    },
  };
  const deadline = Date.now() + 60_000;
  while (!(await answers(api.url))) {
    if (gone) throw new Error(`the API ended while starting: ${printed}`);
    if (Date.now() > deadline) {
      await api.end("SIGKILL");
      throw new Error(`the API did not answer in time: ${printed}`);
    }
    await delay(50);
  }
  return api;
}

/** Before there is an application the port answers 503 to everything. */
async function answers(url: string): Promise<boolean> {
  const response = await fetch(`${url}/v1/campaigns`).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.status === 401;
}
