/** Which marts there are, read from their files: what is named here exists, and nothing else can be asked for. */
import { readdirSync, readFileSync } from "node:fs";

export interface MartFile {
  readonly name: string;
  /** What one row is. */
  readonly grain: string;
  /** What else its file says before the SQL begins; may be empty. */
  readonly description: string;
}

const directory = new URL("./marts/", import.meta.url);
const view = /((?:^--.*\n)+)CREATE OR REPLACE VIEW \{database\}\.(\w+)/gm;

/** In the order of the files. Read it once, at start. */
export function readMartFiles(): MartFile[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .flatMap((file) => martsOf(readFileSync(new URL(file, directory), "utf8")));
}

function martsOf(sql: string): MartFile[] {
  return [...sql.matchAll(view)].map(([, comment = "", name = ""]) => {
    const text = comment
      .replace(/^--[ \t]?/gm, "")
      .replace(/\s+/g, " ")
      .trim();
    const [, grain = text, description = ""] = /^Grain: (.+?[^.])\.(?: (.*))?$/.exec(text) ?? [];
    return { name, grain, description };
  });
}
