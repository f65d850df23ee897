/** What holds for all workflows together: how often a customer is written to. */
import type { Cap } from "../../workflows/caps.ts";
import { plural } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Done } from "../parts/done.tsx";
import { TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { maySee, type Viewer } from "../viewer.ts";

export const settingsAddress = "/console/workflows/settings";

const doneTexts = { saved: "Saved. It holds from the next message on." };

interface SettingsProps {
  readonly viewer: Viewer;
  readonly cap: Cap | undefined;
  readonly done?: string | undefined;
  readonly sheet?: Sheet;
}

export function WorkflowSettingsPage({ viewer, cap, done, sheet = freshSheet }: SettingsProps) {
  const text =
    cap === undefined
      ? "A customer may get any number of messages from all workflows together."
      : `A customer gets at most ${plural(cap.deliveries_max, "message")} in any ${plural(cap.days, "day")} from all workflows together.`;
  return (
    <Frame title="For all workflows" viewer={viewer} place="workflows">
      <Head
        up={{ to: "/console/workflows", name: "Workflows" }}
        title="For all workflows"
        text={`${text} What is more than that is withheld, and the run goes on. A workflow can have a cap of its own besides.`}
      />
      <Done done={done} texts={doneTexts} />
      {maySee(viewer, ["manage"]) && (
        <section class="card">
          <Form viewer={viewer} action={settingsAddress}>
            <Faults sheet={sheet} />
            <div class="fields">
              <TextField
                sheet={sheet}
                name="cap.deliveries_max"
                label="At most so many messages"
                value={cap && String(cap.deliveries_max)}
                inputmode="numeric"
                unit="messages"
                hint="Of all workflows to a customer. Both fields empty: any number."
              />
              <TextField
                sheet={sheet}
                name="cap.days"
                label="in any"
                value={cap && String(cap.days)}
                inputmode="numeric"
                unit="days"
              />
            </div>
            <p class="row gap">
              <button class="button primary" type="submit">
                Save
              </button>
            </p>
          </Form>
        </section>
      )}
    </Frame>
  );
}
