/** `npm run simulate`: a season of honest custom and known abuse through the HTTP API, and how well they were told apart. */
import { SingleBar } from "cli-progress";
import { ConfigError, parseConfig } from "../../api/config.ts";
import { createKysely, createPool } from "../../api/db/kysely.ts";
import { resolveStores } from "../../api/instance.ts";
import { UsageError } from "../replay/arguments.ts";
import { ApiError, createCall } from "../replay/client.ts";
import { openProject } from "../replay/project.ts";
import { type Arguments, parseArguments, usage } from "./arguments.ts";
import { planSeason } from "./plan.ts";
import { describe } from "./report.ts";
import { playSeason, type Season } from "./season.ts";
import { writeFigures } from "./write-figures.ts";

const exitWrong = 1;
const exitUsage = 2;
const exitInterrupted = 130;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function main(): Promise<number> {
  const args = parseArguments(process.argv.slice(2));
  const target = await targetOf(args);
  const endsAt = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  const plan = planSeason({ ...args, endsAt });
  say(`Seed ${args.seed}, to ${args.purpose}: ${plan.acts.length} deeds in ${plan.days} days.`);
  const stop = new AbortController();
  const onSignal = () => stop.abort(new Error("interrupted"));
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  const bar = new SingleBar({
    format: "{bar} {percentage}% | {value}/{total} | {duration_formatted}, {eta_formatted} to go",
    hideCursor: true,
    gracefulExit: false,
    noTTYOutput: true,
    notTTYSchedule: 15_000,
    stream: process.stderr,
  });
  bar.start(plan.acts.length, 0);
  let season: Season;
  try {
    season = await playSeason({
      call: createCall(target.api, target.key, stop.signal, [429]),
      plan,
      concurrency: args.concurrency,
      reviews: args.reviews,
      signal: stop.signal,
      onProgress: (done) => bar.increment(done),
    });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return exitInterrupted;
  } finally {
    bar.stop();
  }
  const text = describe(season.measured);
  if (args.json) process.stdout.write(`${JSON.stringify(toJson(args, season), null, 2)}\n`);
  else process.stdout.write(`\n${text}\n`);
  if (args.write) await writeFigures(args, plan, text);
  return 0;
}

function toJson({ seed, purpose, customers, days }: Arguments, { measured, reviewed }: Season) {
  return { seed, purpose, customers, days, ...measured, attacks: Object.fromEntries(measured.attacks), reviewed };
}

async function targetOf(args: Arguments): Promise<{ readonly api: string; readonly key: string }> {
  const config = parseConfig(process.env);
  if (args.api !== undefined) {
    if (!URL.canParse(args.api)) throw new UsageError("--api wants a URL, e.g. https://tessera.example");
    if (config.apiKey === undefined) throw new UsageError("--api needs the service's key in TESSERA_API_KEY.");
    return { api: args.api, key: config.apiKey };
  }
  const stores = resolveStores(config);
  const pool = createPool({ connectionString: stores.databaseUrl, max: 1, applicationName: "tessera-simulate" });
  try {
    // A season is played once: who comes back to a project would find codes that are used and customers that are known.
    const name = `season-${args.seed}-${new Date().toISOString().replaceAll(/[-:]|\..*/g, "")}`;
    const project = await openProject(createKysely(pool), config.dataDir, name);
    say(`Project ${name} (${project.id}); its key, also for the console and the dashboards, is in ${project.keyFile}`);
    return { api: stores.apiUrl ?? `http://${config.host}:${config.port}`, key: project.key };
  } finally {
    await pool.end();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${usage}`);
    process.exitCode = exitUsage;
  } else if (error instanceof ConfigError || error instanceof ApiError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = exitWrong;
  } else {
    throw error;
  }
}
