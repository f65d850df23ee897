/** Runs the examples of a page: each block of `sh` as a shell would run it, and each answer against the `json` after it. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { createAdaptorServer } from "@hono/node-server";
import { expect } from "vitest";
import type { TestApp, TestProject } from "./app.ts";

const run = promisify(execFile);

interface Example {
  readonly command: string;
  readonly answer: unknown;
}

/** A block of `sh` and the block of `json` that follows it, if one does. Blocks without curl set names for the others. */
function readExamples(page: string): { names: string; examples: Example[] } {
  const blocks = [...page.matchAll(/```(sh|json)\n([\s\S]*?)```/g)].map(([, kind, text]) => ({
    kind,
    text: text ?? "",
  }));
  const commands = blocks.flatMap(({ kind, text }, index) => {
    const next = blocks[index + 1];
    return kind === "sh" ? [{ command: text, answer: next?.kind === "json" ? JSON.parse(next.text) : {} }] : [];
  });
  return {
    names: commands
      .filter(({ command }) => !command.includes("curl"))
      .map(({ command }) => command)
      .join(""),
    examples: commands.filter(({ command }) => command.includes("curl")),
  };
}

/** Puts known names in, and learns those that are new from the answer. */
function settle(said: unknown, got: unknown, names: Map<string, string>): unknown {
  if (typeof said === "string" && said.startsWith("$")) {
    if (!names.has(said) && typeof got === "string") names.set(said, got);
    return names.get(said) ?? said;
  }
  if (Array.isArray(said))
    return said.map((each, index) => settle(each, (got as unknown[] | undefined)?.[index], names));
  if (typeof said !== "object" || said === null) return said;
  const fields = Object.entries(said).map(([name, each]) => {
    return [name, settle(each, (got as Record<string, unknown> | undefined)?.[name], names)];
  });
  return Object.fromEntries(fields);
}

/**
 * @param page in docs/.
 * @param settled what has to happen after each example before the next.
 * @returns how many examples there were.
 */
export async function runExamples(
  app: TestApp,
  project: TestProject,
  page: string,
  settled: () => Promise<void> = async () => undefined,
): Promise<number> {
  const server = createAdaptorServer({ fetch: app.app.fetch });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const text = readFileSync(join(import.meta.dirname, "../../docs", page), "utf8");
  const { names: preamble, examples } = readExamples(text);
  const names = new Map<string, string>();
  try {
    for (const { command, answer } of examples) {
      const env = {
        ...process.env,
        API: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        KEY: project.key,
        ...Object.fromEntries([...names].map(([name, value]) => [name.slice(1), value])),
      };
      const { stdout } = await run("sh", ["-euc", preamble + command], { env });
      const got = JSON.parse(stdout);
      expect(got, command).toMatchObject(settle(answer, got, names) as object);
      if (Object.keys(answer as object).length === 0) expect(got.title, `${command} ${stdout}`).toBeUndefined();
      await settled();
    }
  } finally {
    server.close();
  }
  return examples.length;
}
