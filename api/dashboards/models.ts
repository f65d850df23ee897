/** The models in service as their manifests tell of them: what they learned from, and how they did against the rule. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { manifestSchema } from "../../models/registry/manifest.ts";
import { readChampions, registryDirectory } from "../../models/registry/store.ts";

/** Manifests change with the code, so once read they stay. */
export function createModelCards(directory = registryDirectory) {
  let cards: Promise<readonly ModelCard[]> | undefined;
  return () => {
    cards ??= readCards(directory).catch((error) => {
      cards = undefined;
      throw error;
    });
    return cards;
  };
}

type ModelCard = Awaited<ReturnType<typeof readCard>>;

async function readCards(directory: string) {
  const champions = await readChampions(directory);
  return Promise.all(Object.entries(champions).map(([name, version]) => readCard(directory, name, version)));
}

async function readCard(directory: string, name: string, version: string) {
  const manifest = manifestSchema.parse(
    JSON.parse(await readFile(join(directory, name, version, "manifest.json"), "utf8")),
  );
  return {
    name: manifest.name,
    version: manifest.version,
    created_at: manifest.created_at,
    data: { from: manifest.data.from, to: manifest.data.to, rows: manifest.data.rows },
    features: manifest.normaliser.length,
    /** On examples that training did not see. */
    metrics: manifest.metrics,
    flagged_from: manifest.name === "risk" ? manifest.anomaly.flag_quantile : null,
  };
}
