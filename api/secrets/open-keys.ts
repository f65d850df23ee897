/** Where the keys of `seal.ts` come from: the environment, or a file that the first start makes. */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { createSealer, keyBytes, type Sealer } from "./seal.ts";

/** @param configured of TESSERA_SECRETS_KEY. */
export function openSealer(configured: readonly Buffer[], dataDir: string): Sealer {
  return createSealer(configured.length > 0 ? configured : [readOrMake(join(dataDir, "secrets.key"))]);
}

/** @throws Error when one of them is not 32 bytes in base64 or hex. */
export function parseSecretKeys(text: string): Buffer[] {
  return text.split(",").map((part) => {
    const key = Buffer.from(part.trim(), /^[0-9a-f]{64}$/i.test(part.trim()) ? "hex" : "base64");
    if (key.length !== keyBytes) throw new Error("must be 32 bytes in base64 or hex, or several separated by commas");
    return key;
  });
}

function readOrMake(path: string): Buffer {
  return read(path) ?? make(path);
}

function read(path: string): Buffer | undefined {
  try {
    const [key] = parseSecretKeys(readFileSync(path, "utf8").trim());
    return key;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new Error(`${path} holds no key: ${error instanceof Error ? error.message : "unreadable"}`);
  }
}

/** Written beside and linked: of two processes that start at once both have the key of one, and never half of it. */
function make(path: string): Buffer {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  const file = openSync(draft, "wx", 0o600);
  writeSync(file, `${randomBytes(keyBytes).toString("base64")}\n`);
  fsyncSync(file);
  closeSync(file);
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    unlinkSync(draft);
  }
  const key = read(path);
  if (key === undefined) throw new Error(`${path} was made and is gone`);
  return key;
}
