/**
 * A segment's rules as a form: conditions in one group, of which all, any or none hold. Rules with groups inside groups,
 * or with a value that the form would not give back, have none; they are read aloud and changed over the API.
 */

import { isDeepStrictEqual } from "node:util";
import { groupOf } from "../../domain/rules/group.ts";
import type { Leaf, Rule } from "../../domain/rules/rule.ts";
import { parseInstant } from "../../domain/time.ts";
import type { FactType } from "../../segments/rules/facts.ts";
import { findFact, operatorsOf, segmentFacts } from "../../segments/rules/facts.ts";
import { instantOf, localText } from "../parts/moments.tsx";
import { type Sheet, typedSheet } from "../parts/sheet.ts";
import type { Form } from "../viewer.ts";

export const conditionsMax = 20;

export const groups = ["all", "any", "none"] as const;

/** One condition as it is typed. */
export interface Row {
  readonly on: string;
  readonly key: string;
  readonly op: string;
  readonly value: string;
  /** The end of a range, or the days after a birthday. */
  readonly upto: string;
  readonly name: string;
  readonly days: string;
}

const empty: Row = {
  on: "customer.orders_count",
  key: "",
  op: "greater_or_equal",
  value: "",
  upto: "",
  name: "",
  days: "",
};
const fields = Object.keys(empty) as (keyof Row)[];

export function factOf(on: string) {
  return segmentFacts.find((fact) => fact.on === on) ?? segmentFacts[0];
}

/** The operator itself where the fact knows it, else its first. */
export function operatorOf({ on, op }: Row): string {
  const known = operatorsOf(factOf(on)?.type ?? "number");
  return known.find((name) => name === op) ?? known[0] ?? "exists";
}

export function groupIn(form: Form): (typeof groups)[number] {
  return groups.find((group) => group === form["rules.group"]?.[0]) ?? "all";
}

export function rowsIn(form: Form): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < conditionsMax; at += 1) {
    if (form[`rules.${at}.on`] === undefined) continue;
    const typed = (field: string) => (form[`rules.${at}.${field}`]?.[0] ?? "").trim();
    rows.push(Object.fromEntries(fields.map((field) => [field, typed(field)])) as unknown as Row);
  }
  return rows;
}

function formOf(form: Form, group: string, rows: readonly Row[]): Form {
  const others = Object.entries(form).filter(([name]) => !/^rules\./.test(name));
  const own = rows.flatMap((row, at) => fields.map((field) => [`rules.${at}.${field}`, [row[field]]] as const));
  return Object.fromEntries([...others, ["rules.group", [group]], ...own]);
}

/** A form with one condition to begin with. */
export function firstForm(): Form {
  return formOf({}, "all", [empty]);
}

/** The form after one of its buttons that only change it; undefined for the others. */
export function stepped(form: Form): Form | undefined {
  const asked = form.do?.[0] ?? "";
  const rows = rowsIn(form);
  const settled = (next: readonly Row[]) =>
    formOf(
      form,
      groupIn(form),
      next.map((row) => ({ ...row, op: operatorOf(row) })),
    );
  if (asked === "refresh") return settled(rows);
  if (asked === "add") return settled(rows.length < conditionsMax ? [...rows, empty] : rows);
  const removed = /^remove:(\d{1,2})$/.exec(asked)?.[1];
  if (removed !== undefined) return settled(rows.filter((_, at) => at !== Number(removed)));
  return undefined;
}

/** The rules as the API takes them; what cannot be right stays as it was typed, and the schema says so. */
export function rulesOf(form: Form): object {
  return { [groupIn(form)]: rowsIn(form).map(leafOf) };
}

function leafOf(row: Row): object {
  const fact = factOf(row.on);
  const op = operatorOf(row);
  return {
    on: fact?.keyed ? `${row.on}${row.key}` : row.on,
    op,
    value: operandOf(row, op, fact?.type ?? "text"),
    ...(fact?.named && { name: row.name }),
    ...(fact?.windowed && row.days !== "" && { window_days: number(row.days) }),
  };
}

function operandOf(row: Row, op: string, type: FactType): unknown {
  if (op === "exists") return row.value !== "false";
  if (op === "within") return { days_before: number(row.value), days_after: number(row.upto) };
  if (op === "between") return [single(row.value, type), single(row.upto, type)];
  if (["any_of", "none_of", "all_of"].includes(op)) {
    const texts = row.value.split(/[\n,]/).map((text) => text.trim());
    const values = texts.filter((text) => text !== "").map((text) => single(text, type));
    // A list is of one kind: as soon as one of them is a text, all are.
    return values.every((value) => typeof value === "number") ? values : texts.filter((text) => text !== "");
  }
  if (["starts_with", "ends_with", "matches"].includes(op)) return row.value;
  return single(row.value, type);
}

function single(text: string, type: FactType): unknown {
  if (type === "boolean") return text !== "false";
  if (type === "instant") return instantOf(text, "UTC") ?? "";
  if (type === "text" || type === "list") return text;
  if (type === "scalar" && (text === "true" || text === "false")) return text === "true";
  return number(text);
}

function number(text: string): unknown {
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** The form of stored rules; undefined for rules that have none: who only looks at a form and saves it changes nothing. */
export function formOfRules(rule: Rule): Form | undefined {
  const group = groupOf(rule);
  const leaves = group === null ? [rule] : group.children;
  if (leaves.length > conditionsMax || leaves.some((leaf) => groupOf(leaf) !== null)) return undefined;
  const stored = leaves.map((leaf) => plainInstants(leaf as Leaf));
  const rows = stored.map(rowOf);
  if (rows.some((row) => row === undefined || Object.values(row).some((text) => /[\r\n]/.test(text)))) return undefined;
  const op = group?.op ?? "all";
  const form = formOf({}, op, rows as Row[]);
  // A text with a comma in a list, a number that is a text: what no field tells apart.
  return isDeepStrictEqual(rulesOf(form), { [op]: stored }) ? form : undefined;
}

/** Instants as our own clock writes them: they may have come with an offset. */
function plainInstants(leaf: Leaf): Leaf {
  if (findFact(leaf.on)?.fact.type !== "instant") return leaf;
  const plain = (one: unknown) => {
    const at = typeof one === "string" ? parseInstant(one) : null;
    return at === null ? one : new Date(at).toISOString();
  };
  return { ...leaf, value: (Array.isArray(leaf.value) ? leaf.value.map(plain) : plain(leaf.value)) as Leaf["value"] };
}

function rowOf({ on, op, value, name, window_days: days }: Leaf): Row | undefined {
  const found = findFact(on);
  if (found === null) return undefined;
  const isRange = op === "between" && Array.isArray(value);
  const window = op === "within" ? (value as { days_before?: number; days_after?: number }) : undefined;
  const instants = found.fact.type === "instant";
  const text = (one: unknown) => (instants && typeof one === "string" ? localText(one, "UTC") : String(one ?? ""));
  return {
    on: found.fact.on,
    key: found.key,
    op,
    value: window
      ? text(window.days_before)
      : isRange
        ? text(value[0])
        : Array.isArray(value)
          ? value.join(", ")
          : text(value),
    upto: window ? text(window.days_after) : isRange ? text(value[1]) : "",
    name: name ?? "",
    days: days === undefined ? "" : String(days),
  };
}

const fieldOfPointer: Readonly<Record<string, keyof Row>> = { window_days: "days" };

/** What the API says of `rules.all.0.window_days` belongs to the field `rules.0.days`. */
export function sheetOf(sheet: Sheet): Sheet {
  const faults = new Map<string, string>();
  for (const [name, fault] of sheet.faults) {
    const [, at, rest = "value"] = /^rules\.(?:all|any|none)\.(\d+)(?:\.(\w+))?/.exec(name) ?? [];
    const own = at === undefined ? name : `rules.${at}.${fieldOfPointer[rest] ?? rest}`;
    if (!faults.has(own)) faults.set(own, fault);
  }
  return { ...sheet, faults };
}

export function sheetOfForm(form: Form): Sheet {
  return typedSheet(form);
}
