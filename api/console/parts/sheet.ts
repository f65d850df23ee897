/**
 * A form as it is shown: empty at first, and after a refusal as it was typed, each fault beside its field. A field is
 * called as its pointer in the API's body is, with dots: `limits.per_customer` is `/limits/per_customer`, so that what
 * the API says about a pointer finds its field by itself.
 */
import type { Problem } from "../../http/problem.ts";
import type { Form } from "../viewer.ts";
import { plainFault } from "./plain-fault.ts";

export interface Sheet {
  /** Undefined: nothing was typed yet, fields show what is stored. */
  readonly typed: Form | undefined;
  /** What is wrong, by field. */
  readonly faults: ReadonlyMap<string, string>;
  /** What is wrong with no field in particular. */
  readonly refused: string | undefined;
}

export const freshSheet: Sheet = { typed: undefined, faults: new Map(), refused: undefined };

/** The form as it was typed, without any fault: for a button that changes the form and sends nothing. */
export function typedSheet(typed: Form): Sheet {
  return { ...freshSheet, typed };
}

/** @param fieldOf where a pointer's name leads, when the form calls its fields otherwise. */
export function refusedSheet(typed: Form, problem: Problem, fieldOf: (name: string) => string = (name) => name): Sheet {
  const faults = new Map<string, string>();
  for (const { pointer, detail } of problem.options.errors ?? []) {
    const name = fieldOf(pointer.slice(1).replaceAll("/", ".").replaceAll("~1", "/").replaceAll("~0", "~"));
    if (name !== "" && !faults.has(name)) faults.set(name, plainFault(detail));
  }
  return { typed, faults, refused: faults.size === 0 ? problem.detail : undefined };
}

/** What a field shows: what was typed, else what is stored. A box that was not ticked is not sent: see `tickedIn`. */
export function typedIn(sheet: Sheet, name: string, stored: string | null | undefined = ""): string {
  return sheet.typed ? (sheet.typed[name]?.[0] ?? "") : (stored ?? "");
}

export function tickedIn(sheet: Sheet, name: string, stored = false, value = "on"): boolean {
  return sheet.typed ? (sheet.typed[name]?.includes(value) ?? false) : stored;
}

/** The text of a field without blanks at its ends, lines as they are stored; undefined when it was left empty. */
export function textOf(form: Form, name: string): string | undefined {
  const text = (form[name]?.[0] ?? "").replaceAll("\r\n", "\n").trim();
  return text === "" ? undefined : text;
}
