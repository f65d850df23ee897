/** docs/features.md lists every feature as the code defines it. `FEATURES_DOC=write` writes the tables anew. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { FeatureSet } from "../../../models/features/feature.ts";
import { personalisationFeatures } from "../../../models/features/personalisation.ts";
import { riskFeatures } from "../../../models/features/risk.ts";
import { type Measure, type MeasureName, measures } from "../../../models/features/signals/measures.ts";

const path = join(import.meta.dirname, "../../../docs/features.md");

const cell = (text: string | number) => String(text).replaceAll("|", "\\|");
const row = (...cells: (string | number)[]) => `| ${cells.map(cell).join(" | ")} |`;

/** As the formatter of documents lays tables out. */
function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [row(...head), row(...head.map(() => "---")), ...rows.map((each) => row(...each))].join("\n");
}

function featureTable<Input>(set: FeatureSet<Input>): string {
  return table(
    ["feature", "version", "window", "type", "default", "scale", "SQL"],
    set.features.map((feature) => [
      ...[feature.name, feature.version, feature.window, feature.type, feature.default, feature.scale],
      `\`${feature.sql}\``,
    ]),
  );
}

const day = 86_400_000;

function spanOf(ms: number): string {
  if (ms % day === 0) return ms === day ? "1 day" : `${ms / day} days`;
  return ms === 3_600_000 ? "1 hour" : `${ms / 60_000} minute`;
}

function measureRow([name, measure]: [string, Measure]): string[] {
  switch (measure.how) {
    case "count":
      return [name, measure.kind, measure.of, spanOf(measure.windowMs)];
    case "distinct":
      return [name, measure.kind, `different ${measure.of}s`, spanOf(measure.windowMs)];
    case "days":
      return [name, measure.kind, `by UTC days: ${measure.sum}`, `${measure.days} days`];
    case "steps":
      return [name, measure.kind, "redeemed, by steps of 10 minutes", "50 to 60 minutes"];
    case "last":
      return [name, measure.kind, "seconds since the newest redemption", "90 days"];
  }
}

function measureTable(): string {
  const rows = (Object.entries(measures) as [MeasureName, Measure][]).map(measureRow);
  return table(["measure", "of", "what", "window"], rows);
}

const parts: Readonly<Record<string, () => string>> = {
  risk: () => featureTable(riskFeatures),
  measures: measureTable,
  personalisation: () => featureTable(personalisationFeatures),
};

function withParts(document: string): string {
  return Object.entries(parts).reduce((text, [name, make]) => {
    const marks = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`] as const;
    const [begin, end] = [text.indexOf(marks[0]), text.indexOf(marks[1])];
    if (begin < 0 || end < begin) throw new Error(`docs/features.md has no place for ${name}`);
    return `${text.slice(0, begin + marks[0].length)}\n\n${make()}\n\n${text.slice(end)}`;
  }, document);
}

it("lists every feature and measure as they are defined", async () => {
  const document = await readFile(path, "utf8");
  const fresh = withParts(document);
  if (process.env.FEATURES_DOC === "write") await writeFile(path, fresh);
  else expect(document).toBe(fresh);
  expect(fresh).toContain("| discount_share |");
});
