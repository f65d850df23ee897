/** A message in the customer's language, part by part. */
import type { TemplatePart } from "../channels/adapter.ts";
import { type Manner, renderText } from "./engine.ts";

export type Languages = Readonly<Record<string, Readonly<Record<string, string>>>>;

export type RenderedMessage =
  | { readonly outcome: "rendered"; readonly parts: Record<string, string>; readonly language: string }
  | { readonly outcome: "failed"; readonly part: string; readonly detail: string; readonly variable: string | null };

export function renderMessage(
  template: { readonly languages: Languages; readonly language: string },
  parts: readonly TemplatePart[],
  variables: Readonly<Record<string, unknown>>,
  manner: { readonly wanted: string | null; readonly timeZone: string },
): RenderedMessage {
  const language = chooseLanguage(template, manner.wanted);
  const texts = template.languages[language] ?? {};
  const rendered: Record<string, string> = {};
  for (const part of parts) {
    const source = texts[part.name];
    if (source === undefined) continue;
    const way: Manner = { language, timeZone: manner.timeZone };
    const result = renderText(source, part, variables, way);
    if (result.outcome === "failed") return { ...result, part: part.name };
    if (result.text.length > part.lengthMax) {
      return { outcome: "failed", part: part.name, detail: `longer than ${part.lengthMax} characters`, variable: null };
    }
    rendered[part.name] = result.text;
  }
  return { outcome: "rendered", parts: rendered, language };
}

/** The wanted one, or the same without its region ("de" for "de-AT"), or the template's own. */
function chooseLanguage({ languages, language }: { languages: Languages; language: string }, wanted: string | null) {
  if (wanted === null) return language;
  const asked = wanted.toLowerCase();
  const find = (tag: string) => Object.keys(languages).find((known) => known.toLowerCase() === tag);
  return find(asked) ?? find(asked.split("-")[0] ?? "") ?? language;
}
