/**
 * Checks who imports whom (`.dependency-cruiser.cjs`). Exits 1 on a forbidden import, and also when fewer TypeScript
 * modules were cruised than lie in the folders: a cruiser whose resolver or compiler does not fit reports "no
 * violations" over nothing.
 */
import { readdirSync } from "node:fs";
import { cruise } from "dependency-cruiser";
import extractDepcruiseConfig from "dependency-cruiser/config-utl/extract-depcruise-config";
import extractTSConfig from "dependency-cruiser/config-utl/extract-ts-config";

const checked = ["api", "ingest", "models", "warehouse"];
const alsoCruised = ["bench", "test"];

/** @param {string} folder */
function typescriptFiles(folder) {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes("node_modules"))
    .map((name) => `${folder}/${name}`);
}

const { forbidden, options } = await extractDepcruiseConfig("./.dependency-cruiser.cjs");
const { output } = await cruise(
  [...checked, ...alsoCruised],
  { ...options, ruleSet: { forbidden }, validate: true },
  options.enhancedResolveOptions,
  { tsConfig: extractTSConfig("./tsconfig.json") },
);
if (typeof output === "string") throw new Error("expected the cruise result as an object");

const { violations } = output.summary;
for (const { rule, from, to, cycle, via } of violations) {
  const path = (cycle ?? via ?? []).map((step) => step.name).join(" → ");
  process.stderr.write(`${rule.severity} ${rule.name}: ${from} → ${path || to}\n`);
}

const cruised = new Set(output.modules.map((module) => module.source));
const present = checked.flatMap(typescriptFiles);
const missed = present.filter((file) => !cruised.has(file));
for (const file of missed) process.stderr.write(`not cruised: ${file}\n`);

const failed = present.length === 0 || missed.length > 0 || violations.some((v) => v.rule.severity === "error");
process.stdout.write(
  `imports: ${present.length - missed.length} of ${present.length} modules cruised, ${violations.length} violations\n`,
);
process.exitCode = failed ? 1 : 0;
