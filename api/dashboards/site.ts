/** The build that is served now: its files by name, held as names and sizes only. */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, extname, join, relative, sep } from "node:path";
import { encodings } from "./pack.ts";
import { dashboardsDirectory, isBuildName, readCurrent, readStatus } from "./status.ts";

export interface SiteFile {
  readonly path: string;
  readonly type: string;
  /** Its name holds a hash of its content. */
  readonly immutable: boolean;
  readonly variants: readonly { readonly encoding: string | undefined; readonly path: string; readonly size: number }[];
}

export interface Site {
  readonly name: string;
  /** Exactly these files are served, whatever a path says. Keys are relative, with slashes. */
  readonly files: ReadonlyMap<string, SiteFile>;
  /** The page that answers every address of the application. */
  readonly shell: SiteFile;
  readonly contentSecurityPolicy: string;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
};

const lookAgainMs = 1_000;

/** Reads which build is current at most once a second; undefined before the first one is whole. */
export function createSites(dataDir: string): () => Promise<Site | undefined> {
  let looked = 0;
  let site: Site | undefined;
  return async () => {
    if (Date.now() - looked < lookAgainMs) return site;
    looked = Date.now();
    const off = (await readStatus(dataDir))?.state === "off";
    const name = off ? undefined : await readCurrent(dataDir);
    if (name === undefined) site = undefined;
    else if (name !== site?.name) site = await openSite(join(dashboardsDirectory(dataDir), name), name);
    return site;
  };
}

async function openSite(directory: string, name: string): Promise<Site | undefined> {
  const files = await listFiles(directory);
  const shell = files.get("index.html");
  if (!shell) return undefined;
  for (const [key, file] of await olderFiles(directory, name)) if (!files.has(key)) files.set(key, file);
  return { name, files, shell, contentSecurityPolicy: policyFor(await readFile(shell.path, "utf8")) };
}

async function listFiles(directory: string): Promise<Map<string, SiteFile>> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = new Map<string, number>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    sizes.set(path, (await stat(path)).size);
  }
  const files = new Map<string, SiteFile>();
  for (const path of sizes.keys()) {
    if (encodings.some(({ ending }) => path.endsWith(ending))) continue;
    const key = relative(directory, path).split(sep).join("/");
    files.set(key, describe(path, key, sizes));
  }
  return files;
}

/**
 * Parts of the build before, which a page that is still open may ask for when one moves on in it. Their names hold a
 * hash of their content, so that they are in nobody's way.
 */
async function olderFiles(directory: string, name: string): Promise<[string, SiteFile][]> {
  const beside = await readdir(dirname(directory), { withFileTypes: true }).catch(() => []);
  const older = beside.filter((entry) => entry.isDirectory() && isBuildName(entry.name) && entry.name !== name);
  const files = await Promise.all(older.map((entry) => listFiles(join(entry.parentPath, entry.name))));
  return files.flatMap((known) => [...known]).filter(([, file]) => file.immutable);
}

function describe(path: string, key: string, sizes: ReadonlyMap<string, number>): SiteFile {
  const candidates = [{ name: undefined, ending: "" }, ...encodings];
  const variants = candidates.flatMap(({ name: encoding, ending }) => {
    const size = sizes.get(path + ending);
    return size === undefined ? [] : [{ encoding, path: path + ending, size }];
  });
  const type = types[extname(path)] ?? "application/octet-stream";
  return { path, type, immutable: key.startsWith("_app/immutable/"), variants };
}

/**
 * Only what was built runs: the page's own small scripts by their hashes, and files of this host. Charts set styles on
 * elements, so those stay allowed; nothing may be asked of another host.
 */
function policyFor(html: string): string {
  const inline = [...html.matchAll(/<script(?:\s[^>]*)?>([\s\S]*?)<\/script>/g)].map(([, script]) => script ?? "");
  const hashes = inline.map((script) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`);
  return [
    "default-src 'none'",
    `script-src 'self' ${hashes.join(" ")}`,
    "worker-src 'self' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
