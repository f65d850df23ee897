/** The console's static files: everything else of a page is in the page. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly etag: string;
  /** The same, smaller on its way; only of what is large. */
  readonly gzipped: Uint8Array<ArrayBuffer> | undefined;
}

const gzipFrom = 200_000;

const contentTypes: Readonly<Record<string, string>> = {
  "console.css": "text/css; charset=utf-8",
  "console.js": "text/javascript; charset=utf-8",
  "redeem.js": "text/javascript; charset=utf-8",
  "progress.js": "text/javascript; charset=utf-8",
  "barcode-detector.js": "text/javascript; charset=utf-8",
  "zxing_reader.wasm": "application/wasm",
};

/** The counter's reader of barcodes, as its packages have it: a script, and what it runs. */
function scannerFile(name: string): string | undefined {
  const detector = createRequire(import.meta.url).resolve("barcode-detector");
  if (name === "barcode-detector.js") return join(dirname(detector), "..", "iife", "ponyfill.js");
  if (name === "zxing_reader.wasm") return createRequire(detector).resolve("zxing-wasm/reader/zxing_reader.wasm");
  return undefined;
}

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
  const file = scannerFile(name) ?? join(import.meta.dirname, "static", name);
  const body = new Uint8Array(await readFile(file));
  const gzipped = body.length < gzipFrom ? undefined : new Uint8Array(await promisify(gzip)(body, { level: 9 }));
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return { body, contentType, etag, gzipped };
}
