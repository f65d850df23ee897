/** The models that come with the product, as their manifests tell of them. */
import { type Champions, type Manifest, modelNames } from "../../models/registry/manifest.ts";
import { ModelRefused } from "../../models/registry/refuse.ts";
import { readChampions, readModelManifest, registryDirectory } from "../../models/registry/store.ts";

/** They change with the code, so once read they stay. What cannot be read is not there: its loading said why. */
export function createShippedModels(directory = registryDirectory): () => Promise<readonly Manifest[]> {
  let manifests: Promise<readonly Manifest[]> | undefined;
  return () => {
    manifests ??= readShipped(directory).catch((error) => {
      manifests = undefined;
      throw error;
    });
    return manifests;
  };
}

function refusedIsAbsent(error: unknown): Champions {
  if (error instanceof ModelRefused) return {};
  throw error;
}

async function readShipped(directory: string): Promise<Manifest[]> {
  const champions = await readChampions(directory).catch(refusedIsAbsent);
  const read = await Promise.all(
    modelNames.map(async (name) => {
      const version = champions[name];
      return version === undefined ? [] : [await readModelManifest(directory, name, version).catch(() => undefined)];
    }),
  );
  return read.flat().filter((manifest) => manifest !== undefined);
}
