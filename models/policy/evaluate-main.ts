/**
 * `npm run policy:evaluate`: what a policy would earn, from the log of others. On the Open Bandit data (--obd), on simulated
 * shops whose truth is known (--simulate), and on the product's own log.
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { ConfigError, parseConfig } from "../../api/config.ts";
import { resolveStores } from "../../api/instance.ts";
import { createWarehouse, databaseOf } from "../../warehouse/client.ts";
import { busiestProject } from "../train.ts";
import { compareOpenBandit } from "./open-bandit.ts";
import { readLog } from "./product-log.ts";
import { simulate } from "./simulate.ts";
import { describeBandit, describeLog, describeSimulation } from "./tables.ts";

const usage = `npm run policy:evaluate -- [--obd <folder>] [--simulate] [--runs 400] [--decisions 2000] [--seed 1] [--write]
npm run policy:evaluate -- [--project <id>] [--days 28]

  --obd        a folder of the Open Bandit data, small version
  --simulate   shops whose truth is known: bias, error and coverage of each estimator
  --write      puts the tables of --obd and --simulate into docs/personalisation.md
  Without --obd and --simulate: the log of the running product; default project: the one with the most redemptions
`;

const say = (text: string) => void process.stdout.write(`${text}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      obd: { type: "string" },
      simulate: { type: "boolean", default: false },
      runs: { type: "string", default: "400" },
      decisions: { type: "string", default: "2000" },
      seed: { type: "string", default: "1" },
      write: { type: "boolean", default: false },
      project: { type: "string" },
      days: { type: "string", default: "28" },
      help: { type: "boolean", default: false },
    },
  });
  const number = (name: "runs" | "decisions" | "seed" | "days", least: number, most: number) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new ConfigError(`--${name}: expected a whole number from ${least} to ${most}`);
    }
    return value;
  };
  const seed = number("seed", 0, 1_000_000_000);
  if (values.help) {
    say(usage);
    return 0;
  }
  if (values.obd !== undefined) {
    const table = describeBandit(await compareOpenBandit(values.obd, seed));
    say(table);
    if (values.write) await write("policy-obd", table);
  }
  if (values.simulate) {
    const asked = { runs: number("runs", 2, 100_000), decisions: number("decisions", 100, 100_000), seed };
    const table = [1, 3]
      .map((places) => describeSimulation({ ...asked, places }, simulate({ ...asked, places })))
      .join("\n\n");
    say(table);
    if (values.write) await write("policy-simulation", table);
  }
  if (values.obd !== undefined || values.simulate) return 0;
  return evaluateLog(values.project, { days: number("days", 1, 366), resamples: 1000, seed });
}

async function evaluateLog(project: string | undefined, options: Parameters<typeof readLog>[2]): Promise<number> {
  const config = parseConfig(process.env);
  const url = config.clickhouseUrl ?? resolveStores(config).clickhouseUrl;
  const warehouse = createWarehouse({ url, database: databaseOf(url), requestTimeoutMs: 120_000 });
  try {
    const projectId = project ?? (await busiestProject(warehouse));
    const report = projectId === undefined ? undefined : await readLog(warehouse, projectId, options);
    if (report === undefined || report.decisions === 0) {
      say("No offers were served in these days: there is nothing to evaluate.");
      return 1;
    }
    say(
      `project ${projectId}, ${report.decisions} decisions of ${options.days} days${report.isPart ? ", the newest" : ""}\n`,
    );
    say(describeLog(report));
    return 0;
  } finally {
    await warehouse.close();
  }
}

async function write(block: string, text: string): Promise<void> {
  const path = new URL("../../docs/personalisation.md", import.meta.url);
  const page = await readFile(path, "utf8");
  const [begin, end] = [`<!-- ${block}:begin -->`, `<!-- ${block}:end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/personalisation.md lost its markers of ${block}`);
  await writeFile(path, `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`);
}

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof ConfigError || (error instanceof TypeError && "code" in error);
  process.stderr.write(`${expected || !(error instanceof Error) ? String((error as Error).message) : error.stack}\n`);
  process.exitCode = 1;
}
