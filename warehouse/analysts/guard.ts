/**
 * What an analyst's SQL may not say on the embedded engine, whatever their rights. The engine counts as a local tool,
 * and there `file('…')` reads every file of the machine without asking for a right; `mergeTreeIndex` shows the
 * customers of other projects at the borders of their index. No right takes either away, so their words do.
 *
 * Only ever applied to text that ClickHouse's own formatter wrote, and that text is what is run: escapes, comments and
 * odd spellings are gone by then.
 */

/** Refused as a bare word anywhere: a function can also be handed over by its name (`APPLY file`, `arrayMap(file, …)`). */
const functions = [
  "file",
  "catboostEvaluate",
  "evalMLMethod",
  "hasColumnInTable",
  "getClientHTTPHeader",
  "getServerSetting",
  "showCertificate",
  "logTrace",
  "generateSerialID",
  "aiClassify",
  "aiEmbed",
  "aiExtract",
  "aiGenerate",
  "aiTranslate",
];

/** The table functions that make rows out of nothing, or read what the analyst may read anyway. */
const harmlessTableFunctions = new Set([
  "generate_series",
  "generateSeries",
  "merge",
  "null",
  "numbers",
  "numbers_mt",
  "primes",
  "values",
  "view",
  "zeros",
  "zeros_mt",
  // Also ordinary functions.
  "format",
]);

const beginnings = /^(\(*\s*(SELECT|WITH)\b|SHOW\b|DESCRIBE\b|EXISTS\b|EXPLAIN\b)/i;
const textLiteral = /'(?:[^'\\]|\\[\s\S]|'')*'/g;

export interface Guard {
  /** What is wrong with the formatted statement, in a sentence; undefined for nothing. */
  fault(formatted: string): string | undefined;
}

/** @param tableFunctions the names of all that this engine knows: a new one is refused until it is looked at. */
export function createGuard(tableFunctions: readonly string[]): Guard {
  const anywhere = wordPattern(functions, "");
  const called = wordPattern(
    tableFunctions.filter((name) => !harmlessTableFunctions.has(name)),
    '[`"]?\\s*\\(',
  );
  return {
    fault(formatted) {
      const bare = formatted.replace(textLiteral, "''");
      if (!beginnings.test(bare)) return "Only SELECT, SHOW, DESCRIBE, EXISTS and EXPLAIN may be asked here.";
      const [, word] = anywhere.exec(bare) ?? called.exec(bare) ?? [];
      if (word !== undefined) return `The word ${word} may not be used here: it reaches beyond the project's tables.`;
      if (/\bINTO\s+OUTFILE\b/i.test(bare)) return "An answer cannot be written to a file of the server.";
      return undefined;
    },
  };
}

function wordPattern(words: readonly string[], after: string): RegExp {
  return new RegExp(`(?<![A-Za-z0-9_])(${words.join("|")})(?![A-Za-z0-9_])${after}`, "i");
}
