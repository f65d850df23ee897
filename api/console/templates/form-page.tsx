/** A new template, and one that is changed: its texts by language, each with what a customer would read. */
import type { TemplatePart } from "../../channels/adapter.ts";
import { adapterOf } from "../../channels/adapters.ts";
import type { Preview } from "../../templates/preview.ts";
import type { TemplateWire } from "../../templates/schemas.ts";
import { type Kind, kindWords } from "../channels/kinds.ts";
import { Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { AttemptField } from "../parts/attempt.tsx";
import { AreaField, SelectField, TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import type { Sheet } from "../parts/sheet.ts";
import type { Viewer } from "../viewer.ts";
import { list, templateAddress } from "./list-page.tsx";
import { PreviewParts } from "./preview-card.tsx";
import { numbersIn } from "./template-form.ts";

const purposes = [
  { value: "marketing", name: "marketing" },
  { value: "transactional", name: "transactional" },
];

export function ChooseKindPage({ viewer, kinds }: { viewer: Viewer; kinds: readonly Kind[] }) {
  return (
    <Frame title="New template" viewer={viewer} place="templates">
      <Head up={list} title="New template" text="For which kind of channel? Each has parts of its own." />
      <div class="tiles">
        {kinds.map((kind) => (
          <a class="tile" href={`${list.to}/new?kind=${kind}`}>
            <strong>{kindWords(kind).name}</strong>
            <p class="muted small">
              {partsOf(kind)
                .map(({ name }) => name)
                .join(", ")}
            </p>
          </a>
        ))}
      </div>
    </Frame>
  );
}

function partsOf(kind: string): readonly TemplatePart[] {
  return adapterOf(kind)?.parts ?? [];
}

interface FormProps {
  readonly viewer: Viewer;
  readonly kind: Kind;
  readonly sheet: Sheet;
  /** Undefined: a new one. */
  readonly template?: TemplateWire;
  /** Of which language, and what a customer would read. */
  readonly preview?: { readonly at: number; readonly of: Preview } | undefined;
}

export function TemplateFormPage({ viewer, kind, sheet, template, preview }: FormProps) {
  const title = template ? `Change ${template.name}`.slice(0, 100) : `New template: ${kindWords(kind).name}`;
  const up = template
    ? { to: templateAddress(template.id), name: "Template" }
    : { to: `${list.to}/new`, name: "New template" };
  const numbers = numbersIn(sheet.typed ?? {});
  const action = template ? `${templateAddress(template.id)}/edit` : list.to;
  return (
    <Frame title={title} viewer={viewer} place="templates">
      <Head up={up} title={template ? <Text value={title} /> : title} />
      <Form viewer={viewer} action={action} class="form">
        {/* Enter in a field presses the first button of a form: it shall save nothing and take nothing away. */}
        <button type="submit" name="do" value="preview" class="hidden-text" tabindex={-1}>
          Preview
        </button>
        <Faults sheet={sheet} />
        {!template && <AttemptField />}
        <input type="hidden" name="kind" value={kind} />
        <section class="card">
          <div class="fields">
            <TextField sheet={sheet} name="name" label="Name" maxlength={200} required />
            <SelectField
              sheet={sheet}
              name="purpose"
              label="Purpose"
              options={purposes}
              hint="Marketing needs consent."
            />
            <TextField
              sheet={sheet}
              name="language"
              label="Default language"
              hint="Of customers whose own is not below."
              maxlength={35}
              required
            />
          </div>
        </section>
        {numbers.map((at) => (
          <section class="card">
            <div class="fields">
              <TextField
                sheet={sheet}
                name={`languages.${at}.tag`}
                label="Language"
                placeholder="en, de, de-AT"
                maxlength={35}
                required
              />
              {partsOf(kind).map((part) => (
                <PartField sheet={sheet} name={`languages.${at}.${part.name}`} part={part} />
              ))}
            </div>
            <p class="row gap">
              <button class="button" type="submit" name="do" value={`preview:${at}`} formaction={`${action}#preview`}>
                Preview
              </button>
              {numbers.length > 1 && (
                <button class="button quiet" type="submit" name="do" value={`remove:${at}`}>
                  Remove the language
                </button>
              )}
            </p>
            {preview?.at === at && <PreviewParts kind={kind} preview={preview.of} />}
          </section>
        ))}
        <section class="card">
          <h2>Preview for</h2>
          <div class="fields">
            <TextField
              sheet={sheet}
              name="customer"
              label="A customer"
              hint="Their identifier. Empty: an example."
              maxlength={200}
            />
            <TextField
              sheet={sheet}
              name="voucher"
              label="A voucher"
              hint="Its code. Empty: an example."
              maxlength={200}
            />
          </div>
          <details class="gap">
            <summary>What texts may speak of</summary>
            <p class="muted small">
              {
                "{{ customer.name }}, .identifier, .email, .phone, .birthday, .attributes.…; {{ voucher.code }}, .kind, "
              }
              {
                ".expires_at, .balance_amount, .currency; {{ campaign.name }}, .customer_information, .ends_at; {{ order.… }}, "
              }
              {"{{ properties.… }}; {{ unsubscribe_url }}; {{ language }}. "}
              {'{{ voucher.expires_at | date: "long" }}, {{ voucher.balance_amount | money: voucher.currency }}, '}
              {
                '{{ customer.name | default: "friend" }}, {% if voucher.code %} … {% endif %}. Whatever may be missing needs '
              }
              {"a default."}
            </p>
          </details>
        </section>
        <p class="row">
          <button class="button primary" type="submit" name="do" value="save">
            {template ? "Save" : "Make the template"}
          </button>
          <button class="button" type="submit" name="do" value="add">
            Add a language
          </button>
          <a class="button quiet" href={up.to}>
            {template ? "Leave it as it is" : "Another kind"}
          </a>
        </p>
      </Form>
    </Frame>
  );
}

function PartField({ sheet, name, part }: { sheet: Sheet; name: string; part: TemplatePart }) {
  const label = part.html ? "HTML" : `${part.name.slice(0, 1).toUpperCase()}${part.name.slice(1)}`;
  const isLine = part.lengthMax <= 1_000 && !(sheet.typed?.[name]?.[0] ?? "").includes("\n");
  const hint = part.html ? "Values are escaped. Without it mail programs show the text." : undefined;
  return isLine ? (
    <TextField sheet={sheet} name={name} label={label} maxlength={part.lengthMax} required={part.required} wide />
  ) : (
    <AreaField
      sheet={sheet}
      name={name}
      label={label}
      rows={part.html ? 8 : 5}
      hint={hint}
      required={part.required}
      wide
    />
  );
}

/** Longer than a page can be. */
export function NoFormPage({ viewer, template }: { viewer: Viewer; template: TemplateWire }) {
  const title = `Change ${template.name}`.slice(0, 100);
  return (
    <Frame title={title} viewer={viewer} place="templates">
      <Head up={{ to: templateAddress(template.id), name: "Template" }} title={<Text value={title} />} />
      <section class="card">
        <p>
          Its texts are longer than a page can hold. Change it over the API:{" "}
          <code>PATCH /v1/templates/{template.id}</code>.
        </p>
      </section>
    </Frame>
  );
}
