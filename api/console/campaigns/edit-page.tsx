/** A campaign as a form: to make one, and to change one. */
import type { Child } from "hono/jsx";
import type { CampaignWire } from "../../campaigns/schemas.ts";
import { shortened } from "../format.tsx";
import { Frame } from "../layout.tsx";
import type { Named } from "../names.ts";
import { AttemptField } from "../parts/attempt.tsx";
import { AreaField, CheckField, SelectField, TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import type { Sheet } from "../parts/sheet.ts";
import { first } from "../rules/nested.ts";
import { RuleEditor } from "../rules/rule-editor.tsx";
import type { Viewer } from "../viewer.ts";
import { settingOf } from "./campaign-fields.ts";
import { limitFields } from "./limit-fields.tsx";
import { RewardsEditor } from "./reward-editor.tsx";
import { StockFields } from "./stock-fields.tsx";

export interface EditProps {
  readonly viewer: Viewer;
  readonly sheet: Sheet;
  readonly type: CampaignWire["type"];
  /** Undefined: a new one. */
  readonly stored: Pick<CampaignWire, "id" | "name" | "status"> | undefined;
  readonly parent: Pick<CampaignWire, "id" | "name"> | undefined;
  /** Nothing stands on its currency and its template yet. */
  readonly isFree: boolean;
  readonly campaigns: readonly Named[];
  readonly pools: readonly Named[];
  readonly segments: readonly string[];
  /** Where the form is shown again after a step. */
  readonly action: string;
}

export function EditPage(props: EditProps) {
  const { viewer, sheet, type, stored, parent } = props;
  const form = sheet.typed ?? {};
  const isSub = type === "sub";
  const title = stored ? `Change ${shortened(stored.name, 60)}` : isSub ? "New promotion" : "New main campaign";
  const up = stored
    ? { to: `/console/campaigns/${stored.id}`, name: "Campaign" }
    : parent
      ? { to: `/console/campaigns/${parent.id}`, name: shortened(parent.name, 60) }
      : { to: "/console/campaigns", name: "Campaigns" };
  return (
    <Frame title={title} viewer={viewer} place="campaigns">
      <Head
        up={up}
        title={<bdi>{title}</bdi>}
        text={isSub ? `In ${shortened(parent?.name ?? "", 80)}` : introduction}
      />
      <Faults sheet={sheet} />
      <Form viewer={viewer} action={props.action} class="form" id="campaign">
        {/* Enter in a field presses the first button there is. */}
        <button class="hidden-text" type="submit" tabindex={-1} name="do" value="refresh:name">
          Show as typed
        </button>
        {["version", "parent_id", ...(props.isFree && !isSub ? [] : ["currency", "template"])].map((name) => (
          <input type="hidden" name={name} value={first(form, name)} />
        ))}
        {stored === undefined && <AttemptField />}
        <Basics {...props} />
        <Schedule {...props} />
        {isSub && <Rewards {...props} />}
        <Section title="Who may use it, and when">
          <RuleEditor
            form={form}
            faults={sheet.faults}
            at="rules"
            scope="order"
            setting={settingOf(form)}
            segments={props.segments}
            label="It applies if"
            without="Everybody, on every order."
          />
        </Section>
        <Section title="Budget and limits">{limitFields(sheet, form)}</Section>
        {isSub && <Behaviour {...props} />}
        {isSub && !madeOneByOne.includes(first(form, "template")) && (
          <Section title="When vouchers run low">
            <StockFields sheet={sheet} />
          </Section>
        )}
        <More {...props} />
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

/** The vouchers of these are made when one is bought, or somebody refers. */
const madeOneByOne: readonly string[] = ["gift_card", "referral"];

const introduction = "A container: its budget, limits and rules hold for all promotions in it.";

function Section(props: { title: string; children: Child }) {
  return (
    <section class="card">
      <h2>{props.title}</h2>
      {props.children}
    </section>
  );
}

const templates = [
  { value: "discount", name: "Discount" },
  { value: "loyalty", name: "Loyalty" },
  { value: "gift_card", name: "Gift card" },
  { value: "referral", name: "Referral" },
];

function Basics({ sheet, type, isFree }: EditProps) {
  return (
    <Section title="What it is">
      <div class="fields">
        <TextField sheet={sheet} name="name" label="Name" required wide />
        {type === "main" && isFree && (
          <>
            <SelectField
              sheet={sheet}
              name="template"
              label="Template"
              options={templates}
              hint="Fixed once it runs or holds promotions."
            />
            <TextField sheet={sheet} name="currency" label="Currency" required hint="ISO 4217: EUR, USD, …" />
          </>
        )}
        <AreaField
          sheet={sheet}
          name="customer_information"
          label="Text for the customer"
          rows={2}
          wide
          hint="What shops may show beside the code."
        />
      </div>
    </Section>
  );
}

function Schedule({ sheet }: EditProps) {
  return (
    <Section title="When">
      <div class="fields">
        <TextField sheet={sheet} name="starts_at" label="Starts" type="datetime-local" hint="Empty: at once." />
        <TextField sheet={sheet} name="ends_at" label="Ends before" type="datetime-local" hint="Empty: never." />
        <TextField
          sheet={sheet}
          name="time_zone"
          label="Time zone"
          list="zones"
          hint="Of these times, of days and of periods."
        />
        <datalist id="zones">
          {zones.map((zone) => (
            <option value={zone} />
          ))}
        </datalist>
      </div>
    </Section>
  );
}

/** To choose from; any other of the IANA may be typed. */
const zones = [
  "UTC",
  "Europe/London",
  "Europe/Berlin",
  "Europe/Paris",
  "Europe/Madrid",
  "Europe/Warsaw",
  "Europe/Athens",
  "America/New_York",
  "America/Chicago",
  "America/Los_Angeles",
  "America/Sao_Paulo",
  "Asia/Dubai",
  "Asia/Kolkata",
  "Asia/Singapore",
  "Asia/Tokyo",
  "Australia/Sydney",
];

function Rewards(props: EditProps) {
  const form = props.sheet.typed ?? {};
  const shared = {
    sheet: props.sheet,
    form,
    setting: settingOf(form),
    segments: props.segments,
    campaigns: props.campaigns,
    pools: props.pools,
  };
  return (
    <>
      <Section title="What it gives">
        <RewardsEditor {...shared} at="rewards" />
      </Section>
      {first(form, "template") === "referral" && (
        <Section title="What the referrer gets">
          <RewardsEditor {...shared} at="referrer_rewards" />
        </Section>
      )}
    </>
  );
}

const triggers = [
  ["redemption", "a redemption at the checkout"],
  ["points_change", "a change of points"],
  ["custom", "an event of your own"],
  ["customer.created", "a new customer"],
  ["customer.birthday", "a birthday"],
  ["customer.anniversary", "an anniversary"],
  ["customer.orders_count_reached", "a number of orders reached"],
  ["customer.orders_amount_reached", "a value of orders reached"],
  ["order.paid", "a paid order"],
  ["redemption.succeeded", "a redemption that went through"],
  ["redemption.rejected", "a redemption that was rejected"],
  ["voucher.published", "a voucher handed out"],
  ["voucher.expiring", "a voucher about to expire"],
  ["points.level_reached", "a level of points reached"],
  ["segment.entered", "a customer who enters a segment"],
  ["segment.left", "a customer who leaves a segment"],
] as const;

function Behaviour({ sheet }: EditProps) {
  const form = sheet.typed ?? {};
  return (
    <Section title="How it behaves">
      <div class="fields">
        <SelectField
          sheet={sheet}
          name="triggers_on"
          label="Meant for"
          hint="Anything but a redemption needs a workflow, which hands its vouchers out."
          options={triggers.map(([value, name]) => ({ value, name }))}
          refresh
        />
        {first(form, "triggers_on") === "custom" && (
          <TextField sheet={sheet} name="trigger_name" label="Name of the event" required />
        )}
        <CheckField sheet={sheet} name="automatic" label="Applies without a code" hint="Whenever it fits." />
        <CheckField
          sheet={sheet}
          name="stacking.exclusive"
          label="Exclusive"
          hint="Never together with another promotion."
        />
        <TextField
          sheet={sheet}
          name="stacking.group"
          label="Stacking group"
          hint="Combines with promotions of its group only."
        />
        <TextField
          sheet={sheet}
          name="stacking.order"
          label="Order of application"
          inputmode="numeric"
          hint="Lower applies first."
        />
        <TextField sheet={sheet} name="stacking.max_per_order" label="Codes of it per order" inputmode="numeric" />
        <TextField
          sheet={sheet}
          name="holdout_percent"
          label="Holdout"
          unit="%"
          inputmode="numeric"
          hint="Withheld from this share of customers, to measure what it causes."
        />
        <CheckField sheet={sheet} name="holdout_codes" label="Refuse typed codes of the holdout, too" />
        <TextField sheet={sheet} name="points_price" label="Costs points" inputmode="numeric" />
        <TextField
          sheet={sheet}
          name="voucher_lifetime_days"
          label="Vouchers expire after days"
          inputmode="numeric"
          hint="After they are handed out."
        />
        <SelectField
          sheet={sheet}
          name="on_cancel"
          label="When an order is cancelled"
          options={[
            { value: "rollback", name: "roll its redemptions back" },
            { value: "keep", name: "keep them" },
          ]}
        />
        <SelectField
          sheet={sheet}
          name="on_rollback"
          label="When a part is rolled back"
          options={[
            { value: "keep", name: "the rest stays" },
            { value: "recalculate", name: "decide the rest again" },
            { value: "revoke", name: "all goes back if the rest does not fit" },
          ]}
        />
        <AreaField sheet={sheet} name="exclusions.skus" label="Never on these SKUs" rows={2} hint="One a line." />
        <AreaField sheet={sheet} name="exclusions.product_ids" label="Nor these products" rows={2} hint="One a line." />
        <AreaField
          sheet={sheet}
          name="exclusions.categories"
          label="Nor these categories"
          rows={2}
          hint="One a line."
        />
      </div>
    </Section>
  );
}

function More({ sheet }: EditProps) {
  return (
    <Section title="For your reports">
      <div class="fields">
        <TextField sheet={sheet} name="team" label="Team" />
        <TextField sheet={sheet} name="budget_code" label="Budget code" />
        <TextField sheet={sheet} name="channel" label="Channel" />
        <TextField sheet={sheet} name="purpose" label="Purpose" />
        <TextField sheet={sheet} name="medium" label="Medium" />
        <AreaField sheet={sheet} name="metadata" label="Metadata" rows={2} wide hint="One a line: source: newsletter" />
      </div>
    </Section>
  );
}
