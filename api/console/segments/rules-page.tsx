/** A segment by rules: the form of the conditions, and who would be in it before it is saved. */
import type { Preview } from "../../segments/preview.ts";
import { count, Moment, percent, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { AttemptField } from "../parts/attempt.tsx";
import { TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import type { Form as Posted, Viewer } from "../viewer.ts";
import { ConditionFields } from "./condition-fields.tsx";
import { firstForm } from "./conditions.ts";
import { list } from "./pages.tsx";

interface RulesProps {
  readonly viewer: Viewer;
  readonly action: string;
  readonly title: string;
  readonly up?: { readonly to: string; readonly name: string };
  readonly sheet?: Sheet;
  /** What is stored, or was typed. */
  readonly form?: Posted;
  readonly preview?: Preview;
  /** Undefined: it has a name already. */
  readonly name?: string | undefined;
}

export function RulesPage({ viewer, action, title, up = list, sheet = freshSheet, form, preview, name }: RulesProps) {
  return (
    <Frame title={title} viewer={viewer} place="segments">
      <Head up={up} title={title} text="Members come and go by themselves, within a minute of what they do." />
      <div class="stack">
        <section class="card">
          <Faults sheet={sheet} />
          <Form viewer={viewer} action={action}>
            {name !== undefined && <AttemptField />}
            {name !== undefined && (
              <TextField
                sheet={sheet}
                name="name"
                label="Name"
                value={name}
                maxlength={200}
                hint="Rules name it by this."
                required
              />
            )}
            <ConditionFields sheet={sheet} form={form ?? firstForm()} />
            <p class="row gap">
              <button class="button" type="submit" name="do" value="preview">
                Who would be in it?
              </button>
              <button class="button primary" type="submit" name="do" value="save">
                Save
              </button>
            </p>
          </Form>
        </section>
        {preview && <PreviewCard preview={preview} />}
      </div>
    </Frame>
  );
}

function PreviewCard({ preview }: { preview: Preview }) {
  const { size, complete, customers_count: customers, evaluated_count: evaluated, sample, as_of } = preview;
  return (
    <section class="card" data-test="preview">
      <h2>{`${complete ? "" : "About "}${count(size)} of ${count(customers)} customers`}</h2>
      <p class="muted">
        {customers > 0 && `${percent(size / customers)} of all. `}
        {!complete && `Estimated from the ${count(evaluated)} that were looked at in ten seconds. `}
        As of <Moment at={as_of} />.
      </p>
      {sample.length > 0 && (
        <>
          <h3>Some of them</h3>
          <ul class="plain-list">
            {sample.map((identifier) => (
              <li>
                <Text value={identifier} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
