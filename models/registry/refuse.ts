/** Proof that a model is the one its manifest describes, before anything of it is used. */
import { createHash } from "node:crypto";
import { type Manifest, type ModelFiles, type ModelName, manifestSchema } from "./manifest.ts";

/** A model that must not be served; the message says why. */
export class ModelRefused extends Error {}

/** Of one model, files and manifest. */
export const modelBytesMax = 8 * 1024 * 1024;

export interface StoredModel {
  readonly manifest: Manifest;
  readonly files: ModelFiles;
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** @throws ModelRefused */
export function readManifest(document: unknown, name: ModelName, version: string): Manifest {
  const parsed = manifestSchema.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ModelRefused(`its manifest cannot be read: ${issue?.path.join("/")}: ${issue?.message}`);
  }
  const manifest = parsed.data;
  if (manifest.name !== name || manifest.version !== version) throw new ModelRefused("its manifest is another's");
  return manifest;
}

/** @throws ModelRefused when a file is missing, changed, too many or too large. */
export function verifyFiles(manifest: Manifest, files: ModelFiles): void {
  let size = 0;
  for (const [path, hash] of Object.entries(manifest.files)) {
    const bytes = files[path];
    if (bytes === undefined) throw new ModelRefused(`${path} is missing`);
    size += bytes.byteLength;
    if (sha256(bytes) !== hash) throw new ModelRefused(`${path} is not the file that the manifest describes`);
  }
  if (size > modelBytesMax) throw new ModelRefused(`its files have ${size} bytes; ${modelBytesMax} are the most`);
}
