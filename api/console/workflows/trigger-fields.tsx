/** What sets a workflow off: one of thirteen, each with fields of its own. */
import type { TriggerOn } from "../../workflows/trigger-schema.ts";
import { shortened } from "../format.tsx";
import { AreaField, CheckField, fieldId, SelectField, TextField } from "../parts/fields.tsx";
import type { Sheet } from "../parts/sheet.ts";
import { all, first } from "../rules/nested.ts";
import type { Form } from "../viewer.ts";
import type { Choices } from "./choices.ts";
import { Pick } from "./pick.tsx";

const triggers = [
  ["customer.created", "a customer is created"],
  ["customer.birthday", "it is a customer's birthday"],
  ["customer.anniversary", "it is the anniversary of a customer's sign-up"],
  ["order.paid", "an order is paid"],
  ["orders.reached", "a customer's paid orders reach a number or a sum"],
  ["redemption.succeeded", "a voucher is redeemed"],
  ["redemption.rejected", "a redemption is rejected"],
  ["voucher.published", "a customer is given a voucher"],
  ["voucher.expiring", "a customer's voucher expires soon"],
  ["points.reached", "a customer reaches a level of points"],
  ["segment.entered", "a customer enters a segment"],
  ["segment.left", "a customer leaves a segment"],
  ["custom", "an event of your own comes"],
] as const satisfies readonly (readonly [TriggerOn, string])[];

interface TriggerProps {
  readonly sheet: Sheet;
  readonly form: Form;
  readonly choices: Choices;
}

export function TriggerFields(props: TriggerProps) {
  return (
    <>
      <div class="fields">
        <SelectField
          sheet={props.sheet}
          name="trigger.on"
          label="It begins when"
          options={triggers.map(([value, name]) => ({ value, name }))}
          refresh
          wide
        />
        <Details {...props} />
      </div>
      {withCampaigns.includes(first(props.form, "trigger.on")) && <Campaigns {...props} />}
    </>
  );
}

const withCampaigns: readonly string[] = [
  "redemption.succeeded",
  "redemption.rejected",
  "voucher.published",
  "voucher.expiring",
];

function Details({ sheet, form, choices }: TriggerProps) {
  const days = (required: boolean, hint?: string) => (
    <TextField
      sheet={sheet}
      name="trigger.days_before"
      label="Days before"
      inputmode="numeric"
      required={required}
      hint={hint}
    />
  );
  switch (first(form, "trigger.on")) {
    case "customer.birthday":
    case "customer.anniversary":
      return (
        <>
          {days(false, "Empty: on the day itself.")}
          <TextField
            sheet={sheet}
            name="trigger.at"
            label="Time of day"
            type="time"
            hint="Where the customer is. Empty: 09:00."
          />
        </>
      );
    case "voucher.expiring":
      return days(true);
    case "points.reached":
      return <TextField sheet={sheet} name="trigger.points" label="Points" inputmode="numeric" required />;
    case "segment.entered":
    case "segment.left":
      return <Pick sheet={sheet} choices={choices} kind="segments" name="trigger.segment_id" label="Segment" />;
    case "custom":
      return (
        <TextField
          sheet={sheet}
          name="trigger.name"
          label="Name of the event"
          required
          hint="As your shop sends it to POST /v1/events."
        />
      );
    case "orders.reached":
      return <Level sheet={sheet} form={form} />;
    default:
      return null;
  }
}

function Level({ sheet, form }: Omit<TriggerProps, "choices">) {
  return (
    <>
      <SelectField
        sheet={sheet}
        name="trigger.level"
        label="They reach"
        options={[
          { value: "count", name: "a number" },
          { value: "amount", name: "a sum" },
        ]}
        refresh
      />
      {first(form, "trigger.level") === "amount" ? (
        <>
          <TextField sheet={sheet} name="trigger.amount" label="Sum" inputmode="decimal" required />
          <TextField sheet={sheet} name="trigger.currency" label="Currency" required hint="ISO 4217: EUR, USD, …" />
        </>
      ) : (
        <TextField sheet={sheet} name="trigger.count" label="Paid orders" inputmode="numeric" required />
      )}
    </>
  );
}

function Campaigns({ sheet, form, choices }: TriggerProps) {
  const name = "trigger.campaign_ids";
  if (choices.typed.has("campaigns")) {
    return (
      <AreaField
        sheet={sheet}
        name={name}
        label="Only of these campaigns"
        rows={3}
        hint="By name, one a line. Empty: of any."
      />
    );
  }
  // What is stored and not offered, a main campaign say, stays a box: without it the workflow would be for all campaigns.
  const others = all(form, name).filter((id) => !choices.campaigns.some((campaign) => campaign.id === id));
  const offered = [...others.map((id) => ({ id, name: choices.others.get(id) ?? id })), ...choices.campaigns];
  if (offered.length === 0) return null;
  const fault = sheet.faults.get(name);
  return (
    <fieldset class="field choices" id={fieldId(name)}>
      <legend>Only of these campaigns (none: of any)</legend>
      {offered.map((campaign) => (
        <CheckField sheet={sheet} name={name} value={campaign.id} label={shortened(campaign.name, 80)} />
      ))}
      {fault && <p class="fault">{fault}</p>}
    </fieldset>
  );
}
