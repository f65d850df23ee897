/** The Evidence project as it lies in the repository, and what of it a build is made from. */
import { createHash } from "node:crypto";
import { cp, readdir, readFile } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const projectDirectory = fileURLToPath(new URL("../../dashboards", import.meta.url));

/** Written by Evidence or npm, or only of use to page authors: a change there is no change of the pages. */
const left = new Set(["node_modules", ".evidence", "build", ".gitignore", "dev.ts"]);

/** Names a build: the same project gives the same name on every machine. */
export async function projectHash(directory: string): Promise<string> {
  const hash = createHash("sha256");
  for (const file of await projectFiles(directory)) {
    hash.update(`${relative(directory, file).split(sep).join("/")}\0`);
    hash.update(
      createHash("sha256")
        .update(await readFile(file))
        .digest(),
    );
  }
  return hash.digest("hex").slice(0, 16);
}

/** What decides which packages are installed. */
export async function packagesHash(directory: string): Promise<string> {
  const hash = createHash("sha256").update(process.versions.modules).update(process.platform).update(process.arch);
  for (const name of ["package.json", "package-lock.json"]) hash.update(await readFile(join(directory, name)));
  return hash.digest("hex").slice(0, 16);
}

export async function copyProject(from: string, to: string): Promise<void> {
  const wanted = (path: string) => path === from || !left.has(basename(path));
  await cp(from, to, { recursive: true, filter: wanted });
}

async function projectFiles(directory: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (left.has(entry.name)) continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) files.push(...(await projectFiles(path)));
    else files.push(path);
  }
  return files.sort();
}
