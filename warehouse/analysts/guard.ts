/**
 * What an analyst's SQL may not say on the embedded engine, whatever their rights. The engine counts as a local tool,
 * and there `file('…')` reads every file of the machine without asking for a right; `mergeTreeIndex` shows the
 * customers of other projects at the borders of their index. No right takes either away, so their words do.
 *
 * Only ever applied to text that ClickHouse's own formatter wrote, and that text is what is run: escapes and comments
 * are gone by then, but quotes are not.
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

/**
 * The table functions that make rows out of nothing, or read what the analyst may read anyway. Not those that take a
 * structure (`values`, `null`): a column of it may be `ALIAS file('…')`, in a text that may be put together.
 */
const harmlessTableFunctions = new Set([
  "generate_series",
  "generateSeries",
  "merge",
  "numbers",
  "numbers_mt",
  "primes",
  "view",
  "zeros",
  "zeros_mt",
  // Also an ordinary function; the table function needs a right that analysts do not have.
  "format",
]);

const beginnings = /^(\(*\s*(SELECT|WITH)\b|SHOW\b|DESCRIBE\b|EXISTS\b|EXPLAIN\b)/i;
/** Texts, names and parameters, taken from the left: a name such as `it's` must not open a text, nor a text a name. */
const quoted = /'(?:[^'\\]|\\[\s\S]|'')*'|`(?:[^`\\]|\\[\s\S]|``)*`|"(?:[^"\\]|\\[\s\S]|"")*"|\{[^}]*\}/g;
/** The formatter leaves the type of a parameter as it was written, so only plain ones pass. */
const parameter = /^\{\w+:(?:[\w(), ]|'[\w/+-]*')+\}$/;

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
      for (const [text] of formatted.matchAll(quoted)) {
        if (!text.startsWith("{")) continue;
        // It would name a function or a table when nobody looks any more.
        if (/identifier/i.test(text)) return "A parameter may be a value, not an Identifier.";
        if (!parameter.test(text)) return "The type of a parameter has to be a plain one, such as Array(String).";
      }
      if (/['`"{}]/.test(formatted.replace(quoted, ""))) return "This statement cannot be read here.";
      const bare = formatted.replace(quoted, (text) => (/^['{]/.test(text) ? "''" : text));
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
