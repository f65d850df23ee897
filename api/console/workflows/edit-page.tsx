/** A workflow as a form: to make one, and to change one. */
import type { Child } from "hono/jsx";
import { checkDefinition, definitionShape } from "../../workflows/definition.ts";
import type { WorkflowWire } from "../../workflows/read.ts";
import { workflowSentence } from "../../workflows/sentence.ts";
import { shortened } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { AttemptField } from "../parts/attempt.tsx";
import { SelectField, TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import type { Sheet } from "../parts/sheet.ts";
import { first } from "../rules/nested.ts";
import { RuleEditor } from "../rules/rule-editor.tsx";
import type { Viewer } from "../viewer.ts";
import { asksOf, fieldsInWords } from "./asks.ts";
import { type Choices, namesById } from "./choices.ts";
import { workflowAddress } from "./pages.tsx";
import { Suggestions } from "./pick.tsx";
import { StepsEditor } from "./step-editor.tsx";
import { TriggerFields } from "./trigger-fields.tsx";
import { readWorkflow, settingOf } from "./workflow-fields.ts";

export interface EditProps {
  readonly viewer: Viewer;
  readonly sheet: Sheet;
  /** Undefined: a new one. */
  readonly stored: Pick<WorkflowWire, "id" | "name" | "status"> | undefined;
  readonly choices: Choices;
  /** Where the form is shown again after a step. */
  readonly action: string;
}

export function EditPage(props: EditProps) {
  const { viewer, sheet, stored, choices } = props;
  const form = sheet.typed ?? {};
  const title = stored ? `Change ${shortened(stored.name, 60)}` : "New workflow";
  const up = stored
    ? { to: workflowAddress(stored.id), name: "Workflow" }
    : { to: "/console/workflows", name: "Workflows" };
  return (
    <Frame title={title} viewer={viewer} place="workflows">
      <Head up={up} title={<bdi>{title}</bdi>} text={introductionOf(stored)} />
      <Faults sheet={sheet} />
      <Form viewer={viewer} action={props.action} class="form" id="workflow">
        {/* Enter in a field presses the first button there is. */}
        <button class="hidden-text" type="submit" tabindex={-1} name="do" value="refresh:name">
          Show as typed
        </button>
        <input type="hidden" name="version" value={first(form, "version")} />
        {stored === undefined && <AttemptField />}
        <Section title="What it does">
          <div class="stack">
            <p class="sentence strong" data-test="sentence">
              <bdi>{sentenceOf(props)}</bdi>
            </p>
            <div class="fields">
              <TextField sheet={sheet} name="name" label="Name" required wide maxlength={200} />
            </div>
          </div>
        </Section>
        <Section title="When">
          <TriggerFields sheet={sheet} form={form} choices={choices} />
        </Section>
        <Section title="And only if">
          {fieldsInWords(form) && <p class="hint">{fieldsInWords(form)}</p>}
          <RuleEditor
            form={form}
            faults={sheet.faults}
            at="conditions"
            scope="workflow"
            asks={asksOf(form)}
            setting={settingOf(form)}
            segments={choices.segments.map(({ name }) => name)}
            label="It begins if"
            without="Always, for every customer."
          />
        </Section>
        <Section title="Then">
          <StepsEditor sheet={sheet} form={form} choices={choices} />
        </Section>
        <Section title="How often, and at what hours">
          <SettingsFields sheet={sheet} />
        </Section>
        <Suggestions choices={choices} />
        <div class="bulk save">
          <button class="button primary" type="submit" name="do" value="save">
            {stored ? "Save" : "Create the draft"}
          </button>
          <button class="button" type="submit" name="do" value="refresh:name">
            Read back
          </button>
          <a class="button" href={up.to}>
            Cancel
          </a>
        </div>
      </Form>
    </Frame>
  );
}

function introductionOf(stored: EditProps["stored"]): string {
  if (stored === undefined) return "If something happens, then do this. A draft does nothing before it is activated.";
  const runs = "Saving makes a new version; runs that have begun go on with theirs.";
  return stored.status === "active" ? `It is active: the new version holds at once. ${runs}` : runs;
}

function Section(props: { title: string; children: Child }) {
  return (
    <section class="card">
      <h2>{props.title}</h2>
      {props.children}
    </section>
  );
}

/** All of it in one sentence, as far as it is complete. */
function sentenceOf({ sheet, choices }: EditProps): string {
  const body = readWorkflow(sheet.typed ?? {}, choices);
  const parsed = definitionShape.superRefine(checkDefinition).safeParse(body);
  return parsed.success ? shortened(workflowSentence(parsed.data, namesById(choices)), 2_000) : "Not complete yet.";
}

const entries = [
  { value: "every_time", name: "each time" },
  { value: "once", name: "once for ever" },
  { value: "not_while_running", name: "when no run of theirs is open" },
];

function SettingsFields({ sheet }: { sheet: Sheet }) {
  const text = (name: string, label: string, more: { hint?: string; type?: "time"; unit?: string } = {}) => (
    <TextField
      sheet={sheet}
      name={`settings.${name}`}
      label={label}
      inputmode={more.type === undefined && more.unit !== undefined ? "numeric" : "text"}
      {...more}
    />
  );
  return (
    <div class="fields">
      <SelectField sheet={sheet} name="settings.entry" label="A customer begins it" options={entries} />
      {text("entry_gap_days", "And at least so long apart", { unit: "days", hint: "Empty: no matter how soon." })}
      {text("quiet_hours.from", "No messages from", { type: "time", hint: "They wait until the quiet hours end." })}
      {text("quiet_hours.to", "until", { type: "time" })}
      {text("cap.deliveries_max", "At most so many messages", {
        unit: "messages",
        hint: "Of this workflow to a customer.",
      })}
      {text("cap.days", "in any", { unit: "days" })}
      {text("time_zone", "Time zone", { hint: "Europe/Berlin, say, where the customer has none of their own." })}
      {text("currency", "Currency", { hint: "Of amounts in conditions: orders in others begin nothing. Empty: any." })}
    </div>
  );
}
