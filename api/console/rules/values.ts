/** The value of a condition: as fields hold it, and as the API takes it. */
import { isArea, isBirthdayWindow, isRecurrence } from "../../domain/rules/operand-kinds.ts";
import type { PathType } from "../../domain/rules/paths.ts";
import type { Operand, Operator } from "../../domain/rules/rule.ts";
import { instantOf, localText } from "../parts/moments.tsx";
import { decimalOf, minorOf, wholeOf } from "../parts/money.ts";
import type { Form } from "../viewer.ts";
import { all, first } from "./nested.ts";

/** What amounts and times are read by. */
export interface Setting {
  readonly currency: string;
  readonly timeZone: string;
  /** Instants of what the form changes. */
  readonly stored?: readonly string[];
}

type Fields = Record<string, string | readonly string[]>;

const listOperators: readonly Operator[] = ["any_of", "none_of", "all_of"];

export function takesList(op: Operator): boolean {
  return listOperators.includes(op);
}

export function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** What is no value stays the text that it is: the API's schema says so. Undefined where nothing was typed. */
export function readValue(form: Form, at: string, type: PathType, op: Operator, setting: Setting): unknown {
  const text = first(form, `${at}.value`).trim();
  if (op === "exists") return text !== "false";
  if (op === "within") return readWindow(form, at, type);
  if (op === "multiple_of") return wholeOf(text);
  const read = (one: string) => readOne(one, type, op, first(form, `${at}.as`), setting);
  if (op === "between") return [text, first(form, `${at}.to`).trim()].map(read);
  if (takesList(op)) return all(form, `${at}.value`).flatMap(linesOf).map(read);
  return text === "" ? undefined : read(text);
}

const ordered: readonly Operator[] = ["greater_than", "greater_or_equal", "less_than", "less_or_equal", "between"];

function readOne(text: string, type: PathType, op: Operator, as: string, setting: Setting): unknown {
  switch (type) {
    case "money":
      return minorOf(text, setting.currency);
    case "number":
    case "weekday":
      return wholeOf(text);
    case "weight":
      return numberOf(text);
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "instant":
      return instantOf(text, setting.timeZone, setting.stored);
    case "scalar":
      if (ordered.includes(op) || as === "number") return numberOf(text);
      return as === "boolean" ? text === "true" || text === "yes" : text;
    default:
      return text;
  }
}

function numberOf(text: string): number | string | undefined {
  const plain = text.trim().replace(",", ".");
  if (plain === "") return undefined;
  return /^-?\d{1,15}(\.\d{1,9})?$/.test(plain) ? Number(plain) : plain;
}

function readWindow(form: Form, at: string, type: PathType): unknown {
  const number = (name: string) => numberOf(first(form, `${at}.${name}`));
  const text = (name: string) => first(form, `${at}.${name}`).trim() || undefined;
  if (type === "birthday") return { days_before: number("before") ?? 0, days_after: number("after") ?? 0 };
  if (type === "recurring") {
    return {
      start: text("start"),
      duration_minutes: number("minutes"),
      every: text("every") ?? "week",
      interval: number("interval"),
      until: text("until"),
    };
  }
  if (first(form, `${at}.area`) === "polygon") return { polygon: linesOf(first(form, `${at}.polygon`)).map(pointOf) };
  return { center: [number("lon"), number("lat")], radius_m: number("radius") };
}

/** "52.52, 13.40", as maps give it, is [13.40, 52.52]. */
function pointOf(line: string): unknown {
  return line
    .split(/[,;\s]+/)
    .map(numberOf)
    .reverse();
}

/** The fields that hold a stored value. */
export function writeValue(value: Operand, type: PathType, op: Operator, setting: Setting): Fields {
  if (isArea(value)) {
    if ("polygon" in value) {
      return { area: "polygon", polygon: value.polygon.map(([lon, lat]) => `${lat}, ${lon}`).join("\n") };
    }
    const [lon, lat] = value.center;
    return { area: "circle", lat: String(lat), lon: String(lon), radius: String(value.radius_m) };
  }
  if (isBirthdayWindow(value)) return { before: String(value.days_before), after: String(value.days_after) };
  if (isRecurrence(value)) {
    const { start, duration_minutes, every, interval, until } = value;
    return {
      start,
      minutes: String(duration_minutes),
      every,
      interval: interval === undefined ? "" : String(interval),
      until: until ?? "",
    };
  }
  const write = (one: unknown) => writeOne(one, op === "multiple_of" ? "number" : type, setting);
  if (!Array.isArray(value)) return { value: write(value), ...kindOf(value, type) };
  if (op === "between") return { value: write(value[0]), to: write(value[1]) };
  const texts = value.map(write);
  // Boxes are ticked one by one, lines are one text.
  return { value: type === "weekday" || type === "list" ? texts : texts.join("\n"), ...kindOf(value[0], type) };
}

function kindOf(value: unknown, type: PathType): Fields {
  return type === "scalar" ? { as: typeof value === "string" ? "text" : typeof value } : {};
}

function writeOne(value: unknown, type: PathType, { currency, timeZone }: Setting): string {
  if (type === "money" && typeof value === "number") return decimalOf(value, currency);
  if (type === "instant" && typeof value === "string") return localText(value, timeZone);
  return String(value);
}
