/** Which campaign: one of the newest, or any other by its name. */
import { SelectField, TextField } from "../parts/fields.tsx";
import type { Sheet } from "../parts/sheet.ts";
import type { CampaignChoices } from "./campaigns.ts";
import { campaignOptions } from "./print.tsx";

interface CampaignFieldProps {
  readonly sheet: Sheet;
  readonly choices: CampaignChoices;
  readonly label: string;
  readonly chosen?: string | undefined;
  /** Nothing chosen is an answer, too. */
  readonly optional?: boolean;
}

export function CampaignField({ sheet, choices, label, chosen, optional = false }: CampaignFieldProps) {
  const { campaigns, hasMore } = choices;
  return (
    <>
      <SelectField
        sheet={sheet}
        name="campaign_id"
        label={label}
        value={chosen ?? (optional ? "" : campaigns[0]?.id)}
        options={[...(optional ? [{ value: "", name: "–" }] : []), ...campaignOptions(campaigns)]}
        required={!optional}
      />
      {hasMore && (
        <TextField
          sheet={sheet}
          name="campaign"
          label="Or a campaign that is not in the list"
          hint={`The list has the newest ${campaigns.length}. Type a name, a part of it, or an id.`}
          maxlength={200}
        />
      )}
    </>
  );
}
