/** Operators and operands in English, for messages, narrations and sentences alike. */
import { formatMoney } from "../money.ts";
import type { FactValue } from "../reason.ts";
import { isArea, isBirthdayWindow, isRecurrence } from "./operand-kinds.ts";
import { type FoundPath, findPath, type PathType } from "./paths.ts";
import type { Area, Leaf, Operand, Operator, Recurrence } from "./rule.ts";

interface Phrase {
  /** "The order amount is at least …" */
  readonly is: string;
  /** "The order amount must be at least …" */
  readonly must: string;
  /** "… at least 50.00 EUR was asked" */
  readonly asked: string;
}

function be(asked: string, is = asked): Phrase {
  return { is: joined("is", is), must: joined("must be", is), asked };
}

const phrases: Readonly<Record<Exclude<Operator, "exists">, Phrase>> = {
  equals: be(""),
  not_equals: { is: "is not", must: "must not be", asked: "anything but" },
  greater_than: be("more than"),
  greater_or_equal: be("at least"),
  less_than: be("less than"),
  less_or_equal: be("at most"),
  between: be("between"),
  any_of: be("one of"),
  none_of: { is: "is not one of", must: "must not be one of", asked: "none of" },
  all_of: { is: "includes all of", must: "must include all of", asked: "all of" },
  starts_with: { is: "starts with", must: "must start with", asked: "a text that starts with" },
  ends_with: { is: "ends with", must: "must end with", asked: "a text that ends with" },
  matches: { is: "matches the pattern", must: "must match the pattern", asked: "a text that matches the pattern" },
  multiple_of: be("a multiple of"),
  within: be(""),
};

/** Of a fact that has several values at once. */
const listPhrases: Readonly<Partial<Record<Operator, Phrase>>> = {
  any_of: { is: "includes one of", must: "must include one of", asked: "one of" },
  none_of: { is: "includes none of", must: "must not include any of", asked: "none of" },
};

/** What is asked of a fact of the type: the operator's phrase and the operand. */
export function asking(
  form: keyof Phrase,
  { op, value }: { readonly op: Operator; readonly value: Operand },
  type: PathType,
  currency: string,
): string {
  if (op === "exists") return existence(form, value === true);
  const phrase = (type === "list" ? listPhrases[op] : undefined) ?? phrases[op];
  return joined(phrase[form], operandWords(op, value, type, currency));
}

function existence(form: keyof Phrase, wanted: boolean): string {
  if (form === "asked") return wanted ? "a value" : "no value";
  const verb = form === "is" ? "is" : "must";
  const rest = form === "is" ? "given" : "be given";
  return `${verb} ${wanted ? "" : "not "}${rest}`;
}

function operandWords(op: Operator, value: Operand, type: PathType, currency: string): string {
  if (isArea(value)) return areaWords(value);
  if (isRecurrence(value)) return recurrenceWords(value);
  if (isBirthdayWindow(value)) {
    return `at most ${plural(value.days_before, "day")} ahead or at most ${plural(value.days_after, "day")} ago`;
  }
  // Every n-th cent is a number, not a price.
  const unit = op === "multiple_of" && type === "money" ? "number" : type;
  const values: readonly FactValue[] = Array.isArray(value) ? value : [value as FactValue];
  return values.map((one) => valueWords(one, unit, currency)).join(op === "between" ? " and " : ", ");
}

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** A fact as people write it. */
export function valueWords(value: FactValue, type: PathType, currency: string): string {
  if (value === null) return "not given";
  if (typeof value === "object") {
    if (value.length === 0) return "empty";
    return type === "location" ? placeWords(value) : value.join(", ");
  }
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return type === "recurring" ? value.replace("T", " ") : value;
  if (type === "money") return formatMoney(value, currency);
  if (type === "weight") return `${Number(value.toFixed(3))} g`;
  return type === "weekday" ? (weekdays[value] ?? String(value)) : String(value);
}

/** Latitude first, as people say it. */
function placeWords([lon, lat]: readonly (string | number)[]): string {
  return `${lat}, ${lon}`;
}

export function metresWords(metres: number): string {
  return metres < 1_000 ? `${metres} m` : `${(metres / 1_000).toFixed(1)} km`;
}

function areaWords(area: Area): string {
  if ("polygon" in area) return `inside an area of ${area.polygon.length} corners`;
  return `within ${metresWords(area.radius_m)} of ${placeWords(area.center)}`;
}

function recurrenceWords({ start, duration_minutes, every, interval = 1, until }: Recurrence): string {
  const rhythm = interval === 1 ? `every ${every}` : `every ${interval} ${every}s`;
  const end = until === undefined ? "" : ` until ${until.replace("T", " ")}`;
  return `in a window of ${plural(duration_minutes, "minute")} ${rhythm} from ${start.replace("T", " ")}${end}`;
}

const pluralPaths: readonly string[] = ["item.categories", "customer.segments", "customer.points", "customer.age_days"];

export function isPlural(on: string): boolean {
  return pluralPaths.includes(on);
}

/** The clause of a leaf: "the order amount is at least 50.00 EUR", "the item's categories include one of shoes". */
export function isClause(subject: string, leaf: Pick<Leaf, "on" | "op" | "value">, type: PathType, currency: string) {
  const verb = asking("is", leaf, type, currency);
  const agreed = isPlural(leaf.on) ? verb.replace(/^is\b/, "are").replace(/^includes\b/, "include") : verb;
  return `${subject} ${agreed}`;
}

/** "the order amount is 54.00 EUR", "the customer's segments are empty". */
export function seenClause(subject: string, on: string, seen: FactValue, type: PathType, currency: string): string {
  return `${subject} ${isPlural(on) ? "are" : "is"} ${valueWords(seen, type, currency)}`;
}

/** What a leaf looks at: `the order's metadata "gift"`, `the number of the customer's events "visit" in the last 30 days`. */
export function subjectOf(
  leaf: Pick<Leaf, "on" | "name" | "window_days">,
  found: FoundPath | null = findPath(leaf.on),
) {
  if (found === null) return `the unknown "${leaf.on}"`;
  const { definition, key } = found;
  const subject = key === "" ? definition.label : `${definition.label} "${key}"`;
  const named = leaf.name === undefined ? subject : `${subject} "${leaf.name}"`;
  return leaf.window_days === undefined ? named : `${named} in the last ${plural(leaf.window_days, "day")}`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" ");
}
