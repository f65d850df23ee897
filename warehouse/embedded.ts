/** The embedded ClickHouse: a real HTTP server out of libchdb, described here as a process for somebody else to run. */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { analystUsersXml } from "./analysts/users-xml.ts";

const user = "tessera";
/** The database of the embedded engine that analysts may read: the one that a URL without a path names. */
const analystsDatabase = "tessera";

export interface EmbeddedClickHouse {
  readonly name: "ClickHouse";
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Sent one after the other, each after the grace of the one before. */
  readonly stopSignals: readonly NodeJS.Signals[];
  /** With the credentials of the one user who may do anything. */
  readonly url: string;
  /** Of the user through whom analysts ask; see `analysts/gate.ts`. */
  readonly analystsPassword: string;
  /** True when a query is answered; false while it is not. Never throws. */
  ready(): Promise<boolean>;
}

/**
 * Prepares `dir` (made when absent, 0700) and says how to run the server on 127.0.0.1:`port`.
 * The password is made once and kept in `dir`, readable by its owner only.
 */
export async function embeddedClickHouse(dir: string, port: number): Promise<EmbeddedClickHouse> {
  await mkdir(join(dir, "store"), { recursive: true, mode: 0o700 });
  const password = await keptPassword(join(dir, "password"));
  const analystsPassword = await keptPassword(join(dir, "analysts-password"));
  const usersFile = join(dir, "users.xml");
  const configFile = join(dir, "config.xml");
  await writeFile(usersFile, usersXml(password, analystsPassword), { mode: 0o600 });
  await writeFile(configFile, configXml(usersFile), { mode: 0o600 });
  const url = `http://${user}:${password}@127.0.0.1:${port}`;
  return {
    name: "ClickHouse",
    command: process.execPath,
    args: [fileURLToPath(new URL("./engine.mjs", import.meta.url)), join(dir, "store"), String(port), configFile],
    env: { TZ: "UTC" },
    stopSignals: ["SIGTERM", "SIGKILL"],
    url,
    analystsPassword,
    ready: () => answers(port, password),
  };
}

async function answers(port: number, password: string): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/?query=SELECT%201`, {
      headers: { "X-ClickHouse-User": user, "X-ClickHouse-Key": password },
      signal: AbortSignal.timeout(2_000),
    });
    return response.ok && (await response.text()).trim() === "1";
  } catch {
    return false;
  }
}

async function keptPassword(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const password = randomBytes(24).toString("hex");
    await writeFile(file, `${password}\n`, { mode: 0o600 });
    return password;
  }
}

/**
 * The engine runs its own start-up query as `default`, which therefore cannot have a password; it may do nothing but
 * that query. Everything else needs the user with the password.
 */
function usersXml(password: string, analystsPassword: string): string {
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const analysts = analystUsersXml(analystsDatabase, sha256(analystsPassword));
  const common = "<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>";
  return `<clickhouse>
  <users>
    <default><no_password/>${common}<grants>
      <query>GRANT SYSTEM LISTEN ON *.*</query>
      <query>GRANT SELECT ON system.numbers</query>
    </grants></default>
    <${user}><password_sha256_hex>${sha256(password)}</password_sha256_hex>${common}</${user}>
    ${analysts.user}
  </users>
  <profiles><default/>${analysts.profile}</profiles>
  <quotas><default/></quotas>
</clickhouse>
`;
}

/**
 * A backup is written where the operator says. Only the one user who may do anything can ask for it, and whoever has its
 * password can read and write as this server does anyway.
 */
function configXml(usersFile: string): string {
  return `<clickhouse>
  <users_config>${escapeXml(usersFile)}</users_config>
  <backups><allowed_path>/</allowed_path></backups>
</clickhouse>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
