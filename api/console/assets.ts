/** The console's two static files: everything else of a page is in the page. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly etag: string;
}

const contentTypes: Readonly<Record<string, string>> = {
  "console.css": "text/css; charset=utf-8",
  "console.js": "text/javascript; charset=utf-8",
};

const loaded = new Map<string, Promise<Asset>>();

/** Undefined for a name that is not in the list: nothing else of the disk can be asked for. */
export function readAsset(name: string): Promise<Asset> | undefined {
  const contentType = Object.hasOwn(contentTypes, name) ? contentTypes[name] : undefined;
  if (contentType === undefined) return undefined;
  let asset = loaded.get(name);
  if (!asset) {
    asset = load(name, contentType);
    loaded.set(name, asset);
  }
  return asset;
}

async function load(name: string, contentType: string): Promise<Asset> {
  const body = new Uint8Array(await readFile(join(import.meta.dirname, "static", name)));
  return { body, contentType, etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"` };
}
