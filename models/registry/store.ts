/**
 * Models as files, `<name>/<version>/` with `manifest.json` and what it names, and `champions.json`: those that come with
 * the product. They serve a project that has none of its own.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import {
  type Champions,
  championsSchema,
  type Manifest,
  type ModelFiles,
  type ModelName,
  manifestSchema,
} from "./manifest.ts";
import { ModelRefused, readManifest, type StoredModel, verifyFiles } from "./refuse.ts";

export const registryDirectory = fileURLToPath(new URL(".", import.meta.url));

/** An absent file means that no model serves yet. @throws ModelRefused */
export async function readChampions(directory: string): Promise<Champions> {
  const text = await readFile(join(directory, "champions.json"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "{}";
    throw error;
  });
  return readable("champions.json", () => championsSchema.parse(JSON.parse(text)));
}

export async function writeChampions(directory: string, champions: Champions): Promise<void> {
  await mkdir(directory, { recursive: true });
  await replaceFile(join(directory, "champions.json"), `${JSON.stringify(champions, null, 2)}\n`);
}

/** @throws ModelRefused */
export async function readModelManifest(directory: string, name: ModelName, version: string): Promise<Manifest> {
  const path = join(directory, name, version, "manifest.json");
  return refusing(async () => {
    const text = await readFile(path, "utf8");
    const document: unknown = readable("manifest.json", () => JSON.parse(text));
    return readManifest(document, name, version);
  });
}

/** @throws ModelRefused when a file is missing or is not the one that the manifest describes. */
export async function readModel(directory: string, name: ModelName, version: string): Promise<StoredModel> {
  const manifest = await readModelManifest(directory, name, version);
  return refusing(async () => {
    const read = async (path: string) =>
      [path, new Uint8Array(await readFile(join(directory, name, version, path)))] as const;
    const files = Object.fromEntries(await Promise.all(Object.keys(manifest.files).map(read)));
    verifyFiles(manifest, files);
    return { manifest, files };
  });
}

/** What a parser says of a text does not tell whose it is. */
function readable<T>(file: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new ModelRefused(`${file} cannot be read: ${reason}`, { cause: error });
  }
}

async function refusing<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ModelRefused) throw error;
    throw new ModelRefused(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Written last, the manifest makes the version visible; an interrupted write leaves a folder that nothing reads. */
export async function writeModel(directory: string, manifest: Manifest, files: ModelFiles): Promise<string> {
  const folder = join(directory, manifest.name, manifest.version);
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  await replaceFile(join(folder, "manifest.json"), `${JSON.stringify(manifestSchema.parse(manifest), null, 2)}\n`);
  return folder;
}

async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
}
