/** One template, as customers read it. */
import type { Preview } from "../../templates/preview.ts";
import type { TemplateWire } from "../../templates/schemas.ts";
import { kindWords } from "../channels/kinds.ts";
import { Moment, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { ConfirmPage } from "../parts/confirm-page.tsx";
import { Done } from "../parts/done.tsx";
import { SelectField, TextField } from "../parts/fields.tsx";
import { Faults } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import type { Sheet } from "../parts/sheet.ts";
import { Badge } from "../parts/states.tsx";
import type { Viewer } from "../viewer.ts";
import { list, templateAddress } from "./list-page.tsx";
import { PreviewParts } from "./preview-card.tsx";

interface TemplateProps {
  readonly viewer: Viewer;
  readonly template: TemplateWire;
  readonly sheet: Sheet;
  /** Undefined where it could not be drawn: the sheet says why. */
  readonly preview: Preview | undefined;
  readonly done: string | undefined;
}

export function TemplatePage({ viewer, template, sheet, preview, done }: TemplateProps) {
  const address = templateAddress(template.id);
  return (
    <Frame title={template.name} viewer={viewer} place="templates">
      <Head
        up={list}
        title={<Text value={template.name} />}
        beside={
          <>
            <Badge>{kindWords(template.kind).name}</Badge> <Badge tone="accent">{template.purpose}</Badge>
          </>
        }
      >
        <a class="button primary" href={`${address}/edit`}>
          Change
        </a>
        <a class="button danger" href={`${address}/delete`}>
          Delete
        </a>
      </Head>
      <Done
        done={done}
        texts={{
          created: "The template was made.",
          changed: "Saved. What was ordered before is sent in the words of its own.",
        }}
      />
      <div class="stack">
        <section class="card">
          <dl class="facts">
            <dt>Version</dt>
            <dd>{template.version}</dd>
            <dt>Languages</dt>
            <dd>
              <Text value={Object.keys(template.languages).join(", ")} />; {template.language} for whoever has none
            </dd>
            <dt>Changed</dt>
            <dd>
              <Moment at={template.updated_at} />
            </dd>
            <dt>Id</dt>
            <dd>
              <code>{template.id}</code>
            </dd>
          </dl>
        </section>
        <section class="card">
          <h2>As a customer reads it</h2>
          <Faults sheet={sheet} />
          <form method="get" action={address} novalidate>
            <div class="fields">
              <SelectField
                sheet={sheet}
                name="language"
                label="Language"
                options={[
                  { value: "", name: "the customer's" },
                  ...Object.keys(template.languages).map((tag) => ({ value: tag, name: tag })),
                ]}
              />
              <TextField sheet={sheet} name="customer" label="Customer" hint="Empty: an example." maxlength={200} />
              <TextField
                sheet={sheet}
                name="voucher"
                label="Voucher's code"
                hint="Empty: an example."
                maxlength={200}
              />
            </div>
            <p class="row gap gap-after">
              <button class="button" type="submit">
                Show
              </button>
            </p>
          </form>
          {preview && <PreviewParts kind={template.kind} preview={preview} />}
        </section>
      </div>
    </Frame>
  );
}

interface DeleteProps {
  readonly viewer: Viewer;
  readonly template: TemplateWire;
  readonly sheet?: Sheet;
}

export function DeleteTemplatePage({ viewer, template, sheet }: DeleteProps) {
  return (
    <ConfirmPage
      viewer={viewer}
      place="templates"
      title="Delete a template"
      action={`${templateAddress(template.id)}/delete`}
      verb="Delete"
      danger
      back={{ to: templateAddress(template.id), name: "Template" }}
      {...(sheet && { sheet })}
    >
      <p>
        Nothing new can be ordered with <Text value={template.name} />; workflows that name it skip their messages. What
        was ordered before is still sent.
      </p>
    </ConfirmPage>
  );
}
