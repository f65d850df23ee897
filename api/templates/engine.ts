/**
 * The language of templates: Liquid, of it what needs no file, no clock and no regular expression, with bounds on text,
 * time and memory. A template is a tenant's, and what it says of a customer is the customer's: neither is trusted.
 */
import { Liquid, type Template, UndefinedVariableError } from "liquidjs";
import { registerFormats } from "./formats.ts";

const tags = [
  "assign",
  "capture",
  "case",
  "comment",
  "cycle",
  "echo",
  "for",
  "break",
  "continue",
  "if",
  "unless",
  "raw",
  "#",
];
const filters = [
  ...["abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round", "times"],
  ...["append", "capitalize", "downcase", "upcase", "prepend", "replace", "replace_first", "strip", "lstrip", "rstrip"],
  ...["split", "truncate", "truncatewords", "strip_newlines", "squish", "url_encode", "escape"],
  ...["first", "last", "join", "size", "reverse", "sort", "uniq", "map", "where", "slice", "concat", "compact", "sum"],
  ...["default"],
];

const limits = { parseLimit: 500_000, renderLimit: 200, memoryLimit: 1_000_000 };

function createEngine(escaping: boolean): Liquid {
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    // `if` and `default` may ask for what is not there.
    lenientIf: true,
    // Includes are no tags of ours; if one came back with a new version, it would find nothing.
    templates: {},
    ...(escaping ? { outputEscape: "escape" as const } : {}),
    ...limits,
  });
  for (const name of Object.keys(engine.tags)) if (!tags.includes(name)) delete engine.tags[name];
  for (const name of Object.keys(engine.filters)) if (!filters.includes(name)) engine.unregisterFilter(name);
  // In HTML everything is escaped once, and nothing twice.
  if (escaping) engine.registerFilter("escape", (value: unknown) => value);
  registerFormats(engine);
  return engine;
}

const plain = createEngine(false);
const html = createEngine(true);

/** `detail` is for the template's author: it names line, column and variable, and no value. */
export type Rendered =
  | { readonly outcome: "rendered"; readonly text: string }
  | { readonly outcome: "failed"; readonly detail: string; readonly variable: string | null };

/** How dates and money are written. */
export interface Manner {
  /** BCP 47. */
  readonly language: string;
  readonly timeZone: string;
}

export function renderText(
  source: string,
  { html: escaping }: { readonly html: boolean },
  variables: Readonly<Record<string, unknown>>,
  manner: Manner,
): Rendered {
  const engine = escaping ? html : plain;
  try {
    const globals = { language: manner.language, time_zone: manner.timeZone };
    const text: unknown = engine.renderSync(parse(engine, source), variables, { globals });
    return { outcome: "rendered", text: String(text) };
  } catch (error) {
    return { outcome: "failed", detail: detailOf(error), variable: variableOf(error) };
  }
}

/** Undefined when it can be read; else what is wrong, with its line. */
export function faultOfText(source: string, roots: ReadonlyMap<string, readonly string[] | null>): string | undefined {
  try {
    const parsed = parse(plain, source);
    for (const segments of plain.globalVariableSegmentsSync(parsed)) {
      const [root, field] = segments;
      const fields = typeof root === "string" ? roots.get(root) : undefined;
      if (fields === undefined) return `There is no variable ${String(root)}.`;
      if (fields !== null && typeof field === "string" && !fields.includes(field)) {
        return `There is no variable ${String(root)}.${field}.`;
      }
    }
    return undefined;
  } catch (error) {
    return detailOf(error);
  }
}

/** What the texts speak of: "customer.name". Those that cannot be read speak of nothing. */
export function variablesIn(sources: readonly string[]): string[] {
  const names = sources.flatMap((source) => {
    try {
      return plain.globalFullVariablesSync(parse(plain, source));
    } catch {
      return [];
    }
  });
  return [...new Set(names)].sort().slice(0, 200);
}

function parse(engine: Liquid, source: string): Template[] {
  return engine.parse(source);
}

/** The library's words end with line and column; the lines after them quote the template. */
function detailOf(error: unknown): string {
  const text = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
  return text.replaceAll(/\p{Cc}/gu, " ").slice(0, 300) || "The template cannot be read.";
}

function variableOf(error: unknown): string | null {
  if (!(error instanceof UndefinedVariableError)) return null;
  return /^undefined variable: ([\w.[\]"'-]{1,200})/.exec(error.message)?.[1] ?? null;
}
