/** A rule tree out of a form, and into one. */
import { groupOf } from "../../domain/rules/group.ts";
import type { Leaf, Rule, SumRule } from "../../domain/rules/rule.ts";
import { wholeOf } from "../parts/money.ts";
import type { Form } from "../viewer.ts";
import { fittingOperator, isHistory, isKeyed, isSum, splitPath, typeOf } from "./choices.ts";
import { first, hasPart, partsOf } from "./nested.ts";
import { linesOf, readValue, type Setting, writeValue } from "./values.ts";

/**
 * The rule at `at` as the API takes it; undefined where there is none. What is incomplete comes incomplete: the API's
 * schema says what is missing.
 */
function readRule(form: Form, at: string, setting: Setting): unknown {
  const group = first(form, `${at}.group`);
  if (group !== "") {
    const children = partsOf(form, at).map((part) => readRule(form, `${at}.${part}`, setting));
    return { [group === "any" || group === "none" ? group : "all"]: children };
  }
  return hasPart(form, at) ? readCondition(form, at, setting) : undefined;
}

/** Of a slot for a rule, which may be empty: without conditions there is none. */
export function readSlot(form: Form, at: string, setting: Setting): unknown {
  return partsOf(form, at).length === 0 ? undefined : readRule(form, at, setting);
}

function readCondition(form: Form, at: string, setting: Setting): unknown {
  const on = first(form, `${at}.on`);
  if (on === "items") {
    const which = first(form, `${at}.which`);
    return { on, which, where: readRule(form, `${at}.where`, setting), ...readWords(form, at) };
  }
  const type = typeOf(on) ?? "text";
  const op = fittingOperator(type, first(form, `${at}.op`));
  const value = readValue(form, at, type, op, setting);
  if (isSum(on)) return { on, op, value, where: readRule(form, `${at}.where`, setting), ...readWords(form, at) };
  const name = first(form, `${at}.name`).trim();
  const days = isHistory(on) ? wholeOf(first(form, `${at}.window_days`)) : undefined;
  return {
    on: isKeyed(on) ? `${on}${first(form, `${at}.key`).trim()}` : on,
    op,
    value,
    ...(on === "events.count" && name !== "" ? { name } : {}),
    ...(days === undefined ? {} : { window_days: days }),
    ...readWords(form, at),
  };
}

/** "de: Ab 50 Euro", a line a language. */
function readWords(form: Form, at: string): Record<string, unknown> {
  const message = first(form, `${at}.message`).trim();
  const lines = linesOf(first(form, `${at}.messages`)).map((line): [string, string] => {
    const colon = line.indexOf(":");
    return colon < 0 ? [line, ""] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
  return {
    ...(message === "" ? {} : { message }),
    ...(lines.length === 0 ? {} : { messages: Object.fromEntries(lines) }),
  };
}

type Fields = Record<string, readonly string[]>;

/** The fields of a slot: its conditions always stand in a group, so that there is somewhere to add one. */
export function writeSlot(rule: Rule | null | undefined, at: string, setting: Setting): Fields {
  if (rule === null || rule === undefined) return {};
  return writeRule(groupOf(rule) === null ? { all: [rule] } : rule, at, setting);
}

function writeRule(rule: Rule, at: string, setting: Setting): Fields {
  const group = groupOf(rule);
  if (group !== null) {
    const children = group.children.map((child, index) => writeRule(child, `${at}.${index}`, setting));
    return Object.assign({ [`${at}.group`]: [group.op] }, ...children);
  }
  return writeCondition(rule as Exclude<Rule, { all: unknown } | { any: unknown } | { none: unknown }>, at, setting);
}

function writeCondition(
  rule: Leaf | SumRule | Extract<Rule, { which: unknown }>,
  at: string,
  setting: Setting,
): Fields {
  const words: Record<string, string> = {
    message: rule.message ?? "",
    messages: Object.entries(rule.messages ?? {})
      .map(([language, text]) => `${language}: ${text}`)
      .join("\n"),
  };
  const where = "where" in rule ? writeSlot(rule.where, `${at}.where`, setting) : {};
  if ("which" in rule) return { ...named(at, { on: "items", which: rule.which, ...words }), ...where };
  const { on, key } = splitPath(rule.on);
  const value = writeValue(rule.value, typeOf(on) ?? "text", rule.op, setting);
  const leaf = rule as Leaf;
  const history = {
    name: leaf.name ?? "",
    window_days: leaf.window_days === undefined ? "" : String(leaf.window_days),
  };
  return { ...named(at, { on, key, op: rule.op, ...value, ...history, ...words }), ...where };
}

function named(at: string, fields: Readonly<Record<string, string | readonly string[]>>): Fields {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value.length > 0)
      .map(([name, value]) => [`${at}.${name}`, typeof value === "string" ? [value] : value]),
  );
}

/** Where the API's pointer leads in a form: groups have no name there, and a value is one field. */
export function ruleField(name: string): string {
  return name
    .replaceAll(/\.(all|any|none)(?=\.\d|$)/g, "")
    .replace(/\.(value)\.[\w.]*$/, ".$1")
    .replace(/\.tiers\.[\w.]*$/, ".tiers");
}
