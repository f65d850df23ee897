/** Makes a copied cluster ours: its files belong to the server's user, and its superuser gets a password made here. */
import { spawn } from "node:child_process";
import { chmod, lchown, opendir } from "node:fs/promises";
import { join } from "node:path";
import {
  type Account,
  EmbeddedPostgresError,
  keptPassword,
  locateBinaries,
  refuseUnreachable,
  superuser,
} from "./embedded.ts";

/**
 * @param dir holds the copy as `cluster`. The server replays its log here for the first time.
 * @throws EmbeddedPostgresError with the server's words when the copy is not whole.
 */
export async function adoptCluster(dir: string): Promise<void> {
  const { bin } = await locateBinaries();
  const owner = await refuseUnreachable(dir, bin);
  const cluster = join(dir, "cluster");
  if (owner) await giveTo(owner, dir);
  await Promise.all([chmod(dir, 0o700), chmod(cluster, 0o700)]);
  const password = await keptPassword(join(dir, "password"), owner);
  // Alone, without a port: nobody can be let in before the password is set. Hexadecimal digits need no quoting.
  await single(join(bin, "postgres"), cluster, owner, `alter role ${superuser} password '${password}';\n`);
}

async function giveTo(owner: Account, folder: string): Promise<void> {
  await lchown(folder, owner.uid, owner.gid);
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await giveTo(owner, path);
    else await lchown(path, owner.uid, owner.gid);
  }
}

/** The single-user server goes on after a failed statement and ends well: what it says is read as well as its code. */
async function single(program: string, cluster: string, owner: Account | undefined, statement: string): Promise<void> {
  const server = spawn(program, ["--single", "-D", cluster, "-c", "log_min_messages=warning", "postgres"], {
    env: { LC_ALL: "C", TZ: "UTC" },
    stdio: ["pipe", "ignore", "pipe"],
    ...(owner ?? {}),
  });
  let said = "";
  server.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-4_000);
  });
  // A server that ended before it read says why on its other stream.
  server.stdin.on("error", () => undefined);
  server.stdin.end(statement);
  const code = await new Promise<number | null>((resolve, reject) => {
    server.once("error", reject);
    server.once("close", resolve);
  });
  if (code === 0 && !/\b(ERROR|FATAL|PANIC):/.test(said)) return;
  throw new EmbeddedPostgresError(`The copy in ${cluster} could not be opened (${code ?? "killed"}):\n${said.trim()}`);
}
