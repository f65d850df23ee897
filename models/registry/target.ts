/** Where a training takes its rival from and puts what it made: files of the product, or rows of a project. */
import type pg from "pg";
import { type Loaded, loadModel } from "../loaded.ts";
import type { Manifest, ModelFiles, ModelName } from "./manifest.ts";
import { listProjectChampions, promoteProjectModel, readProjectModel, writeProjectModel } from "./project.ts";
import type { StoredModel } from "./refuse.ts";
import { readChampions, readModel, writeChampions, writeModel } from "./store.ts";

export interface RegistryTarget {
  /** What serves now. Null: nothing, or nothing that may be served. */
  champion(name: ModelName): Promise<Loaded | null>;
  /** @returns where it is. */
  write(manifest: Manifest, files: ModelFiles, reason: string): Promise<string>;
  promote(manifest: Manifest, reason: string): Promise<void>;
}

/** @param extra written beside the model; the card. */
export function filesTarget(directory: string, extra: (manifest: Manifest) => ModelFiles): RegistryTarget {
  return {
    champion: (name) => shippedChampion(directory, name),
    write: (manifest, files) => writeModel(directory, manifest, { ...files, ...extra(manifest) }),
    promote: async ({ name, version }) =>
      writeChampions(directory, { ...(await readChampions(directory)), [name]: version }),
  };
}

/** @param directory of the models of the product, which serve where the project has none. */
export function projectTarget(pool: pg.Pool, projectId: string, directory: string): RegistryTarget {
  return {
    async champion(name) {
      const row = (await listProjectChampions(pool, projectId)).find((each) => each.name === name);
      const own = row && (await usable(() => readProjectModel(pool, row)));
      return own ?? shippedChampion(directory, name);
    },
    async write(manifest, files, reason) {
      await writeProjectModel(pool, projectId, manifest, files, reason);
      return `project ${projectId}, ${manifest.name}@${manifest.version}`;
    },
    async promote({ name, version }, reason) {
      const outcome = await promoteProjectModel(pool, { projectId, name, version }, reason);
      if (outcome === "missing") throw new Error(`${name}@${version} is not in the registry`);
    },
  };
}

async function shippedChampion(directory: string, name: ModelName): Promise<Loaded | null> {
  return usable(async () => {
    const version = (await readChampions(directory))[name];
    return version === undefined ? null : readModel(directory, name, version);
  });
}

/** What is refused in service is no rival either. */
async function usable(read: () => Promise<StoredModel | null>): Promise<Loaded | null> {
  try {
    const stored = await read();
    return stored === null ? null : loadModel(stored);
  } catch {
    return null;
  }
}
