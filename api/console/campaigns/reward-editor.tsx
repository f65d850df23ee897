/** Rewards as a form: one card each, with the fields of its type, read back as a sentence. */
import { rewardsSchema } from "../../campaigns/reward-schema.ts";
import type { Reward } from "../../domain/rewards/reward.ts";
import { rewardSentence } from "../../domain/rewards/sentence.ts";
import { shortened } from "../format.tsx";
import type { Named } from "../names.ts";
import { AreaField, fieldId, SelectField, TextField } from "../parts/fields.tsx";
import type { Sheet } from "../parts/sheet.ts";
import { first, partsOf } from "../rules/nested.ts";
import { Remove, RuleEditor } from "../rules/rule-editor.tsx";
import type { Setting } from "../rules/values.ts";
import type { Form } from "../viewer.ts";
import { readRewards, rewardTypes } from "./reward-fields.ts";

export interface RewardsProps {
  readonly sheet: Sheet;
  readonly form: Form;
  readonly at: "rewards" | "referrer_rewards";
  readonly setting: Setting;
  readonly segments: readonly string[];
  readonly campaigns: readonly Named[];
  readonly pools: readonly Named[];
}

const ofReferrers: readonly string[] = ["points", "voucher", "pool_voucher", "gift_credit"];

export function RewardsEditor(props: RewardsProps) {
  const { at, form, sheet } = props;
  const fault = sheet.faults.get(at);
  return (
    <div class="stack" id={fieldId(at)}>
      {fault && <p class="fault">{fault}</p>}
      {partsOf(form, at).map((part, index) => (
        <RewardCard {...props} part={`${at}.${part}`} number={index + 1} />
      ))}
      <p class="row add">
        <button class="button quiet" type="submit" name="do" value={`new:${at}`}>
          Add a reward
        </button>
      </p>
    </div>
  );
}

interface CardProps extends RewardsProps {
  readonly part: string;
  readonly number: number;
}

function RewardCard(props: CardProps) {
  const { part, sheet, form, at, setting } = props;
  const types = at === "rewards" ? rewardTypes : rewardTypes.filter(([type]) => ofReferrers.includes(type));
  const type = first(form, `${part}.type`);
  const fault = sheet.faults.get(part);
  return (
    <fieldset class="part" id={fieldId(part)}>
      <legend>{`Reward ${props.number}`}</legend>
      <div class="row between">
        <p class="sentence" data-test={`sentence-${part}`}>
          <bdi>{sentenceOf(props)}</bdi>
        </p>
        <Remove at={part} what={`reward ${props.number}`} />
      </div>
      {fault && <p class="fault">{fault}</p>}
      <div class="fields">
        <SelectField
          sheet={sheet}
          name={`${part}.type`}
          label="Kind"
          options={types.map(([value, name]) => ({ value, name }))}
          refresh
        />
        <TypeFields {...props} type={type} />
      </div>
      {type === "item_discount" && <Where {...props} name="where" label="Which items" without="Every item." />}
      {type === "buy_x_get_y" && <Where {...props} name="buy.where" label="What is bought" without="Any item." />}
      {type === "buy_x_get_y" && <Where {...props} name="get.where" label="What is given" without="Any item." />}
      {type === "bundle" && <Components {...props} />}
      <RuleEditor
        form={form}
        faults={sheet.faults}
        at={`${part}.when`}
        scope="order"
        setting={setting}
        segments={props.segments}
        label="Given only if"
        without="Whenever the campaign applies."
      />
    </fieldset>
  );
}

function sentenceOf({ form, at, part, setting, campaigns, pools }: CardProps): string {
  const index = partsOf(form, at).findIndex((number) => `${at}.${number}` === part);
  const reward = rewardsSchema.safeParse([readRewards(form, at, setting)[index]]);
  if (!reward.success) return "Not complete yet.";
  const names = Object.fromEntries([...campaigns, ...pools].map(({ id, name }) => [id, name]));
  return shortened(`${rewardSentence(reward.data[0] as Reward, setting.currency, names)}.`, 1_000);
}

function Where(props: CardProps & { name: string; label: string; without: string }) {
  return (
    <RuleEditor
      form={props.form}
      faults={props.sheet.faults}
      at={`${props.part}.${props.name}`}
      scope="item"
      setting={props.setting}
      segments={props.segments}
      label={props.label}
      without={props.without}
    />
  );
}

function TypeFields(props: CardProps & { type: string }) {
  const { sheet, part, setting, type } = props;
  const { currency } = setting;
  const field = (name: string, label: string, more: { unit?: string; hint?: string } = {}) => (
    <TextField sheet={sheet} name={`${part}.${name}`} label={label} inputmode="decimal" {...more} />
  );
  const cap = field("max_amount", "At most in one order", { unit: currency });
  switch (type) {
    case "item_discount":
      return (
        <>
          <SelectField sheet={sheet} name={`${part}.which`} label="On" options={whichOptions} refresh />
          {first(props.form, `${part}.which`) === "nth" && field("n", "Every n-th, n")}
          <ValueFields {...props} />
          {field("max_quantity", "At most so many units")}
          {cap}
        </>
      );
    case "buy_x_get_y":
      return (
        <>
          {field("buy.quantity", "Buy")}
          {field("get.quantity", "Get")}
          {field("get.percent_bp", "For less", { unit: "%", hint: "100 % is for free." })}
          {field("max_times", "At most so often in one order")}
          {cap}
        </>
      );
    case "bundle":
      return (
        <>
          {field("fixed_amount", "Together for", { unit: currency })}
          {field("max_times", "At most so often in one order")}
          {cap}
        </>
      );
    case "free_item":
      return (
        <>
          <TextField sheet={sheet} name={`${part}.item.sku`} label="SKU" required />
          <TextField sheet={sheet} name={`${part}.item.name`} label="Name" />
          <TextField sheet={sheet} name={`${part}.item.product_id`} label="Product" />
          {field("item.quantity", "Units")}
        </>
      );
    case "points":
      return <PointsFields {...props} />;
    case "voucher":
      return <CampaignPick {...props} hint="A sub-campaign: it makes the voucher's code." />;
    case "pool_voucher":
      return (
        <SelectField
          sheet={sheet}
          name={`${part}.pool_id`}
          label="Pool"
          options={[choose, ...props.pools.map(({ id, name }) => ({ value: id, name: shortened(name, 60) }))]}
        />
      );
    case "gift_credit":
      return (
        <>
          {field("amount", "Credit", { unit: currency })}
          <CampaignPick {...props} hint="Of gift cards. None: the project's own." />
        </>
      );
    default:
      return (
        <>
          <ValueFields {...props} />
          {cap}
        </>
      );
  }
}

const choose = { value: "", name: "–" };
const whichOptions = [
  { value: "all", name: "every item" },
  { value: "cheapest", name: "the cheapest item" },
  { value: "most_expensive", name: "the most expensive item" },
  { value: "nth", name: "every n-th item" },
];

/** The newest, and any other by its id. A form has several of these lists, and must stay light. */
const shownMax = 30;

function CampaignPick(props: CardProps & { hint: string }) {
  const { sheet, part, campaigns } = props;
  const chosen = first(props.form, `${part}.campaign_id`);
  const shown = campaigns.filter(({ id }, index) => index < shownMax || id === chosen);
  return (
    <>
      <SelectField
        sheet={sheet}
        name={`${part}.campaign_id`}
        label="Campaign"
        hint={props.hint}
        options={[choose, ...shown.map(({ id, name }) => ({ value: id, name: shortened(name, 60) }))]}
      />
      {campaigns.length > shownMax && (
        <TextField
          sheet={sheet}
          name={`${part}.campaign_other`}
          label="Or the id of another campaign"
          hint="It ends the address of the campaign's page."
          maxlength={100}
        />
      )}
    </>
  );
}

function ValueFields(props: CardProps) {
  const { sheet, part, form, setting } = props;
  const give = first(form, `${part}.give`) || "percent_bp";
  return (
    <>
      <SelectField
        sheet={sheet}
        name={`${part}.give`}
        label="As"
        options={[
          { value: "percent_bp", name: "a percentage off" },
          { value: "amount", name: "an amount off" },
          { value: "fixed_amount", name: "a fixed price" },
          { value: "tiers", name: "tiers by order amount" },
        ]}
        refresh
      />
      {give === "tiers" ? (
        <AreaField
          sheet={sheet}
          name={`${part}.tiers`}
          label="Tiers, one a line"
          hint="50 = 10 % · 100 = 15.00 (off) · 200 = for 150.00"
          rows={4}
        />
      ) : (
        <TextField
          sheet={sheet}
          name={`${part}.${give}`}
          label={give === "percent_bp" ? "Percentage" : give === "amount" ? "Amount off" : "Price"}
          unit={give === "percent_bp" ? "%" : setting.currency}
          inputmode="decimal"
        />
      )}
    </>
  );
}

function PointsFields(props: CardProps) {
  const { sheet, part, form, setting } = props;
  const give = first(form, `${part}.give`);
  return (
    <>
      <SelectField
        sheet={sheet}
        name={`${part}.give`}
        label="As"
        options={[
          { value: "points", name: "a fixed number" },
          { value: "per_amount", name: "for money spent" },
          { value: "tiers", name: "tiers by order amount" },
        ]}
        refresh
      />
      {give === "tiers" ? (
        <AreaField
          sheet={sheet}
          name={`${part}.tiers`}
          label="Tiers, one a line"
          hint="50 = 100 · 100 = 250"
          rows={4}
        />
      ) : (
        <TextField sheet={sheet} name={`${part}.points`} label="Points" inputmode="numeric" />
      )}
      {give === "per_amount" && (
        <TextField
          sheet={sheet}
          name={`${part}.per_amount`}
          label="For each"
          unit={setting.currency}
          inputmode="decimal"
        />
      )}
      <TextField sheet={sheet} name={`${part}.max_points`} label="At most in one order" inputmode="numeric" />
      <TextField sheet={sheet} name={`${part}.expires_in_days`} label="Expire after days" inputmode="numeric" />
    </>
  );
}

function Components(props: CardProps) {
  const at = `${props.part}.items`;
  return (
    <>
      {partsOf(props.form, at).map((item, index) => (
        <fieldset class="part" id={fieldId(`${at}.${item}`)}>
          <legend>{`Component ${index + 1}`}</legend>
          <div class="row between">
            <TextField sheet={props.sheet} name={`${at}.${item}.quantity`} label="Units" inputmode="numeric" />
            <Remove at={`${at}.${item}`} what={`component ${index + 1}`} />
          </div>
          <Where {...props} name={`items.${item}.where`} label="Of" without="Say which items." />
        </fieldset>
      ))}
      <p class="row add">
        <button class="button quiet" type="submit" name="do" value={`new:${at}`}>
          Add a component
        </button>
      </p>
    </>
  );
}
