/**
 * `npm run bench:models`: what scores cost in processor time, beside TF.js on its own backend in the same run: a plain
 * network over the same inputs, asked a row at a time and many at once. Limits: 0.1 ms of processor a redemption, 5 ms
 * for the 99th of a hundred rankings of 200 offers.
 *
 * Models are those of the product; where there is none that loads, one is trained on made-up rows first.
 *
 * Options: --rounds 5 --write (puts the figures into docs/benchmarks.md)
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { LayersModel, Tensor } from "@tensorflow/tfjs";
import { personalisationFeatures } from "../models/features/personalisation.ts";
import { riskFeatures } from "../models/features/risk.ts";
import { markdownTable } from "../models/markdown.ts";
import { readChampions, registryDirectory, writeChampions, writeModel } from "../models/registry/store.ts";
import { loadRuntime, type Runtime } from "../models/runtime.ts";
import { loadModels, type ServedModels } from "../models/serving.ts";
import { seeded } from "../models/training/random.ts";
import { burst, ordinary, regular } from "../test/unit/models/synthetic.ts";
import { trainOffers, trainOrdinary } from "../test/unit/models/trained.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, write: { type: "boolean", default: false } },
});
const rounds = Number(values.rounds);
const offersCount = 200;
const limits = { redemptionMs: 0.1, rankingMs: 5 } as const;

/** What is too slow is to be measured here, not put aside. */
const patient = { riskMs: 1_000, offersMs: 10_000 } as const;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The product's models, or such as are trained here. */
async function openModels(): Promise<{ models: ServedModels; whose: string; close: () => Promise<void> }> {
  const champions = await readChampions(registryDirectory);
  const models = await loadModels({ log: quiet, limits: patient });
  if (models.serving("bench", "risk") !== null && models.serving("bench", "personalisation") !== null) {
    return {
      models,
      whose: `risk@${champions.risk}, personalisation@${champions.personalisation}`,
      close: async () => {},
    };
  }
  const directory = await mkdtemp(join(tmpdir(), "tessera-bench-models-"));
  const [offers, risk] = [await trainOffers(), await trainOrdinary()];
  for (const { manifest, files } of [offers, risk]) await writeModel(directory, manifest, files);
  await writeChampions(directory, { personalisation: offers.manifest.version, risk: risk.manifest.version });
  return {
    models: await loadModels({ log: quiet, directory, limits: patient }),
    whose: "trained here on made-up rows",
    close: () => rm(directory, { recursive: true }),
  };
}

/** As small as a network that ranks offers may be. */
function network({ tf }: Runtime, inputs: number): LayersModel {
  return tf.sequential({
    layers: [
      tf.layers.dense({ units: 64, activation: "relu", inputShape: [inputs] }),
      tf.layers.dense({ units: 32, activation: "relu" }),
      tf.layers.dense({ units: 1, activation: "sigmoid" }),
    ],
  });
}

interface Costs {
  /** Milliseconds of processor a call: mean, median and 99th of a hundred. */
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
}

/** Processor time of this process, its collector of garbage included: the clock also runs for others on the machine. */
async function measure(calls: number, call: (index: number) => unknown): Promise<Costs> {
  for (let index = 0; index < Math.min(calls, 400); index += 1) await call(index);
  const each: number[] = [];
  const before = process.cpuUsage();
  for (let index = 0; index < calls; index += 1) {
    const began = process.cpuUsage();
    await call(index);
    const { user, system } = process.cpuUsage(began);
    each.push((user + system) / 1000);
  }
  const { user, system } = process.cpuUsage(before);
  each.sort((a, b) => a - b);
  return {
    mean: (user + system) / 1000 / calls,
    p50: each[Math.floor(calls * 0.5)] ?? 0,
    p99: each[Math.min(calls - 1, Math.floor(calls * 0.99))] ?? 0,
  };
}

/** The round whose mean is in the middle. */
function middle(results: readonly Costs[]): Costs {
  const sorted = results.toSorted((a, b) => a.mean - b.mean);
  return sorted[sorted.length >> 1] ?? { mean: 0, p50: 0, p99: 0 };
}

const runtime = await loadRuntime();
const { tf } = runtime;
const { models, whose, close } = await openModels();
const random = seeded(3);
const risks = Array.from({ length: 64 }, () => ({
  ...ordinary,
  orderAmount: 500 + Math.floor(random() * 9000),
  linesCount: 1 + Math.floor(random() * 8),
}));
const offers = Array.from({ length: offersCount }, () => ({
  ...regular,
  redemptionsCount: Math.floor(random() * 50),
  campaignRedemptionsCount: Math.floor(random() * 500),
  campaignPublicationsCount: 1000,
}));
const nets = {
  risk: network(runtime, riskFeatures.features.length),
  offers: network(runtime, personalisationFeatures.features.length),
};
const matrix = (rows: number, width: number) => Float32Array.from({ length: rows * width }, () => random());

async function ask(net: LayersModel, values: Float32Array, rows: number): Promise<unknown> {
  const input = tf.tensor2d(values, [rows, values.length / rows]);
  const output = net.predict(input) as Tensor;
  const data = await output.data();
  tf.dispose([input, output]);
  return data[0];
}

const one = matrix(1, riskFeatures.features.length);
const sixteen = matrix(16, riskFeatures.features.length);
const many = matrix(offersCount, personalisationFeatures.features.length);
const pick = (index: number) => risks[index % risks.length] ?? ordinary;
const cases = {
  redemption: { calls: 3000, call: (index: number) => models.scoreRisk("bench", pick(index)).score },
  explained: { calls: 1000, call: () => models.scoreRisk("bench", burst).reasons.length },
  networkRow: { calls: 500, call: () => ask(nets.risk, one, 1) },
  sixteen: {
    calls: 300,
    call: () => {
      for (let index = 0; index < 16; index += 1) models.scoreRisk("bench", pick(index));
    },
  },
  networkSixteen: { calls: 300, call: () => ask(nets.risk, sixteen, 16) },
  ranking: {
    calls: 150,
    call: () => {
      if (models.scoreOffers("bench", offers) === "unavailable") throw new Error("nothing was ranked");
    },
  },
  networkRanking: { calls: 150, call: () => ask(nets.offers, many, offersCount) },
};
type Case = keyof typeof cases;
const results = Object.fromEntries(Object.keys(cases).map((name) => [name, [] as Costs[]])) as Record<Case, Costs[]>;
for (let round = 0; round < rounds; round += 1) {
  for (const name of Object.keys(cases) as Case[])
    results[name].push(await measure(cases[name].calls, cases[name].call));
}
await close();

const ms = (value: number) => (value < 1 ? value.toFixed(4) : value.toFixed(2));
const line = (label: string, name: Case, peer: Case | null, limit: string) => {
  const { mean, p50, p99 } = middle(results[name]);
  const ratio = peer === null ? "" : `${(mean / middle(results[peer]).mean).toFixed(2)} ×`;
  return [label, ms(mean), ms(p50), ms(p99), ratio, limit];
};
const redemption = middle(results.redemption).mean;
const ranking = middle(results.ranking).p99;
const verdict = (is: number, limit: number) => (is <= limit ? "kept" : "**missed**");
const table = markdownTable(
  ["", "mean ms", "p50 ms", "p99 ms", "× TF.js", "limit"],
  [
    line(
      "score of a redemption",
      "redemption",
      "networkRow",
      `mean ${limits.redemptionMs} ms: ${verdict(redemption, limits.redemptionMs)}`,
    ),
    line("the same with its reasons, as for what is flagged", "explained", "networkRow", ""),
    line(`TF.js (${runtime.backend}), a plain network, one row`, "networkRow", null, ""),
    line("16 redemptions, one after the other", "sixteen", "networkSixteen", ""),
    line(`TF.js (${runtime.backend}), 16 rows at once`, "networkSixteen", null, ""),
    line(
      `ranking of ${offersCount} offers`,
      "ranking",
      "networkRanking",
      `p99 ${limits.rankingMs} ms: ${verdict(ranking, limits.rankingMs)}`,
    ),
    line(`TF.js (${runtime.backend}), ${offersCount} rows at once`, "networkRanking", null, ""),
  ],
);
const text = [
  table,
  "",
  `Milliseconds of processor a call, the middle of ${rounds} rounds; ${cpus()[0]?.model.trim()}, Node ${process.version}; models: ${whose}.`,
].join("\n");
process.stdout.write(`${text}\n`);

if (values.write) {
  const file = join(import.meta.dirname, "..", "docs", "benchmarks.md");
  const [begin, end] = ["<!-- bench-models:begin -->", "<!-- bench-models:end -->"];
  const page = await readFile(file, "utf8");
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${file} has no marks ${begin}`);
  await writeFile(file, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}
process.exit(0);
