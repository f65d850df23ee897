/** Placeholders of a request: `{{ name }}`, nothing more. Whoever fills them says how a value is written where it stands. */

const placeholder = /\{\{\s*([^{}]{0,200}?)\s*\}\}/g;

export function placeholdersIn(source: string): string[] {
  return [...source.matchAll(placeholder)].map(([, name]) => name ?? "");
}

/** Values are read once: one that holds a placeholder itself stays as it is. */
export function fill(
  source: string,
  values: Readonly<Record<string, unknown>>,
  write: (value: string) => string = (value) => value,
): string {
  return source.replaceAll(placeholder, (_, name: string) => write(lookUp(values, name)));
}

/** Every text of a JSON value; keys stay. */
export function fillJson(value: unknown, values: Readonly<Record<string, unknown>>): unknown {
  if (typeof value === "string") return fill(value, values);
  if (Array.isArray(value)) return value.map((inner) => fillJson(inner, values));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fillJson(inner, values)]));
}

/** Of own properties alone; what is not there or no text is "". */
function lookUp(values: Readonly<Record<string, unknown>>, name: string): string {
  let found: unknown = values;
  for (const key of name.split(".")) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return "";
    found = (found as Record<string, unknown>)[key];
  }
  return typeof found === "string" || typeof found === "number" || typeof found === "boolean" ? String(found) : "";
}
