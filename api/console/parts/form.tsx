/** Forms: their token, what was refused, and the way from a handler back to the page. */
import type { Context } from "hono";
import type { Child } from "hono/jsx";
import type { HtmlEscapedString } from "hono/utils/html";
import type { z } from "zod";
import { Problem } from "../../http/problem.ts";
import { invalidRequest } from "../../http/router.ts";
import { Notice, Token } from "../layout.tsx";
import { type ConsoleEnv, type Form as Posted, readForm, type Viewer } from "../viewer.ts";
import { fieldId } from "./fields.tsx";
import { refusedSheet, type Sheet } from "./sheet.ts";

interface FormProps {
  readonly viewer: Viewer;
  readonly action: string;
  readonly id?: string;
  readonly class?: string;
  readonly enctype?: "multipart/form-data";
  /** Of what may be answered once only: a second press, before the answer is there, sends nothing. */
  readonly once?: boolean;
  readonly children: Child;
}

/** A form that changes something. Forms that only look (filters) are plain `<form method="get">`. */
export function Form(props: FormProps) {
  return (
    // The browser's own checks would speak in another language than the page; the API's are shown beside the fields.
    <form
      method="post"
      action={props.action}
      id={props.id}
      class={props.class}
      enctype={props.enctype}
      data-once={props.once}
      novalidate
    >
      <Token viewer={props.viewer} />
      {props.children}
    </form>
  );
}

/** Everything that is wrong, at the top of the form, each with a link to its field. Nothing when nothing is. */
export function Faults(props: { sheet: Sheet }) {
  const { faults, refused } = props.sheet;
  if (faults.size === 0 && refused === undefined) return null;
  return (
    <Notice tone="bad">
      <div>
        <strong>{refused ?? "It was not saved:"}</strong>
        {faults.size > 0 && (
          <ul class="faults">
            {[...faults].map(([name, fault]) => (
              <li>
                <a href={`#${fieldId(name)}`}>{wordsOf(name)}</a>
                {`: ${fault}`}
              </li>
            ))}
          </ul>
        )}
      </div>
    </Notice>
  );
}

/** "limits.per_customer": "limits, per customer". */
function wordsOf(name: string): string {
  return name
    .split(".")
    .map((part) => (/^\d+$/.test(part) ? `no. ${Number(part) + 1}` : part.replaceAll("_", " ")))
    .join(", ");
}

/** @throws Problem 400 that names each field, as the route's schema would. */
export function parsed<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const given = schema.safeParse(body);
  if (!given.success) throw invalidRequest(given.error, "json");
  return given.data;
}

interface Steps {
  /** @returns the address that shows what was done. @throws Problem */
  readonly work: (form: Posted) => Promise<string>;
  /** The page again, as it was typed. */
  readonly again: (sheet: Sheet, form: Posted) => Promise<HtmlEscapedString> | HtmlEscapedString;
}

/**
 * Reads a form, does its work and leads on; what was refused is shown where it was typed. What is not there has no page to
 * be said on, and anything but a Problem is a bug: both go on to be thrown.
 */
export async function submitForm(c: Context<ConsoleEnv>, { work, again }: Steps): Promise<Response> {
  const form = await readForm(c);
  try {
    return c.redirect(await work(form), 303);
  } catch (error) {
    if (!(error instanceof Problem) || error.code === "not_found" || error.status >= 500) throw error;
    return c.html(again(refusedSheet(form, error), form), error.status);
  }
}
