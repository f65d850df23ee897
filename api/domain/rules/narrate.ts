/** A trace in plain English, as a tree: what was seen, what was asked, and what came of it. */
import type { Trace } from "../decision.ts";
import { findPath } from "./paths.ts";
import { sumLabels, sumTypes } from "./sums.ts";
import { asking, capitalized, metresWords, plural, seenClause, subjectOf, valueWords } from "./words.ts";

export interface Narration {
  readonly text: string;
  readonly met: boolean;
  readonly children: readonly Narration[];
}

type Of<Op> = Extract<Trace, { op: Op }>;
type LeafTrace = Exclude<Trace, { children: readonly Trace[] }>;

/** "The order amount is 54.00 EUR, at least 50.00 EUR was asked: met". */
export function narrate(trace: Trace, currency: string): Narration {
  const { met } = trace;
  const verdict = met ? "met" : "not met";
  if (!("children" in trace)) return { text: `${leafText(trace, currency)}: ${verdict}`, met, children: [] };
  if (trace.op === "items" || trace.op === "sum") {
    const subject = trace.op === "sum" ? sumText(trace, currency) : itemsText(trace);
    const name = trace.op === "items" ? lineNames[trace.which] : undefined;
    const children = trace.children.map((child, index) => ofLine(child, name ?? `Line ${index + 1}`, currency));
    return { text: `${subject}: ${verdict}`, met, children };
  }
  const children = trace.children.map((child) => narrate(child, currency));
  return { text: `${groupTexts[trace.op]}: ${verdict}`, met, children };
}

/** The same as lines of text, indented by two blanks a level. */
export function narrationLines({ text, children }: Narration): string[] {
  return [text, ...children.flatMap(narrationLines).map((line) => `  ${line}`)];
}

const groupTexts = {
  all: "All of these",
  any: "At least one of these",
  none: "None of these",
} as const;

const itemsTexts: Readonly<Record<string, string>> = {
  any: "At least one line",
  all: "Every line",
  none: "No line",
  cheapest: "The cheapest line",
  most_expensive: "The most expensive line",
};

const lineNames: Readonly<Record<string, string>> = {
  cheapest: "The cheapest line",
  most_expensive: "The most expensive line",
};

function itemsText({ which, matched }: Of<"items">): string {
  return `${itemsTexts[which] ?? which} was asked to match, ${matched === 0 ? "none" : matched} did`;
}

function ofLine(trace: Trace, name: string, currency: string): Narration {
  const told = narrate(trace, currency);
  return { ...told, text: `${name}: ${told.text}` };
}

function sumText({ on, how, expected, actual, gap, matched }: Of<"sum">, currency: string): string {
  const type = sumTypes[on];
  const asked = asking("asked", { op: how, value: expected }, type, currency);
  const seen = actual === null ? "not known" : valueWords(actual, type, currency);
  const short = gap === undefined ? "" : ` (${valueWords(gap, type, currency)} off)`;
  return `${capitalized(sumLabels[on])} of matching items (${plural(matched, "line")}) is ${seen}, ${asked} was asked${short}`;
}

function leafText(trace: LeafTrace, currency: string): string {
  const found = findPath(trace.on);
  if (found === null) return `This version does not know "${trace.on}"`;
  const { type } = found.definition;
  const seen = seenClause(capitalized(subjectOf(trace, found)), trace.on, trace.actual, type, currency);
  // Other customers' identifiers are nobody's business.
  if (trace.on === "customer.identifier") return `${seen}, certain customers were asked for`;
  const asked = asking("asked", { op: trace.op, value: trace.expected }, type, currency);
  return `${seen}, ${asked} was asked${gapText(trace, type === "location", currency)}${agesText(trace)}`;
}

function agesText({ segments = [] }: LeafTrace): string {
  if (segments.length === 0) return "";
  const ages = segments.map(({ segment, evaluated_at, age_seconds }) =>
    evaluated_at === null
      ? `${segment} not evaluated yet`
      : `${segment} as of ${evaluated_at}, ${plural(age_seconds ?? 0, "second")} old`,
  );
  return ` (${ages.join("; ")})`;
}

function gapText({ on, gap }: LeafTrace, isPlace: boolean, currency: string): string {
  if (gap === undefined) return "";
  const words = isPlace ? metresWords(gap) : valueWords(gap, findPath(on)?.definition.type ?? "number", currency);
  return ` (${words} off)`;
}
