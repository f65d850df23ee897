/** A template as its form holds it, and back: the bodies of POST and PATCH /v1/templates. Languages are numbered. */
import type { TemplatePart } from "../../channels/adapter.ts";
import { invalid, Problem } from "../../http/problem.ts";
import type { TemplateWire } from "../../templates/schemas.ts";
import { type Sheet, textOf } from "../parts/sheet.ts";
import { weightOf } from "../parts/weight.ts";
import type { Form } from "../viewer.ts";

type Texts = Readonly<Record<string, string>>;

/** Of all texts together, in bytes of a page: one that is longer is changed over the API. */
const weightMax = 40_000;
const languagesMax = 20;

export function blankForm(kind: string): Form {
  return { kind: [kind], purpose: ["marketing"], language: ["en"], "languages.0.tag": ["en"] };
}

/** Undefined when it is too long for a page. */
export function formOf({ name, kind, purpose, language, languages }: TemplateWire): Form | undefined {
  if (isTooHeavy(languages)) return undefined;
  const own = languages[language] ?? {};
  const texts = Object.entries({ [language]: own, ...languages }).flatMap(([tag, parts], at) => [
    [`languages.${at}.tag`, [tag]] as const,
    ...Object.entries(parts).map(([part, text]) => [`languages.${at}.${part}`, [text]] as const),
  ]);
  return { name: [name], kind: [kind], purpose: [purpose], language: [language], ...Object.fromEntries(texts) };
}

function isTooHeavy(languages: Readonly<Record<string, Texts>>): boolean {
  const texts = Object.values(languages).flatMap((parts) => Object.values(parts));
  return texts.reduce((sum, text) => sum + weightOf(text), 0) > weightMax;
}

/** The numbers of the languages in a form, in order. */
export function numbersIn(form: Form): number[] {
  const numbers = Object.keys(form).flatMap((name) => {
    const number = /^languages\.(\d{1,3})\.tag$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
  return numbers.sort((a, b) => a - b).slice(0, languagesMax);
}

/** The form after a button that changes it; undefined when the button does something else. */
export function stepped(form: Form): Form | undefined {
  const [what, which] = (form.do?.[0] ?? "").split(":");
  const numbers = numbersIn(form);
  if (what === "add") {
    const next = `languages.${(numbers.at(-1) ?? -1) + 1}.tag`;
    return numbers.length >= languagesMax ? form : { ...form, [next]: [""], focus: [next] };
  }
  if (what !== "remove") return undefined;
  return Object.fromEntries(Object.entries(form).filter(([name]) => !name.startsWith(`languages.${which}.`)));
}

/** Of which language a preview is wanted. */
export function previewed(form: Form): number | undefined {
  const [what, which] = (form.do?.[0] ?? "").split(":");
  if (what !== "preview") return undefined;
  const numbers = numbersIn(form);
  return numbers.find((number) => String(number) === which) ?? numbers[0];
}

/** What was typed of one language; a part that may be left out is, when nothing was typed. */
export function textsOf(form: Form, at: number, parts: readonly TemplatePart[], stored: Texts = {}): Texts {
  const texts = parts.flatMap(({ name, required }) => {
    const typed = (form[`languages.${at}.${name}`]?.[0] ?? "").replaceAll("\r\n", "\n");
    if (typed === "" && !required) return [];
    const before = stored[name];
    // Browsers write line ends in their own way: that alone makes no new version.
    return [[name, before?.replaceAll("\r\n", "\n") === typed ? before : typed] as const];
  });
  return Object.fromEntries(texts);
}

export const tagOf = (form: Form, at: number) => textOf(form, `languages.${at}.tag`) ?? "";

/** @throws Problem 400 for what a body could not say: a language twice, more than a page holds. */
export function bodyOf(form: Form, parts: readonly TemplatePart[], stored: TemplateWire["languages"] = {}) {
  const languages: Record<string, Texts> = {};
  for (const at of numbersIn(form)) {
    const tag = tagOf(form, at);
    if (Object.hasOwn(languages, tag)) throw invalid(`/languages/${at}/tag`, "This language is here twice.");
    languages[tag] = textsOf(form, at, parts, stored[tag]);
  }
  if (isTooHeavy(languages)) {
    throw new Problem("invalid_request", "The texts are longer than this page can hold. Save them over the API.");
  }
  return {
    name: textOf(form, "name") ?? "",
    purpose: textOf(form, "purpose"),
    language: textOf(form, "language") ?? "",
    languages,
  };
}

/** The API names texts by their language (`languages.en.text`), previews by their part alone; here they have numbers. */
export function atLanguages(sheet: Sheet, form: Form, shown: number | undefined): Sheet {
  const faults = new Map<string, string>();
  for (const [name, fault] of sheet.faults) {
    const at = numbersIn(form).find((number) => isInside(name, `languages.${tagOf(form, number)}`));
    if (at !== undefined && !name.startsWith(`languages.${at}.`)) {
      const part = name.slice(`languages.${tagOf(form, at)}`.length + 1);
      if (part === "") faults.set(`languages.${at}.tag`, "Expected a language such as en or de-AT.");
      else faults.set(`languages.${at}.${part}`, fault);
    } else if (name.startsWith("parts.") && shown !== undefined) {
      faults.set(`languages.${shown}.${name.slice("parts.".length)}`, fault);
    } else faults.set(name, fault);
  }
  return { ...sheet, faults };
}

function isInside(name: string, field: string): boolean {
  return name === field || name.startsWith(`${field}.`);
}
