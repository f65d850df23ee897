/**
 * `npm run dashboards`: Evidence's development server for page authors, over the data of the running instance.
 *
 * Pages come from Evidence, which reloads them as they are edited; data, customers and sign-in come from the instance,
 * by the same addresses as in production. One small proxy in front makes both one site, so that the session's cookie
 * reaches both.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { ConfigError, parseConfig } from "../api/config.ts";
import { resolveStores } from "../api/instance.ts";

const directory = import.meta.dirname;
const port = Number(process.env.DASHBOARDS_PORT ?? 3000);
/** Everything else below /dashboards/ is Evidence's. */
const ofInstance =
  /^\/(console|v1|docs)(\/|$)|^\/dashboards\/(data\/|api\/(freshness|scope|models|data-health|customers|campaigns)(\?|$)|api\/(customers|campaigns)\/(?!.*evidencemeta\.json))/;

interface Target {
  readonly host: string;
  readonly port: number;
}

async function main(): Promise<void> {
  const instance = addressOfInstance();
  requirePackages();
  const evidence = { host: "127.0.0.1", port: await freePort() };
  const child = startEvidence(evidence.port);
  const proxy = createServer((incoming, outgoing) => {
    const target = ofInstance.test(incoming.url ?? "") ? instance : evidence;
    const passed = request({ ...target, method: incoming.method, path: incoming.url, headers: incoming.headers });
    passed.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on("error", () => outgoing.writeHead(502).end("Not there yet. Reload in a few seconds.\n"));
    incoming.pipe(passed);
  });
  passUpgrades(proxy, evidence);
  child.once("exit", (code) => process.exit(code ?? 1));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => child.kill("SIGTERM"));
  proxy.listen(port, "127.0.0.1", () => {
    const address = `http://127.0.0.1:${port}`;
    process.stdout.write(`Sign in at ${address}/console/sign-in, then edit pages and look at ${address}/dashboards/\n`);
  });
}

/** @throws Error with what to do when no instance runs. */
function addressOfInstance(): Target {
  const { apiUrl } = resolveStores(parseConfig(process.env));
  if (!apiUrl) throw new Error("The address of the API is not known: start the product first (npm start).");
  const url = new URL(apiUrl);
  return { host: url.hostname, port: Number(url.port || 80) };
}

function requirePackages(): void {
  if (existsSync(join(directory, "node_modules", "@evidence-dev"))) return;
  throw new Error("Install the packages of the pages once: npm ci --prefix dashboards --ignore-scripts");
}

function startEvidence(evidencePort: number): ChildProcess {
  const cli = join(directory, "node_modules", "@evidence-dev", "evidence", "cli.js");
  // It starts others, which must not outlive this command.
  const leash = join(directory, "..", "api", "dashboards", "leash.mjs");
  const args = [leash, process.execPath, cli, "dev", "--port", String(evidencePort), "--host", "127.0.0.1"];
  return spawn(process.execPath, args, {
    cwd: directory,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, SEND_ANONYMOUS_USAGE_STATS: "no", VITE_EVIDENCE_SPA: "true" },
  });
}

/** The web socket over which Evidence tells the page to reload. */
function passUpgrades(proxy: Server, target: Target): void {
  proxy.on("upgrade", (incoming: IncomingMessage, socket, head) => {
    const upstream = connect(target.port, target.host, () => {
      const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
      for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
        lines.push(`${incoming.rawHeaders[i]}: ${incoming.rawHeaders[i + 1]}`);
      }
      upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port: found } = probe.address() as AddressInfo;
      probe.close(() => resolve(found));
    });
  });
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
}
