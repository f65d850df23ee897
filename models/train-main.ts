/** `npm run train`: trains both models on the running product's warehouse and prints how they compare with their baselines. */
import { parseArgs } from "node:util";
import { ConfigError, parseConfig } from "../api/config.ts";
import { resolveStores } from "../api/instance.ts";
import { createWarehouse, databaseOf } from "../warehouse/client.ts";
import type { Manifest } from "./registry/manifest.ts";
import { registryDirectory } from "./registry/store.ts";
import { loadRuntime } from "./runtime.ts";
import { busiestProject, train } from "./train.ts";

const usage = `npm run train -- [--project <id>] [--seed <number>] [--registry <folder>] [--promote]

  --project   whose events to learn from; default: the project with the most redemptions
  --seed      default 7; the same data and seed give the same models
  --registry  where models are written; default: models/registry
  --promote   makes the new models the champions: the API serves them from its next start
`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      project: { type: "string" },
      seed: { type: "string", default: "7" },
      registry: { type: "string", default: registryDirectory },
      promote: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const seed = Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0 || seed > 1_000_000_000) throw new ConfigError(`--seed: not a whole number`);
  return { ...values, seed };
}

/** One column a candidate, one line a metric: the model first. */
function table({ name, version, metrics, data, epochs }: Manifest): string {
  const columns: [string, Record<string, number>][] = [["model", metrics.model], ...Object.entries(metrics.baselines)];
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
  const counted =
    data.positives === null
      ? ""
      : `, ${data.positives.train}/${data.positives.validation}/${data.positives.test} redeemed`;
  const { rows: parts } = data;
  return [
    "",
    ...lines,
    `${data.from.slice(0, 10)} to ${data.to.slice(0, 10)}; rows ${parts.train}/${parts.validation}/${parts.test} (train/validation/test)${counted}; best epoch ${epochs}`,
    "",
  ].join("\n");
}

async function main(): Promise<number> {
  const options = readOptions();
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  if (options.help) {
    say(usage);
    return 0;
  }
  const config = parseConfig(process.env);
  const url = config.clickhouseUrl ?? resolveStores(config).clickhouseUrl;
  const warehouse = createWarehouse({ url, database: databaseOf(url), requestTimeoutMs: 600_000 });
  try {
    const projectId = options.project ?? (await busiestProject(warehouse));
    if (projectId === undefined) {
      say("Nothing has been redeemed yet: there is nothing to learn from.");
      return 1;
    }
    const runtime = await loadRuntime();
    say(`TF.js on ${runtime.backend}, project ${projectId}, seed ${options.seed}`);
    const result = await train({
      runtime,
      warehouse,
      projectId,
      seed: options.seed,
      directory: options.registry,
      promote: options.promote,
      progress: {
        say,
        onEpoch: (model, epoch, loss, validationLoss) => {
          if (epoch === 1 || epoch % 5 === 0) {
            say(`${model}: epoch ${epoch}, loss ${loss.toFixed(4)}, validation ${validationLoss.toFixed(4)}`);
          }
        },
      },
    });
    for (const manifest of result.trained) say(table(manifest));
    for (const { name, reason } of result.refused) say(`${name}: too little data. ${reason}.`);
    if (result.trained.length > 0) {
      say(
        options.promote
          ? "Promoted: the API serves them from its next start."
          : "Not promoted: run again with --promote.",
      );
    }
    return result.refused.length === 0 ? 0 : 1;
  } finally {
    await warehouse.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof ConfigError || (error instanceof TypeError && "code" in error);
  process.stderr.write(`${expected || !(error instanceof Error) ? String((error as Error).message) : error.stack}\n`);
  process.exitCode = 1;
}
