/** Whether texts make a template of a kind: every part is one of it, can be read, and speaks of what there is. */
import type { ChannelAdapter } from "../channels/adapter.ts";
import { type Fault, jsonPointer, Problem } from "../http/problem.ts";
import { variableFields } from "./catalogue.ts";
import { faultOfText } from "./engine.ts";
import type { Languages } from "./render.ts";

/** @throws Problem 400 that names each part, with the line and the variable that is wrong */
export function checkTexts(adapter: ChannelAdapter, languages: Languages, language: string): void {
  const faults: Fault[] = Object.entries(languages).flatMap(([tag, texts]) =>
    faultsOf(adapter, ["languages", tag], texts),
  );
  if (languages[language] === undefined) {
    faults.push({ pointer: "/language", detail: "There are no texts in this language." });
  }
  refuse(faults);
}

/** @throws Problem 400 */
export function checkParts(adapter: ChannelAdapter, parts: Readonly<Record<string, string>>): void {
  refuse(faultsOf(adapter, ["parts"], parts, true));
}

function faultsOf(
  adapter: ChannelAdapter,
  path: readonly string[],
  texts: Readonly<Record<string, string>>,
  someMayLack = false,
): Fault[] {
  const missing = adapter.parts.filter(({ name, required }) => required && !someMayLack && texts[name] === undefined);
  return [
    ...missing.map(({ name }) => ({
      pointer: jsonPointer([...path, name]),
      detail: `A template for ${adapter.kind} needs this part.`,
    })),
    ...Object.entries(texts).flatMap(([name, source]) => {
      const detail = faultOfPart(adapter, name, source);
      return detail === undefined ? [] : [{ pointer: jsonPointer([...path, name]), detail }];
    }),
  ];
}

function faultOfPart(adapter: ChannelAdapter, name: string, source: string): string | undefined {
  const part = adapter.parts.find((known) => known.name === name);
  const names = adapter.parts.map((known) => known.name).join(", ") || "none";
  if (part === undefined) return `There is no such part; ${adapter.kind} has: ${names}.`;
  if (source.length > part.lengthMax) return `Expected at most ${part.lengthMax} characters.`;
  if (part.required && source.trim() === "") return "May not be blank.";
  return faultOfText(source, variableFields);
}

function refuse(faults: readonly Fault[]): void {
  const [first] = faults;
  if (first === undefined) return;
  throw new Problem("invalid_request", `body ${first.pointer}: ${first.detail}`, { errors: faults.slice(0, 20) });
}
