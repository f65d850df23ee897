/** An order: which campaign's vouchers, to whom, and whether they are sent. */
import { shortened } from "../format.tsx";
import { Frame } from "../layout.tsx";
import type { Named } from "../names.ts";
import { AttemptField } from "../parts/attempt.tsx";
import { AreaField, SelectField, TextField } from "../parts/fields.tsx";
import { FileField } from "../parts/file-field.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Empty } from "../parts/states.tsx";
import type { Viewer } from "../viewer.ts";
import { CampaignField } from "../vouchers/campaign-field.tsx";
import type { CampaignChoices } from "../vouchers/campaigns.ts";
import type { OrderChoices } from "./choices.ts";
import { list } from "./words.tsx";

interface OrderProps {
  readonly viewer: Viewer;
  readonly campaigns: CampaignChoices;
  readonly choices: OrderChoices;
  readonly campaignId: string | undefined;
  readonly segmentId: string | undefined;
  readonly sheet?: Sheet;
}

const options = (names: readonly Named[], none: string) => [
  { value: "", name: none },
  ...names.map(({ id, name }) => ({ value: id, name: shortened(name, 60) })),
];

export function OrderPage(props: OrderProps) {
  const { viewer, campaigns } = props;
  return (
    <Frame title="Publish to many" viewer={viewer} place="publications">
      <Head
        up={list}
        title="Publish to many"
        text="Each customer gets one voucher. Who is held out or blocked gets nothing. It goes on in the background."
      />
      {campaigns.campaigns.length === 0 ? (
        <section class="card">
          <Empty title="There is no campaign yet." text="Vouchers belong to a sub-campaign: make one first." />
        </section>
      ) : (
        <OrderForm {...props} />
      )}
    </Frame>
  );
}

function OrderForm({ viewer, campaigns, choices, campaignId, segmentId, sheet = freshSheet }: OrderProps) {
  return (
    <Form viewer={viewer} action={list.to} enctype="multipart/form-data" class="form" once>
      <Faults sheet={sheet} />
      <AttemptField />
      <section class="card">
        <h2>What</h2>
        <div class="fields">
          <CampaignField sheet={sheet} choices={campaigns} label="Vouchers of" chosen={campaignId} />
          <TextField sheet={sheet} name="name" label="Name" hint="To find the job again." maxlength={200} />
          <TextField
            sheet={sheet}
            name="channel"
            label="Counted in reports under"
            placeholder="job"
            hint="The channel of these publications."
            maxlength={100}
          />
        </div>
      </section>
      <section class="card">
        <h2>To whom</h2>
        <div class="fields">
          <SelectField
            sheet={sheet}
            name="to.segment_id"
            label="Members of"
            value={segmentId}
            options={options(choices.segments, "no segment")}
            hint={
              choices.hasMore ? "The newest ones. Of any other, its page leads here." : "Who enters later gets nothing."
            }
          />
          <FileField
            sheet={sheet}
            name="file"
            label="Or a file"
            accept=".csv,.ndjson,.jsonl,text/csv"
            hint="CSV with the first line customer, or NDJSON with the field customer; up to 16 MiB. Larger ones go over the API: POST /v1/publication-jobs/import."
          />
          <AreaField
            sheet={sheet}
            name="customers"
            label="Or identifiers, one on a line"
            rows={5}
            maxlength={500_000}
            wide
          />
        </div>
      </section>
      <section class="card">
        <h2>Send it</h2>
        <div class="fields">
          <SelectField
            sheet={sheet}
            name="deliver.channel_id"
            label="By"
            options={options(choices.channels, "it is not sent")}
          />
          <SelectField
            sheet={sheet}
            name="deliver.template_id"
            label="With the text"
            options={options(choices.templates, "no template")}
            hint="Of the channel's kind. What does not arrive is taken back."
          />
        </div>
      </section>
      <p class="row">
        <button class="button primary" type="submit">
          Publish
        </button>
        <a class="button" href={list.to}>
          Back
        </a>
      </p>
    </Form>
  );
}
