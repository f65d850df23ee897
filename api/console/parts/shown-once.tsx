/** The text of a key: it is in the answer to the form that made it and nowhere else, so that it cannot be shown again. */
import type { Context } from "hono";
import type { Child } from "hono/jsx";
import type { HtmlEscapedString } from "hono/utils/html";
import { Problem } from "../../http/problem.ts";
import { Frame, Notice } from "../layout.tsx";
import type { Place } from "../navigation.ts";
import { type ConsoleEnv, type Form, readForm, type Viewer } from "../viewer.ts";
import { Head } from "./head.tsx";
import { refusedSheet, type Sheet } from "./sheet.ts";

type Html = Promise<HtmlEscapedString> | HtmlEscapedString;

interface Steps {
  /** @returns the page with the text. @throws Problem */
  readonly work: (form: Form) => Promise<Html>;
  /** The form again, as it was typed. */
  readonly again: (sheet: Sheet, form: Form) => Html;
}

/** Like `submitForm`, but for an answer that must not have an address. */
export async function answerOnce(c: Context<ConsoleEnv>, { work, again }: Steps): Promise<Response> {
  const form = await readForm(c);
  try {
    return c.html(await work(form), 201);
  } catch (error) {
    if (!(error instanceof Problem) || error.code === "not_found" || error.status >= 500) throw error;
    return c.html(again(refusedSheet(form, error), form), error.status);
  }
}

interface ShownOnceProps {
  readonly viewer: Viewer;
  readonly place: Place;
  readonly title: string;
  /** Null: the form came twice, and the text was in the first answer. */
  readonly text: string | null;
  readonly back: { readonly to: string; readonly name: string };
  readonly children: Child;
}

export function ShownOncePage(props: ShownOnceProps) {
  const { viewer, back } = props;
  return (
    <Frame title={props.title} viewer={viewer} place={props.place}>
      <Head up={back} title={props.title} />
      <section class="card narrow">
        <Notice tone="warn">
          {props.text === null
            ? "The form was sent twice, and the key was made once. Its text was in the first answer and cannot be shown again: if you have not seen it, make a new text for this key."
            : "This is the only time the key is shown. Copy it now: we keep its digest and no more."}
        </Notice>
        <div class="prose">{props.children}</div>
        {props.text !== null && (
          <div class="field">
            <label for="secret-text">The key</label>
            {/* Text to be marked with a click or a key, without a script. */}
            <input id="secret-text" class="secret" readonly value={props.text} autocomplete="off" spellcheck={false} />
          </div>
        )}
        <p class="row gap">
          <a class="button primary" href={back.to}>
            {props.text === null ? back.name : "I have copied it"}
          </a>
        </p>
      </section>
    </Frame>
  );
}
