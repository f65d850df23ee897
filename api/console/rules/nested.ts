/**
 * Forms whose parts repeat: names with dots and numbers, `rules.0.value`. A button that adds or removes a part sends the
 * whole form, which is changed here and shown again; nothing of it needs a script.
 */
import { Problem } from "../../http/problem.ts";
import type { Form } from "../viewer.ts";

/** Deeper and longer than any form of ours; a name that goes beyond was made by hand. */
const stepsMax = 40;
/** A hundred conditions and ten rewards need a third of it; every part looks through all names. */
const namesMax = 4_000;
const partsMax = 120;

export function first(form: Form, name: string): string {
  return (Object.hasOwn(form, name) ? form[name]?.[0] : undefined) ?? "";
}

export function all(form: Form, name: string): readonly string[] {
  return (Object.hasOwn(form, name) ? form[name] : undefined) ?? [];
}

export function hasPart(form: Form, prefix: string): boolean {
  return Object.keys(form).some((name) => name.startsWith(`${prefix}.`));
}

/** The numbers of the parts `prefix.<number>`, ascending. */
export function partsOf(form: Form, prefix: string): number[] {
  const numbers = new Set<number>();
  for (const name of Object.keys(form)) {
    if (!name.startsWith(`${prefix}.`)) continue;
    const step = name.slice(prefix.length + 1).split(".", 1)[0] ?? "";
    if (/^\d{1,3}$/.test(step)) numbers.add(Number(step));
  }
  return [...numbers].sort((a, b) => a - b);
}

/** @throws Problem 400 for a form that none of our pages sends */
export function checkNames(form: Form): Form {
  const names = Object.keys(form);
  if (names.length > namesMax) throw new Problem("invalid_request", `A form has at most ${namesMax} fields.`);
  for (const name of names) {
    if (name.split(".").length > stepsMax) throw new Problem("invalid_request", "The form is nested too deep.");
  }
  return form;
}

type Fields = Readonly<Record<string, string | readonly string[]>>;

function prefixed(prefix: string, fields: Fields): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [`${prefix}.${name}`, typeof value === "string" ? [value] : value]),
  );
}

/** With one more part behind the others. @returns the form, and the new part's prefix. */
export function withPart(form: Form, prefix: string, fields: Fields): { readonly form: Form; readonly part: string } {
  const parts = partsOf(form, prefix);
  if (parts.length >= partsMax) throw new Problem("invalid_request", `There are ${partsMax} already.`);
  const part = `${prefix}.${(parts.at(-1) ?? -1) + 1}`;
  return { form: { ...form, ...prefixed(part, fields) }, part };
}

/** Without the part `prefix.<number>`, or whatever else begins with the prefix; those behind it move up. */
export function withoutPart(form: Form, part: string): Form {
  const rest = Object.fromEntries(
    Object.entries(form).filter(([name]) => name !== part && !name.startsWith(`${part}.`)),
  );
  const match = /^(.*)\.(\d+)$/.exec(part);
  return match ? compacted(rest, match[1] ?? "") : rest;
}

function compacted(form: Form, prefix: string): Form {
  const parts = partsOf(form, prefix);
  if (parts.every((part, index) => part === index)) return form;
  const places = new Map(parts.map((part, index) => [String(part), index]));
  return Object.fromEntries(
    Object.entries(form).map(([name, values]) => {
      if (!name.startsWith(`${prefix}.`)) return [name, values];
      const [step = "", ...rest] = name.slice(prefix.length + 1).split(".");
      return [[prefix, places.get(step) ?? step, ...rest].join("."), values];
    }),
  );
}

/** With the part `prefix.<number>` and the one before or after it in each other's place. @returns where it is then. */
export function withPartMoved(form: Form, part: string, by: -1 | 1): { readonly form: Form; readonly part: string } {
  const [, prefix = "", number = ""] = /^(.*)\.(\d+)$/.exec(part) ?? [];
  const parts = partsOf(form, prefix);
  const other = parts[parts.indexOf(Number(number)) + by];
  if (!parts.includes(Number(number)) || other === undefined) return { form, part };
  const places = new Map([
    [number, String(other)],
    [String(other), number],
  ]);
  const entries = Object.entries(form).map(([name, values]): [string, readonly string[]] => {
    if (!name.startsWith(`${prefix}.`)) return [name, values];
    const [step = "", ...rest] = name.slice(prefix.length + 1).split(".");
    return [[prefix, places.get(step) ?? step, ...rest].join("."), values];
  });
  return { form: Object.fromEntries(entries), part: `${prefix}.${other}` };
}
