/** The question before what cannot be undone, or what others will notice: a page of its own, so that it needs no script. */
import type { Child } from "hono/jsx";
import { Frame } from "../layout.tsx";
import type { Place } from "../navigation.ts";
import type { Viewer } from "../viewer.ts";
import { Faults, Form } from "./form.tsx";
import { Head } from "./head.tsx";
import { freshSheet, type Sheet } from "./sheet.ts";

interface ConfirmProps {
  readonly viewer: Viewer;
  readonly place: Place;
  readonly title: string;
  /** Where the form is posted to. */
  readonly action: string;
  /** What the button says: the verb, not "yes". */
  readonly verb: string;
  readonly danger?: boolean;
  readonly back: { readonly to: string; readonly name: string };
  /** Goes along with the form. */
  readonly hidden?: Readonly<Record<string, string>>;
  readonly sheet?: Sheet;
  /** What will happen. */
  readonly children: Child;
}

export function ConfirmPage(props: ConfirmProps) {
  const { viewer, back } = props;
  return (
    <Frame title={props.title} viewer={viewer} place={props.place}>
      <Head up={back} title={props.title} />
      <section class="card narrow">
        <Faults sheet={props.sheet ?? freshSheet} />
        <div class="prose">{props.children}</div>
        <Form viewer={viewer} action={props.action}>
          {Object.entries(props.hidden ?? {}).map(([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ))}
          <div class="row gap">
            <button class={`button ${props.danger ? "danger" : "primary"}`} type="submit">
              {props.verb}
            </button>
            <a class="button" href={back.to}>
              Leave it as it is
            </a>
          </div>
        </Form>
      </section>
    </Frame>
  );
}
