/** A new subscription to events, and one that is changed. */
import type { SubscriptionWire } from "../../event-subscriptions/read.ts";
import type { CampaignName } from "../campaign-names.ts";
import { shortened } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { AttemptField } from "../parts/attempt.tsx";
import { AreaField, CheckField, ChoiceField, fieldId, TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import type { Sheet } from "../parts/sheet.ts";
import { maySee, type Viewer } from "../viewer.ts";
import { list, subscriptionAddress } from "./words.tsx";

/** The beginnings of event types, each with the types that begin so. */
type Families = ReadonlyMap<string, readonly string[]>;

interface FormProps {
  readonly viewer: Viewer;
  readonly sheet: Sheet;
  readonly families: Families;
  readonly campaigns: readonly CampaignName[];
  /** Undefined: a new one. */
  readonly subscription?: SubscriptionWire;
}

export function SubscriptionFormPage({ viewer, sheet, families, campaigns, subscription }: FormProps) {
  const title = subscription ? "Change the subscription" : "Subscribe to events";
  // What is wrong with the types is said once, above all boxes.
  const boxes = { ...sheet, faults: new Map() };
  const up = subscription ? { to: subscriptionAddress(subscription.id), name: "Subscription" } : list;
  return (
    <Frame title={title} viewer={viewer} place="event-subscriptions">
      <Head
        up={up}
        title={title}
        text={subscription ? undefined : "The secret that signs the requests is shown once, on the next page."}
      />
      <Form viewer={viewer} action={subscription ? `${up.to}/edit` : list.to} class="form" once>
        <Faults sheet={sheet} />
        {!subscription && <AttemptField />}
        <section class="card">
          <div class="fields">
            <TextField
              sheet={sheet}
              name="url"
              type="url"
              label="URL"
              placeholder="https://shop.example/hooks/tessera"
              hint="https, and reachable from the internet."
              maxlength={2_000}
              required
              wide
            />
            <TextField sheet={sheet} name="description" label="Note" maxlength={500} wide />
          </div>
        </section>
        <section class="card">
          <h2>What it is told of</h2>
          <ChoiceField
            sheet={sheet}
            name="every"
            label="Events"
            options={[
              { value: "some", name: "Those that are chosen below" },
              { value: "all", name: "Every event", hint: "also of kinds that come later" },
            ]}
          />
          <fieldset class="field gap" id={fieldId("types")}>
            <legend>Chosen</legend>
            {sheet.faults.get("types") && <p class="fault">{sheet.faults.get("types")}</p>}
            <div class="fields">
              {[...families].map(([family, types]) => (
                <CheckField
                  sheet={boxes}
                  name="types"
                  value={family}
                  label={family}
                  hint={types.map((type) => type.slice(family.length - 1)).join(", ")}
                />
              ))}
            </div>
          </fieldset>
          <div class="gap">
            <AreaField
              sheet={sheet}
              name="types_typed"
              label="Or single types, one on a line"
              placeholder="voucher.published"
              rows={3}
            />
          </div>
        </section>
        <section class="card">
          <h2>Only of some campaigns</h2>
          <CampaignsField sheet={sheet} campaigns={campaigns} />
          {!subscription && maySee(viewer, ["review"]) && (
            <div class="gap">
              <CheckField
                sheet={sheet}
                name="with_risk"
                label="Also reviews, and the risk of attempts"
                hint="Such a subscription can be changed by keys with the scope review alone."
              />
            </div>
          )}
        </section>
        <p class="row">
          <button class="button primary" type="submit">
            {subscription ? "Save" : "Subscribe"}
          </button>
          <a class="button" href={up.to}>
            {subscription ? "Leave it as it is" : "Back"}
          </a>
        </p>
      </Form>
    </Frame>
  );
}

/** What is stored stays an option, also when its campaign is none of the newest. */
function CampaignsField({ sheet, campaigns }: { sheet: Sheet; campaigns: readonly CampaignName[] }) {
  const name = "filter.campaign_ids";
  const chosen = sheet.typed?.[name] ?? [];
  const unknown = chosen.filter((id) => id !== "" && !campaigns.some((campaign) => campaign.id === id));
  const fault = sheet.faults.get(name);
  const id = fieldId(name);
  return (
    <div class={`field${fault ? " faulty" : ""}`}>
      <label for={id}>Campaigns</label>
      <select id={id} name={name} multiple size={6} aria-describedby={`${id}-hint`}>
        {[...unknown.map((one) => ({ id: one, name: one })), ...campaigns].map((campaign) => (
          <option value={campaign.id} selected={chosen.includes(campaign.id)}>
            {shortened(campaign.name, 60)}
          </option>
        ))}
      </select>
      <p class="hint" id={`${id}-hint`}>
        None chosen: events of all campaigns, and those that are of none. Several with Ctrl or ⌘.
      </p>
      {fault && <p class="fault">{fault}</p>}
    </div>
  );
}
