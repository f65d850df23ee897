/** Files of the reference page, read once: Swagger UI out of its package, and our page, start script and theme. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly etag: string;
}

const swagger = join(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"), "..");
const own = join(import.meta.dirname, "page");

const javascript = "text/javascript; charset=utf-8";
const css = "text/css; charset=utf-8";

const files: Readonly<Record<string, { path: string; contentType: string }>> = {
  "index.html": { path: join(own, "index.html"), contentType: "text/html; charset=utf-8" },
  "theme.css": { path: join(own, "theme.css"), contentType: css },
  "start.js": { path: join(own, "start.js"), contentType: javascript },
  "icon.svg": { path: join(own, "icon.svg"), contentType: "image/svg+xml" },
  "swagger-ui.css": { path: join(swagger, "swagger-ui.css"), contentType: css },
  "swagger-ui-bundle.js": { path: join(swagger, "swagger-ui-bundle.js"), contentType: javascript },
};

const loaded = new Map<string, Promise<Asset>>();

/** Undefined for a name that is not in the list: nothing else of the disk can be asked for. */
export function readAsset(name: string): Promise<Asset> | undefined {
  const file = Object.hasOwn(files, name) ? files[name] : undefined;
  if (!file) return undefined;
  let asset = loaded.get(name);
  if (!asset) {
    asset = load(file.path, file.contentType);
    loaded.set(name, asset);
  }
  return asset;
}

async function load(path: string, contentType: string): Promise<Asset> {
  const body = new Uint8Array(await readFile(path));
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return { body, contentType, etag };
}
