/** New vouchers: one, a batch, a file. */
import { Frame } from "../layout.tsx";
import { AttemptField } from "../parts/attempt.tsx";
import { AreaField, CheckField, SelectField, TextField } from "../parts/fields.tsx";
import { FileField } from "../parts/file-field.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Empty } from "../parts/states.tsx";
import type { Viewer } from "../viewer.ts";
import { vouchersAddress } from "./addresses.ts";
import { CampaignField } from "./campaign-field.tsx";
import type { CampaignChoices } from "./campaigns.ts";

interface NewProps {
  readonly viewer: Viewer;
  readonly choices: CampaignChoices;
  readonly campaignId: string | undefined;
  readonly sheet?: Sheet;
}

const up = { to: vouchersAddress, name: "Vouchers" };

const kinds = [
  { value: "", name: "As the campaign asks: one code, one customer" },
  { value: "unique", name: "Unique: one code, one use, or a few" },
  { value: "generic", name: "For many: one code that everybody may use" },
  { value: "gift_card", name: "Gift card: it holds money" },
];

function NoCampaign() {
  return (
    <section class="card">
      <Empty title="There is no campaign yet." text="Vouchers belong to a sub-campaign: make one first." />
    </section>
  );
}

function Common(props: { sheet: Sheet }) {
  const { sheet } = props;
  return (
    <>
      <TextField
        sheet={sheet}
        name="redemptions_max"
        label="Uses at most"
        hint="Empty: one for a unique code, no limit otherwise."
        inputmode="numeric"
      />
      <TextField
        sheet={sheet}
        name="balance_amount"
        label="Balance"
        hint="Of a gift card, in the campaign's currency."
        inputmode="decimal"
      />
      <TextField
        sheet={sheet}
        name="starts_at"
        label="Valid from"
        hint="In the campaign's time zone."
        type="datetime-local"
      />
      <TextField
        sheet={sheet}
        name="expires_at"
        label="Valid until"
        hint="That instant is not included."
        type="datetime-local"
      />
    </>
  );
}

export function NewVoucherPage(props: NewProps) {
  const { viewer, sheet = freshSheet } = props;
  return (
    <Frame title="New voucher" viewer={viewer} place="vouchers">
      <Head up={up} title="One voucher" />
      {props.choices.campaigns.length === 0 ? (
        <NoCampaign />
      ) : (
        <section class="card narrow">
          <Faults sheet={sheet} />
          <Form viewer={viewer} action="/console/vouchers" class="form">
            <AttemptField />
            <div class="fields">
              <CampaignField sheet={sheet} choices={props.choices} label="Campaign" chosen={props.campaignId} />
              <SelectField sheet={sheet} name="kind" label="Kind" value="" options={kinds} />
              <TextField sheet={sheet} name="code" label="Code" hint="Empty: one is made." maxlength={64} />
              <TextField sheet={sheet} name="customer.identifier" label="Only for this customer" maxlength={200} />
              <Common sheet={sheet} />
            </div>
            <div class="row">
              <button class="button primary" type="submit">
                Make it
              </button>
            </div>
          </Form>
        </section>
      )}
    </Frame>
  );
}

export function NewBatchPage(props: NewProps) {
  const { viewer, sheet = freshSheet } = props;
  return (
    <Frame title="Generate codes" viewer={viewer} place="vouchers">
      <Head up={up} title="Generate codes" text="Up to 5,000,000 at once, made in the background." />
      {props.choices.campaigns.length === 0 ? (
        <NoCampaign />
      ) : (
        <section class="card narrow">
          <Faults sheet={sheet} />
          <Form viewer={viewer} action="/console/vouchers/batches" class="form">
            <AttemptField />
            <div class="fields">
              <CampaignField sheet={sheet} choices={props.choices} label="Campaign" chosen={props.campaignId} />
              <TextField sheet={sheet} name="size" label="How many" inputmode="numeric" required />
              <TextField
                sheet={sheet}
                name="pattern.prefix"
                label="Codes begin with"
                placeholder="SUMMER-"
                maxlength={20}
              />
              <TextField sheet={sheet} name="pattern.suffix" label="Codes end with" maxlength={20} />
              <SelectField
                sheet={sheet}
                name="pattern.charset"
                label="Random part of"
                value="mixed"
                options={[
                  { value: "mixed", name: "Letters and digits, none alike" },
                  { value: "letters", name: "Letters, none alike" },
                  { value: "digits", name: "Digits" },
                ]}
              />
              <TextField
                sheet={sheet}
                name="pattern.length"
                label="Random characters"
                value="12"
                hint="More of them are harder to guess."
                inputmode="numeric"
                required
              />
              <SelectField
                sheet={sheet}
                name="kind"
                label="Kind"
                value=""
                options={kinds.filter(({ value }) => value !== "generic")}
              />
              <Common sheet={sheet} />
              <CheckField
                sheet={sheet}
                name="weak_pattern"
                value="accept"
                label="Accept codes that could be guessed"
                hint="Short codes are refused otherwise. Never for gift cards."
                wide
              />
            </div>
            <div class="row">
              <button class="button primary" type="submit">
                Generate
              </button>
            </div>
          </Form>
        </section>
      )}
    </Frame>
  );
}

export function ImportPage(props: NewProps) {
  const { viewer, sheet = freshSheet } = props;
  return (
    <Frame title="Import vouchers" viewer={viewer} place="vouchers">
      <Head
        up={up}
        title="Import vouchers"
        text="A CSV file whose first line names the columns, or NDJSON: code, customer_identifier, kind, redemptions_max, balance_amount, starts_at, expires_at, metadata. A bad row is told with its line; the others go in."
      />
      {props.choices.campaigns.length === 0 ? (
        <NoCampaign />
      ) : (
        <section class="card narrow">
          <Faults sheet={sheet} />
          <Form viewer={viewer} action="/console/vouchers/import" enctype="multipart/form-data" class="form" once>
            <CampaignField sheet={sheet} choices={props.choices} label="Campaign" chosen={props.campaignId} />
            <FileField
              sheet={sheet}
              name="file"
              label="File, up to 16 MiB"
              accept=".csv,.ndjson,.jsonl,text/csv,application/x-ndjson"
              hint="Larger ones go over the API: POST /v1/campaigns/{id}/vouchers/import."
            />
            <AreaField
              sheet={sheet}
              name="rows"
              label="Or paste codes here, one a line"
              rows={6}
              maxlength={500_000}
              wide
            />
            <div class="row">
              <button class="button primary" type="submit">
                Import
              </button>
            </div>
          </Form>
        </section>
      )}
    </Frame>
  );
}
