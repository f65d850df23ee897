/** The script that shops name in a tag. */
import { readFile } from "node:fs/promises";

let script: Promise<string> | undefined;

export function readScript(): Promise<string> {
  script ??= readFile(new URL("./static/popup.js", import.meta.url), "utf8");
  return script;
}
