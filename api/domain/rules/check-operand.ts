/** Whether an operand suits its operator and its path. */
import { parseInstant, parseLocalTime } from "../time.ts";
import { epochDay } from "./calendar.ts";
import { checkWindow } from "./check-window.ts";
import type { PathType } from "./paths.ts";
import { checkPattern } from "./pattern.ts";
import type { Operand, Operator } from "./rule.ts";

const listMax = 500;

/** What is wrong with it, as the end of "value …"; null when nothing is. */
export function checkOperand(op: Operator, value: Operand, type: PathType): string | null {
  switch (op) {
    case "exists":
      return typeof value === "boolean" ? null : "must be true or false";
    case "between":
      return checkRange(value, type);
    case "any_of":
    case "none_of":
    case "all_of":
      return checkList(value, type);
    case "multiple_of":
      return Number.isSafeInteger(value) && Number(value) > 0 ? null : "must be a whole number above zero";
    case "starts_with":
    case "ends_with":
      return typeof value === "string" && value !== "" ? null : "must be a text that is not empty";
    case "matches":
      return typeof value === "string" ? checkPattern(value) : "must be a pattern in RE2 syntax";
    case "within":
      return checkWindow(value, type);
    case "equals":
    case "not_equals":
      return checkOne(value, type);
    default:
      return checkOne(value, orderedType(type));
  }
}

/** What can be ordered of a scalar is its number. */
function orderedType(type: PathType): PathType | "any_number" {
  return type === "scalar" ? "any_number" : type;
}

function checkList(value: Operand, type: PathType): string | null {
  if (!Array.isArray(value) || value.length === 0) return "must be a list that is not empty";
  if (value.length > listMax) return `must be a list of at most ${listMax} values`;
  if (new Set(value.map((entry) => typeof entry)).size > 1) return "must be a list of texts or a list of numbers";
  const wrong = value
    .map((entry) => checkOne(entry, type === "list" ? "text" : type))
    .find((detail) => detail !== null);
  return wrong === undefined ? null : `each value ${wrong}`;
}

function checkRange(value: Operand, type: PathType): string | null {
  if (!Array.isArray(value) || value.length !== 2) return "must be a list of two values, from and to";
  const [from, to]: readonly unknown[] = value;
  const wrong = checkOne(from, orderedType(type)) ?? checkOne(to, orderedType(type));
  if (wrong !== null) return `each value ${wrong}`;
  if (type === "instant") {
    return Number(parseInstant(String(from))) < Number(parseInstant(String(to))) ? null : "must begin before it ends";
  }
  // A time of day may wrap midnight.
  if (type === "date") return String(from) <= String(to) ? null : "must not begin after its end";
  return type === "local_time" || Number(from) <= Number(to) ? null : "must not begin above its end";
}

function checkOne(value: unknown, type: PathType | "any_number"): string | null {
  switch (type) {
    case "money":
    case "number":
      return Number.isSafeInteger(value) ? null : "must be a whole number";
    case "weight":
    case "any_number":
      return typeof value === "number" && Number.isFinite(value) ? null : "must be a number";
    case "weekday":
      return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 6
        ? null
        : "must be a day from 0 (Sunday) to 6";
    case "text":
    case "list":
      return typeof value === "string" ? null : "must be a text";
    case "boolean":
      return typeof value === "boolean" ? null : "must be true or false";
    case "instant":
      return typeof value === "string" && parseInstant(value) !== null ? null : "must be an RFC 3339 instant";
    case "local_time":
      return typeof value === "string" && parseLocalTime(value) !== null ? null : 'must be a time of day, "HH:MM"';
    case "date":
      return typeof value === "string" && epochDay(value) !== null ? null : 'must be a date, "YYYY-MM-DD"';
    case "scalar":
      return checkScalar(value);
    default:
      return "cannot be asked here";
  }
}

function checkScalar(value: unknown): string | null {
  if (typeof value === "number") return Number.isFinite(value) ? null : "must be a finite number";
  return typeof value === "string" || typeof value === "boolean" ? null : "must be a text, a number, true or false";
}
