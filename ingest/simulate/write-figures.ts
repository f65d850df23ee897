/** Puts the figures of a season into docs/fraud.md, between its marks. */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Arguments } from "./arguments.ts";
import type { Plan } from "./plan.ts";

const document = fileURLToPath(new URL("../../docs/fraud.md", import.meta.url));
const [begin, end] = ["<!-- simulate:begin -->", "<!-- simulate:end -->"];

/** @throws Error when the document has lost its marks */
export async function writeFigures(args: Arguments, plan: Plan, text: string): Promise<void> {
  const content = await readFile(document, "utf8");
  const [from, to] = [content.indexOf(begin), content.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/fraud.md lacks ${begin} … ${end}`);
  const title = `Seed ${args.seed}, ${args.customers} honest customers, ${plan.days} days, ${plan.acts.length} deeds:`;
  const block = `${content.slice(0, from + begin.length)}\n\n${title}\n\n${text}\n\n${content.slice(to)}`;
  await writeFile(document, block);
}
