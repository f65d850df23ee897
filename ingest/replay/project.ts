/** The project that a replay on this machine's own stores goes to, and the key it uses. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Kysely } from "kysely";
import type { DB } from "../../api/db/tables.ts";
import { scopes } from "../../api/http/environment.ts";
import { createKey } from "../../api/keys/create-key.ts";
import { createProject } from "../../api/projects/create-project.ts";

export interface ReplayProject {
  readonly id: string;
  readonly key: string;
  /** Only its owner may read it: it holds the key. */
  readonly keyFile: string;
}

/** The project of that name, made at the first call. Its key stays in a file of the data directory. */
export async function openProject(db: Kysely<DB>, dataDir: string, name: string): Promise<ReplayProject> {
  const created = await db.transaction().execute((tx) => createProject(tx, { name }));
  const id = created?.id ?? (await projectIdOf(db, name));
  const keyFile = join(dataDir, "replay", `${id}.key`);
  const known = created === undefined ? await readKey(keyFile) : undefined;
  const key = known ?? created?.key.text ?? (await newKey(db, id));
  if (known === undefined) {
    await mkdir(dirname(keyFile), { recursive: true });
    await writeFile(keyFile, `${key}\n`, { mode: 0o600 });
  }
  return { id, key, keyFile };
}

async function projectIdOf(db: Kysely<DB>, name: string): Promise<string> {
  return (await db.selectFrom("project").select("id").where("name", "=", name).executeTakeFirstOrThrow()).id;
}

async function newKey(db: Kysely<DB>, projectId: string): Promise<string> {
  return (await createKey(db, { projectId, name: "replay", kind: "secret", scopes })).text;
}

async function readKey(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").then(
    (text) => text.trim(),
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    },
  );
}
