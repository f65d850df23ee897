import { createReadStream, createWriteStream } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { constants, createBrotliCompress, createGzip } from "node:zlib";

const packable = new Set([".html", ".js", ".css", ".json", ".svg", ".wasm", ".webmanifest"]);
const smallest = 1_024;

/** Both, because browsers offer brotli only over TLS or on the machine itself. */
export const encodings = [
  { name: "br", ending: ".br" },
  { name: "gzip", ending: ".gz" },
] as const;

/**
 * Compresses each file worth it once, beside it, so that serving costs nothing. Source maps are for whoever builds; they go.
 *
 * @throws the signal's reason when aborted.
 */
export async function packFiles(directory: string, signal: AbortSignal): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if (extname(path) === ".map") await rm(path);
    else if (packable.has(extname(path))) await packFile(path, signal);
  }
}

async function packFile(path: string, signal: AbortSignal): Promise<void> {
  const { size } = await stat(path);
  if (size < smallest) return;
  for (const { name, ending } of encodings) {
    const packer =
      name === "gzip"
        ? createGzip({ level: 9 })
        : createBrotliCompress({
            params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: size },
          });
    await pipeline(createReadStream(path), packer, createWriteStream(`${path}${ending}.part`), { signal });
    await rename(`${path}${ending}.part`, `${path}${ending}`);
  }
}
