/** The steps of a workflow as a form: one card each, read back as a sentence, moved and removed by buttons. */
import { definitionShape } from "../../workflows/definition.ts";
import { stepSentences } from "../../workflows/sentence.ts";
import type { Step } from "../../workflows/step-schema.ts";
import { shortened } from "../format.tsx";
import { fieldId, SelectField, TextField } from "../parts/fields.tsx";
import type { Sheet } from "../parts/sheet.ts";
import { first, partsOf } from "../rules/nested.ts";
import { Remove, RuleEditor } from "../rules/rule-editor.tsx";
import type { Form } from "../viewer.ts";
import { asksOf } from "./asks.ts";
import { type Choices, idOf, namesById } from "./choices.ts";
import { Pick } from "./pick.tsx";
import { readWorkflow, settingOf } from "./workflow-fields.ts";

const stepTypes = [
  ["publish_voucher", "Give a voucher"],
  ["gift_credit", "Put credit on a gift card"],
  ["points", "Give points"],
  ["deliver", "Send a message"],
  ["wait", "Wait"],
  ["condition", "Go on only if …"],
  ["add_to_segment", "Put into a segment"],
  ["remove_from_segment", "Take out of a segment"],
] as const satisfies readonly (readonly [Step["type"], string])[];

export const freshStep = { type: "publish_voucher" } as const;

export interface StepsProps {
  readonly sheet: Sheet;
  readonly form: Form;
  readonly choices: Choices;
}

export function StepsEditor(props: StepsProps) {
  const { form, sheet } = props;
  const fault = sheet.faults.get("steps");
  const parts = partsOf(form, "steps");
  const sentences = sentencesOf(props);
  return (
    <div class="stack" id={fieldId("steps")}>
      {fault && <p class="fault">{fault}</p>}
      {parts.map((part, index) => (
        <StepCard
          {...props}
          at={`steps.${part}`}
          number={index + 1}
          isLast={index === parts.length - 1}
          sentence={sentences[index]}
        />
      ))}
      <p class="row add">
        <button class="button quiet" type="submit" name="do" value="new:steps">
          Add a step
        </button>
      </p>
    </div>
  );
}

/** Each step that is complete in words; undefined for the others. */
function sentencesOf({ form, choices }: StepsProps): (string | undefined)[] {
  const { steps } = readWorkflow(form, choices) as { readonly steps: readonly unknown[] };
  const names = namesById(choices);
  return steps.map((step) => {
    const settings = { currency: settingOf(form).currency || undefined };
    const parsed = definitionShape.safeParse({ trigger: { on: "order.paid" }, steps: [step], settings });
    return parsed.success ? stepSentences(parsed.data, names)[0] : undefined;
  });
}

interface CardProps extends StepsProps {
  readonly at: string;
  readonly number: number;
  readonly isLast: boolean;
  readonly sentence: string | undefined;
}

function StepCard(props: CardProps) {
  const { at, sheet, number, sentence } = props;
  const fault = sheet.faults.get(at);
  return (
    <fieldset class="part" id={fieldId(at)}>
      <legend>{`Step ${number}`}</legend>
      <div class="row between">
        <p class={`sentence${sentence === undefined ? " muted" : ""}`} data-test={`sentence-${at}`}>
          <bdi>{sentence === undefined ? "Not complete yet." : `${shortened(sentence, 500)}.`}</bdi>
        </p>
        <div class="row">
          {number > 1 && <Move at={at} way="up" number={number} />}
          {!props.isLast && <Move at={at} way="down" number={number} />}
          <Remove at={at} what={`step ${number}`} />
        </div>
      </div>
      {fault && <p class="fault">{fault}</p>}
      <div class="fields">
        <SelectField
          sheet={sheet}
          name={`${at}.type`}
          label="What happens"
          options={stepTypes.map(([value, name]) => ({ value, name }))}
          refresh
        />
        <StepFields {...props} />
      </div>
      {first(props.form, `${at}.type`) === "condition" && (
        <RuleEditor
          form={props.form}
          faults={sheet.faults}
          at={`${at}.rule`}
          scope="workflow"
          asks={asksOf(props.form)}
          setting={settingOf(props.form)}
          segments={props.choices.segments.map(({ name }) => name)}
          label="It goes on if"
          without="Say what has to hold."
        />
      )}
    </fieldset>
  );
}

function Move({ at, way, number }: { at: string; way: "up" | "down"; number: number }) {
  return (
    <button
      class="button quiet"
      type="submit"
      name="do"
      value={`${way}:${at}`}
      aria-label={`Move step ${number} ${way}`}
    >
      {way === "up" ? "↑" : "↓"}
    </button>
  );
}

function StepFields(props: CardProps) {
  const { at, sheet, form, choices } = props;
  const shared = { sheet, choices };
  switch (first(form, `${at}.type`)) {
    case "wait":
      return <WaitFields {...props} />;
    case "condition":
      return null;
    case "points":
      return (
        <>
          <TextField sheet={sheet} name={`${at}.points`} label="Points" inputmode="numeric" required />
          <TextField
            sheet={sheet}
            name={`${at}.expires_in_days`}
            label="They expire after days"
            inputmode="numeric"
            hint="Empty: never."
          />
          <To {...props} />
        </>
      );
    case "gift_credit": {
      const id = idOf(choices, "campaigns", first(form, `${at}.campaign_id`));
      const currency = choices.cards.find((card) => card.id === id)?.currency ?? settingOf(form).currency;
      return (
        <>
          <TextField sheet={sheet} name={`${at}.amount`} label="Credit" unit={currency} inputmode="decimal" required />
          <Pick
            {...shared}
            kind="cards"
            name={`${at}.campaign_id`}
            label="Gift cards of"
            hint={
              choices.cards.length === 0 ? "There is no gift card campaign yet." : "Who has no card of it gets one."
            }
            refresh
          />
          <To {...props} />
        </>
      );
    }
    case "deliver":
      return (
        <>
          <Pick {...shared} kind="channels" name={`${at}.channel_id`} label="Channel" />
          <Pick {...shared} kind="templates" name={`${at}.template_id`} label="Template" />
          <To {...props} />
        </>
      );
    case "add_to_segment":
    case "remove_from_segment":
      return (
        <>
          <Pick
            {...shared}
            kind="lists"
            name={`${at}.segment_id`}
            label="Segment"
            hint="A static one: who is in a dynamic one its rule says."
          />
          <To {...props} />
        </>
      );
    default:
      return (
        <>
          <Pick {...shared} kind="campaigns" name={`${at}.campaign_id`} label="Campaign" />
          <To {...props} />
        </>
      );
  }
}

/** The first is what a form shows that says none. */
const units = [
  { value: "days", name: "days" },
  { value: "hours", name: "hours" },
  { value: "minutes", name: "minutes" },
  { value: "until", name: "until a time of day" },
];

function WaitFields({ at, sheet, form }: CardProps) {
  const unit = first(form, `${at}.unit`) || "days";
  return (
    <>
      <SelectField sheet={sheet} name={`${at}.unit`} label="For, or until" options={units} refresh />
      {unit === "until" ? (
        <TextField sheet={sheet} name={`${at}.until`} label="Time of day" type="time" hint="Where the customer is." />
      ) : (
        <TextField
          sheet={sheet}
          name={`${at}.${unit}`}
          label={`${unit.charAt(0).toUpperCase()}${unit.slice(1)}`}
          inputmode="numeric"
          required
        />
      )}
    </>
  );
}

/** There is a referrer only when a redemption succeeded; one that was chosen before stays to be seen. */
function To({ at, sheet, form }: CardProps) {
  const isReferrer = first(form, `${at}.to`) === "referrer";
  if (first(form, "trigger.on") !== "redemption.succeeded" && !isReferrer) return null;
  return (
    <SelectField
      sheet={sheet}
      name={`${at}.to`}
      label="For"
      options={[
        { value: "", name: "the customer" },
        { value: "referrer", name: "whose referral code was used" },
      ]}
    />
  );
}
