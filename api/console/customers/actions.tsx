/** What a manager may do for a customer. Each form is one press, however often it is pressed. */
import { AttemptField } from "../parts/attempt.tsx";
import { SelectField, TextField } from "../parts/fields.tsx";
import { Form } from "../parts/form.tsx";
import type { Sheet } from "../parts/sheet.ts";
import type { Viewer } from "../viewer.ts";
import { CampaignField } from "../vouchers/campaign-field.tsx";
import type { CampaignChoices } from "../vouchers/campaigns.ts";
import { campaignOptions } from "../vouchers/print.tsx";
import type { Choice } from "./known.ts";

interface ActionsProps {
  readonly viewer: Viewer;
  readonly sheet: Sheet;
  readonly address: string;
  readonly choices: CampaignChoices;
  readonly exchanges: readonly Choice[];
}

export function Actions({ viewer, sheet, address, choices, exchanges }: ActionsProps) {
  return (
    <>
      <section class="card">
        <h2>Give a voucher</h2>
        <Form viewer={viewer} action={`${address}/give`} class="form">
          <AttemptField />
          <TextField
            sheet={sheet}
            name="code"
            label="This code"
            hint="Or leave it empty and take one of a campaign."
            maxlength={200}
          />
          <CampaignField sheet={sheet} choices={choices} label="One of the campaign" optional />
          <button class="button primary" type="submit">
            Hand out
          </button>
        </Form>
      </section>
      <section class="card">
        <h2>Points</h2>
        <Form viewer={viewer} action={`${address}/points`} class="form">
          <AttemptField />
          <TextField
            sheet={sheet}
            name="points"
            label="Give points"
            hint="With a minus: take them away."
            inputmode="text"
            required
          />
          <TextField sheet={sheet} name="reason" label="Reason" maxlength={500} required />
          <button class="button" type="submit">
            Book
          </button>
        </Form>
        {exchanges.length > 0 && (
          <Form viewer={viewer} action={`${address}/exchange`} class="form gap">
            <AttemptField />
            <SelectField
              sheet={sheet}
              name="exchange_campaign_id"
              label="Exchange for a voucher of"
              options={campaignOptions(exchanges)}
            />
            <button class="button" type="submit">
              Exchange
            </button>
          </Form>
        )}
      </section>
    </>
  );
}
