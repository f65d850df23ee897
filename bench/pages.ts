/**
 * `npm run bench:pages -- [--key <key>] [--path <path>]…`: how long the pages of a running product take to show their
 * figures in a real browser. Cold: a browser that has never been here, and answers the service has to work out. Warm:
 * the same address again in the same browser, while nothing new has happened. Nothing is asserted; the figures go to
 * docs/dashboards.md with --write.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { parseConfig } from "../api/config.ts";
import { resolveStores } from "../api/instance.ts";
import { launchChromium } from "../test/browser/support/launch.ts";

const document = new URL("../docs/dashboards.md", import.meta.url);
const patienceMs = 120_000;
const warmLoads = 5;
const standing = [
  "",
  "campaigns/",
  "rejections/",
  "customers/",
  "segments/",
  "codes/",
  "data-health/",
  "models/",
  "fraud/",
];

interface Load {
  readonly path: string;
  readonly coldMs: number;
  /** Median of the warm ones. */
  readonly warmMs: number;
  readonly coldBytes: number;
}

/** Until every part of the page has its figures and it says as of when they are. */
async function load(page: Page, address: string): Promise<number> {
  const began = performance.now();
  await page.goto(address);
  await page.waitForFunction(
    `document.querySelector("[data-test=as-of]")?.textContent.includes("As of")
      && document.querySelectorAll(".animate-pulse").length === 0 && document.querySelector("main h1")`,
    undefined,
    { timeout: patienceMs, polling: 20 },
  );
  return performance.now() - began;
}

async function signIn(browser: Browser, base: string, key: string): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: true });
  await context.request.post(`${base}/console/sign-in`, { form: { key }, maxRedirects: 0 });
  return context;
}

async function measure(browser: Browser, base: string, key: string, path: string): Promise<Load> {
  const context = await signIn(browser, base, key);
  const page = await context.newPage();
  let coldBytes = 0;
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.loadingFinished", ({ encodedDataLength }) => {
    coldBytes += encodedDataLength;
  });
  const address = `${base}/dashboards/${path}`;
  const coldMs = await load(page, address);
  const bytes = coldBytes;
  const warm: number[] = [];
  for (let i = 0; i < warmLoads; i += 1) warm.push(await load(page, address));
  await context.close();
  warm.sort((a, b) => a - b);
  return { path, coldMs, warmMs: warm[Math.floor(warm.length / 2)] ?? Number.NaN, coldBytes: bytes };
}

function asTable(loads: readonly Load[]): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;
  const rows = loads.map(
    ({ path, coldMs, warmMs, coldBytes }) =>
      `| \`/dashboards/${path}\` | ${seconds(coldMs)} | ${seconds(warmMs)} | ${Math.round(coldBytes / 1_000)} kB |`,
  );
  const [cpu] = cpus();
  const machine = `${cpus().length} cores (${cpu?.model.trim() ?? "unknown"}), ${new Date().toISOString().slice(0, 10)}`;
  return [
    "| page | cold | warm | sent cold |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    `Browser and service on the same machine, ${machine}.`,
  ].join("\n");
}

function write(text: string): void {
  const [begin, end] = ["<!-- bench-pages:begin -->", "<!-- bench-pages:end -->"];
  const whole = readFileSync(document, "utf8");
  const [from, to] = [whole.indexOf(begin), whole.indexOf(end)];
  if (from < 0 || to < 0) throw new Error(`${document.pathname} has no place for the figures`);
  writeFileSync(document, `${whole.slice(0, from + begin.length)}\n\n${text}\n\n${whole.slice(to)}`);
}

const { values } = parseArgs({
  options: { key: { type: "string" }, path: { type: "string", multiple: true }, write: { type: "boolean" } },
});
const { apiUrl } = resolveStores(parseConfig(process.env));
const key = values.key ?? process.env.TESSERA_API_KEY;
if (!apiUrl || !key) throw new Error("Start the product first (npm start), and give a key of the project: --key");
const browser = await launchChromium();
try {
  const loads: Load[] = [];
  for (const path of [...standing, ...(values.path ?? [])]) {
    const measured = await measure(browser, apiUrl, key, path);
    loads.push(measured);
    process.stderr.write(
      `${path || "overview"}: cold ${Math.round(measured.coldMs)} ms, warm ${Math.round(measured.warmMs)} ms\n`,
    );
  }
  const text = asTable(loads);
  process.stdout.write(`${text}\n`);
  if (values.write) write(text);
} finally {
  await browser.close();
}
