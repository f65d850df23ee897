/** `npm run restore -- <folder>`: fills the data directory, which must be absent or empty, from a backup. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ConfigError, parseConfig } from "../config.ts";
import { complain, say } from "../supervise/banner.ts";
import { explain } from "../supervise/command.ts";
import { restore } from "./restore.ts";

async function main(): Promise<void> {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [given] = positionals;
  if (given === undefined || positionals.length > 1) throw new ConfigError("usage: npm run restore -- <folder>");
  const { dataDir } = parseConfig(process.env);
  const began = Date.now();
  const manifest = await restore({ folder: resolve(given), dataDir, say });
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  say(
    `Restored ${dataDir} as of ${manifest.finished_at} in ${seconds} s. Start it with npm start, then npm run reconcile.`,
  );
}

try {
  await main();
} catch (error) {
  complain(explain(error));
  process.exitCode = error instanceof ConfigError ? 2 : 1;
}
