import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const candidates = [process.env.CHROMIUM, process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/google-chrome"];

const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // WebAssembly runs as it was first compiled: to make it faster costs more than any page of ours runs.
  "--js-flags=--liftoff-only",
];

/** @throws Error when there is no browser. */
export function launchChromium(more: readonly string[] = []): Promise<Browser> {
  const executablePath = candidates.find((path) => path !== undefined && existsSync(path));
  if (!executablePath) throw new Error("no Chromium here: set CHROMIUM to a browser's path");
  return chromium.launch({ executablePath, headless: true, args: [...args, ...more] });
}
