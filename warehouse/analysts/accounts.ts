/** Who the analysts are: a small file in the data directory, read again whenever it has changed. Hashes only. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const accountDocument = z.array(
  z.object({
    name: z.string(),
    project_id: z.string(),
    project: z.string(),
    /** SHA-256: the password is 192 random bits, which no dictionary holds. */
    password_sha256: z.string(),
    created_at: z.string(),
  }),
);

export type Account = z.output<typeof accountDocument>[number];

export class AccountError extends Error {}

const accountName = /^[a-z][a-z0-9_]{2,40}$/;
const accountsMax = 1_000;

export function checkName(name: string): string {
  if (accountName.test(name)) return name;
  throw new AccountError("A name has 3 to 41 of a to z, 0 to 9 and _, and begins with a letter.");
}

export function newPassword(): string {
  return randomBytes(24).toString("base64url");
}

export function passwordHash(password: string): string {
  return createHash("sha256").update(password).digest("hex");
}

function fileIn(dataDir: string): string {
  return join(dataDir, "clickhouse", "analysts.json");
}

export function readAccounts(dataDir: string): Account[] {
  let text: string;
  try {
    text = readFileSync(fileIn(dataDir), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return accountDocument.parse(JSON.parse(text));
}

/** @throws AccountError when the name is taken. */
export function addAccount(dataDir: string, account: Account): void {
  const accounts = readAccounts(dataDir);
  if (accounts.some(({ name }) => name === account.name)) {
    throw new AccountError(`There is an analyst "${account.name}" already.`);
  }
  if (accounts.length >= accountsMax) throw new AccountError(`There are ${accountsMax} analysts already.`);
  writeAccounts(dataDir, [...accounts, account]);
}

/** @throws AccountError when there is none. */
export function removeAccount(dataDir: string, name: string): void {
  const accounts = readAccounts(dataDir);
  const rest = accounts.filter((account) => account.name !== name);
  if (rest.length === accounts.length) throw new AccountError(`There is no analyst "${name}".`);
  writeAccounts(dataDir, rest);
}

/** Whole or not at all: the gate may read it at this moment. */
function writeAccounts(dataDir: string, accounts: readonly Account[]): void {
  const file = fileIn(dataDir);
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, `${JSON.stringify(accounts, null, 2)}\n`, { mode: 0o600 });
  chmodSync(fresh, 0o600);
  renameSync(fresh, file);
}

/** Finds the account of a name and password; what was removed is gone with the next call. */
export function createAccountBook(dataDir: string): (name: string, password: string) => Account | undefined {
  let known: { stamp: string; accounts: Account[] } | undefined;
  return (name, password) => {
    const stamp = stampOf(fileIn(dataDir));
    if (known?.stamp !== stamp) known = { stamp, accounts: readAccounts(dataDir) };
    const account = known.accounts.find((candidate) => candidate.name === name);
    // Compared also where there is none, so that the time taken tells no names.
    const expected = Buffer.from(account?.password_sha256 ?? passwordHash(""), "hex");
    const same = timingSafeEqual(Buffer.from(passwordHash(password), "hex"), expected);
    return same ? account : undefined;
  };
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.ino} ${stat.mtimeMs} ${stat.size}` : "";
}
