/** Which tables, views and marts there are, read from their files: what is not named here cannot be asked for. */
import { readdirSync, readFileSync } from "node:fs";

export interface MartFile {
  readonly name: string;
  /** What one row is. */
  readonly grain: string;
  /** What else its file says before the SQL begins; may be empty. */
  readonly description: string;
}

export interface BaseTable {
  readonly name: string;
  /** Those without one are not about a project, and nobody's but ours. */
  readonly hasProject: boolean;
}

const martView = /((?:^--.*\n)+)CREATE OR REPLACE VIEW \{database\}\.(\w+)/gm;

/** In the order of the files. Read it once, at start. */
export function readMartFiles(): MartFile[] {
  return sqlTexts("marts").flatMap(martsOf);
}

/** The views under the marts. */
export function readViewNames(): string[] {
  return sqlTexts("views").flatMap((sql) =>
    [...sql.matchAll(/CREATE OR REPLACE VIEW \{database\}\.(\w+)/g)].map(([, name = ""]) => name),
  );
}

/** The tables that hold the rows, as the migrations make them. */
export function readBaseTables(): BaseTable[] {
  const table = /CREATE TABLE IF NOT EXISTS \{database\}\.(\w+)([\s\S]*?)\nENGINE\b/g;
  return sqlTexts("migrations").flatMap((sql) =>
    [...sql.matchAll(table)].map(([, name = "", columns = ""]) => ({
      name,
      hasProject: /\bproject_id\b/.test(columns),
    })),
  );
}

function sqlTexts(folder: string): string[] {
  const directory = new URL(`./${folder}/`, import.meta.url);
  const files = readdirSync(directory).filter((file) => file.endsWith(".sql"));
  return files.sort().map((file) => readFileSync(new URL(file, directory), "utf8"));
}

function martsOf(sql: string): MartFile[] {
  return [...sql.matchAll(martView)].map(([, comment = "", name = ""]) => {
    const text = comment
      .replace(/^--[ \t]?/gm, "")
      .replace(/\s+/g, " ")
      .trim();
    const [, grain = text, description = ""] = /^Grain: (.+?[^.])\.(?: (.*))?$/.exec(text) ?? [];
    return { name, grain, description };
  });
}
