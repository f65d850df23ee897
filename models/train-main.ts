/** `npm run train`: trains models on the running product's warehouse and prints how they compare with their rivals. */
import { parseArgs } from "node:util";
import { ConfigError, parseConfig } from "../api/config.ts";
import { createPool } from "../api/db/kysely.ts";
import { resolveStores } from "../api/instance.ts";
import { createWarehouse, databaseOf } from "../warehouse/client.ts";
import { cardOf } from "./card.ts";
import { type Manifest, type ModelName, modelNames } from "./registry/manifest.ts";
import { registryDirectory } from "./registry/store.ts";
import { filesTarget, projectTarget } from "./registry/target.ts";
import { loadRuntime } from "./runtime.ts";
import { busiestProject, type TrainResult, train } from "./train.ts";

const usage = `npm run train -- [--project <id>] [--name <model>] [--seed <number>] [--promote] [--if-better] [--registry <folder>]

  --project    whose events to learn from; default: the project with the most redemptions
  --name       ${modelNames.join(", ")}; default: all
  --seed       default 7; the same data and seed give the same models
  --promote    makes the new models the project's champions: they serve within seconds, without a restart
  --if-better  with --promote: only those that beat the champion and every baseline on the held-back days
  --registry   writes files there instead, with a card each, as models/registry has them for every project
`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      project: { type: "string" },
      name: { type: "string" },
      seed: { type: "string", default: "7" },
      registry: { type: "string" },
      promote: { type: "boolean", default: false },
      "if-better": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const seed = Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0 || seed > 1_000_000_000) throw new ConfigError(`--seed: not a whole number`);
  const names = values.name === undefined ? modelNames : modelNames.filter((name) => name === values.name);
  if (names.length === 0) throw new ConfigError(`--name: there are ${modelNames.join(", ")}`);
  if (values["if-better"] && !values.promote) throw new ConfigError("--if-better goes with --promote");
  const promote = values.promote ? (values["if-better"] ? "better" : "always") : "never";
  return { ...values, seed, names: names as readonly ModelName[], promote: promote as "always" | "better" | "never" };
}

/** One column a candidate, one line a metric: the model first. */
function table({ name, version, metrics, champion, data }: Manifest): string {
  const columns: [string, Readonly<Record<string, number>>][] = [
    ["model", metrics.model],
    ...Object.entries(metrics.baselines),
    ...(champion === null ? [] : [["champion", champion.metrics] as [string, Record<string, number>]]),
  ];
  const rows = [
    [`${name}@${version}`, ...columns.map(([column]) => column)],
    ...Object.keys(metrics.model).map((metric) => [
      metric,
      ...columns.map(([, values]) => values[metric]?.toFixed(4) ?? "–"),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const { rows: parts, positives } = data;
  const counted = positives === null ? "" : `, positive ${positives.train}/${positives.validation}/${positives.test}`;
  const heldBack =
    name === "uplift" ? "one customer in five held back" : `held back from ${data.held_back_from.slice(0, 10)} on`;
  const window = `${data.from.slice(0, 10)} to ${data.to.slice(0, 10)}, ${heldBack}`;
  return ["", ...lines, `${window}; rows ${parts.train}/${parts.validation}/${parts.test}${counted}`, ""].join("\n");
}

function told(result: TrainResult): string {
  if (result.outcome === "too_little_data") return `${result.name}: too little data. ${result.reason}.`;
  const { name, outcome, verdict } = result;
  const better = `${verdict.promote ? "better" : "not better"}: ${verdict.reason}`;
  return `${table(result.manifest)}${name}: ${outcome === "promoted" ? "promoted" : "kept as a challenger"}; ${better}.`;
}

async function main(): Promise<number> {
  const options = readOptions();
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  if (options.help) {
    say(usage);
    return 0;
  }
  const urls = resolveStores(parseConfig(process.env));
  const warehouse = createWarehouse({
    url: urls.clickhouseUrl,
    database: databaseOf(urls.clickhouseUrl),
    requestTimeoutMs: 600_000,
  });
  const pool = createPool({ connectionString: urls.databaseUrl, max: 2, applicationName: "tessera-train" });
  try {
    const projectId = options.project ?? (await busiestProject(warehouse));
    if (projectId === undefined) {
      say("Nothing has been redeemed yet: there is nothing to learn from.");
      return 1;
    }
    const runtime = await loadRuntime();
    say(`TF.js on ${runtime.backend}, project ${projectId}, seed ${options.seed}`);
    const registry =
      options.registry === undefined
        ? projectTarget(pool, projectId, registryDirectory)
        : filesTarget(options.registry, (manifest) => ({ "CARD.md": new TextEncoder().encode(cardOf(manifest)) }));
    const { names, seed, promote } = options;
    const began = performance.now();
    const timed = (line: string) => say(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${line}`);
    const results = await train({ runtime, warehouse, projectId, names, seed, registry, promote, say: timed });
    for (const result of results) say(told(result));
    if (promote === "never" && results.some(({ outcome }) => outcome === "kept")) say("Not promoted: see --promote.");
    return results.every(({ outcome }) => outcome !== "too_little_data") ? 0 : 1;
  } finally {
    await Promise.all([warehouse.close(), pool.end()]);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof ConfigError || (error instanceof TypeError && "code" in error);
  process.stderr.write(`${expected || !(error instanceof Error) ? String((error as Error).message) : error.stack}\n`);
  process.exitCode = 1;
}
