/** The registry on disk: `<name>/<version>/{manifest.json, model.json, weights.bin}` and `champions.json`. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DenseNet, parseDenseNet } from "../dense.ts";
import { type Champions, championsSchema, type Manifest, type ModelName, manifestSchema } from "./manifest.ts";

export const registryDirectory = fileURLToPath(new URL(".", import.meta.url));

/** A model that must not be served; the message says why. */
class ModelRefused extends Error {}

export interface StoredModel<M extends Manifest> {
  readonly manifest: M;
  readonly net: DenseNet;
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** An absent file means that no model serves yet. */
export async function readChampions(directory: string): Promise<Champions> {
  const text = await readFile(join(directory, "champions.json"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "{}";
    throw error;
  });
  return championsSchema.parse(JSON.parse(text));
}

export async function writeChampions(directory: string, champions: Champions): Promise<void> {
  await mkdir(directory, { recursive: true });
  await replaceFile(join(directory, "champions.json"), `${JSON.stringify(champions, null, 2)}\n`);
}

/**
 * Reads a model and proves that it is the one its manifest describes.
 * @throws ModelRefused when a file is missing or changed, or the model was trained on another feature set.
 */
export async function readModel<N extends ModelName>(
  directory: string,
  name: N,
  version: string,
  featureSetHash: string,
): Promise<StoredModel<Extract<Manifest, { name: N }>>> {
  const folder = join(directory, name, version);
  try {
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")));
    if (!isNamed(manifest, name) || manifest.version !== version) throw new ModelRefused("the manifest is another's");
    if (manifest.feature_set.hash !== featureSetHash) {
      throw new ModelRefused("it was trained on another feature set: train again");
    }
    const [model, weights] = await Promise.all([
      readVerified(folder, "model.json", manifest),
      readVerified(folder, "weights.bin", manifest),
    ]);
    return { manifest, net: parseDenseNet(JSON.parse(model.toString("utf8")), weights) };
  } catch (error) {
    if (error instanceof ModelRefused) throw error;
    throw new ModelRefused(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function isNamed<N extends ModelName>(manifest: Manifest, name: N): manifest is Extract<Manifest, { name: N }> {
  return manifest.name === name;
}

async function readVerified(folder: string, file: keyof Manifest["files"], manifest: Manifest): Promise<Buffer> {
  const bytes = await readFile(join(folder, file));
  if (sha256(bytes) !== manifest.files[file]) throw new ModelRefused(`${file} is not the file the manifest describes`);
  return bytes;
}

/** Written last, the manifest makes the version visible; an interrupted write leaves a folder that nothing reads. */
export async function writeModel(
  directory: string,
  manifest: Manifest,
  files: { readonly modelJson: string; readonly weights: Uint8Array },
): Promise<string> {
  const folder = join(directory, manifest.name, manifest.version);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "model.json"), files.modelJson);
  await writeFile(join(folder, "weights.bin"), files.weights);
  await replaceFile(join(folder, "manifest.json"), `${JSON.stringify(manifestSchema.parse(manifest), null, 2)}\n`);
  return folder;
}

async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
}
