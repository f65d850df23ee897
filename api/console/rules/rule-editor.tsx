/** A rule as a form: groups of conditions, each read back as a sentence. Buttons send the form and show it again. */
import { ruleShape, rulesSchema } from "../../campaigns/rule-schema.ts";
import type { Rule } from "../../domain/rules/rule.ts";
import { ruleSentence } from "../../domain/rules/sentence.ts";
import { checkRule, ruleDepthMax } from "../../domain/rules/validate.ts";
import { shortened } from "../format.tsx";
import { fieldId } from "../parts/fields.tsx";
import type { Form } from "../viewer.ts";
import {
  type Asks,
  fittingOperator,
  isHistory,
  isKeyed,
  isSum,
  operatorOptions,
  pathGroups,
  type RuleScope,
  typeOf,
} from "./choices.ts";
import { first, partsOf } from "./nested.ts";
import { readSlot } from "./read-rule.ts";
import { ValueField } from "./value-field.tsx";
import type { Setting } from "./values.ts";

export interface RuleEditorProps {
  readonly form: Form;
  readonly faults: ReadonlyMap<string, string>;
  /** The names' beginning, as the API's pointer: "rules", "rewards.0.when". */
  readonly at: string;
  readonly scope: RuleScope;
  /** Of a workflow. */
  readonly asks?: Asks;
  readonly setting: Setting;
  readonly segments: readonly string[];
  /** What it is for: "Who may use it, and when". */
  readonly label: string;
  /** What holds without any condition. */
  readonly without: string;
}

/** Longer ones are nobody's to read. */
const sentenceMax = 2_000;

export function RuleEditor(props: RuleEditorProps) {
  const { form, at, faults } = props;
  const isEmpty = partsOf(form, at).length === 0;
  return (
    <fieldset class="rule" id={fieldId(at)}>
      <legend>{props.label}</legend>
      <ReadBack {...props} />
      {faults.get(at) !== undefined && <p class="fault">{faults.get(at)}</p>}
      {isEmpty ? <Add at={at} first /> : <Group {...props} depth={1} />}
    </fieldset>
  );
}

/** The rule in words, as far as it is complete. */
function ReadBack({ form, at, setting, scope, without }: RuleEditorProps) {
  const body = readSlot(form, at, setting);
  if (body === undefined) return <p class="sentence muted">{without}</p>;
  const rule = completeRule(body, scope);
  if (rule === undefined) return <p class="sentence muted">Not complete yet.</p>;
  return (
    <p class="sentence" data-test={`sentence-${at}`}>
      <bdi>{shortened(ruleSentence(rule, setting.currency), sentenceMax)}.</bdi>
    </p>
  );
}

function completeRule(body: unknown, scope: RuleScope): Rule | undefined {
  const shaped = scope === "order" ? rulesSchema.safeParse(body) : ruleShape.safeParse(body);
  if (!shaped.success) return undefined;
  return scope !== "order" && checkRule(shaped.data, scope).length > 0 ? undefined : shaped.data;
}

interface NodeProps extends RuleEditorProps {
  readonly depth: number;
}

const groupWords = [
  ["all", "All of these hold"],
  ["any", "At least one of these holds"],
  ["none", "None of these holds"],
] as const;

function Group(props: NodeProps) {
  const { form, at } = props;
  const name = `${at}.group`;
  const chosen = first(form, name);
  return (
    <div class="rule-group">
      <div class="row">
        <select
          name={name}
          id={fieldId(name)}
          aria-label="How these conditions go together"
          data-refresh
          autofocus={first(form, "focus") === name}
        >
          {groupWords.map(([value, text]) => (
            <option value={value} selected={value === chosen}>
              {text}
            </option>
          ))}
        </select>
        {props.depth > 1 && !at.endsWith(".where") && <Remove at={at} what="this group" />}
      </div>
      <ul>
        {partsOf(form, at).map((part) => (
          <li>
            <Node {...props} at={`${at}.${part}`} depth={props.depth + 1} />
          </li>
        ))}
      </ul>
      <Add at={at} group={props.depth < ruleDepthMax - 1} />
    </div>
  );
}

function Node(props: NodeProps) {
  return first(props.form, `${props.at}.group`) === "" ? <Condition {...props} /> : <Group {...props} />;
}

const quantifiers = [
  ["any", "at least one line"],
  ["all", "every line"],
  ["none", "no line"],
  ["cheapest", "the cheapest line"],
  ["most_expensive", "the most expensive line"],
] as const;

function Condition(props: NodeProps) {
  const { form, at, faults, setting, segments } = props;
  const on = first(form, `${at}.on`);
  const type = typeOf(on);
  const op = type === undefined ? undefined : fittingOperator(type, first(form, `${at}.op`));
  const wrong = [...faults].filter(
    ([name]) => name === at || (name.startsWith(`${at}.`) && !name.includes(".where", at.length)),
  );
  const hasLines = on === "items" || isSum(on);
  return (
    <div class={`condition${wrong.length > 0 ? " faulty" : ""}`} id={fieldId(at)}>
      <div class="row">
        <Choice
          form={form}
          name={`${at}.on`}
          label="What is looked at"
          value={on}
          groups={pathGroups(props.scope, props.asks)}
        />
        {isKeyed(on) && <Small {...props} name="key" label="Name of the field" />}
        {on === "events.count" && <Small {...props} name="name" label="Name of the event" />}
        {on === "items" && (
          <Plain name={`${at}.which`} label="Which lines" value={first(form, `${at}.which`)} options={quantifiers} />
        )}
        {type !== undefined && op !== undefined && (
          <>
            <Choice
              form={form}
              name={`${at}.op`}
              label="How it is compared"
              value={op}
              options={operatorOptions(type)}
            />
            <ValueField form={form} at={at} on={on} type={type} op={op} setting={setting} segments={segments} />
          </>
        )}
        {isHistory(on) && (
          <>
            <span class="muted">in the last</span>
            <Small {...props} name="window_days" label="Days that count" figure />
            <span class="muted">days</span>
          </>
        )}
        <Remove at={at} what="this condition" />
      </div>
      {wrong.map(([, fault]) => (
        <p class="fault">{fault}</p>
      ))}
      {hasLines && (
        <div class="rule-where">
          <span class="muted small">counting lines for which</span>
          <Group {...props} at={`${at}.where`} scope="item" depth={props.depth + 1} />
        </div>
      )}
      {props.scope !== "workflow" && <Words {...props} />}
    </div>
  );
}

/** What the shopper is told when it does not hold. */
function Words(props: NodeProps) {
  const { form, at } = props;
  const message = first(form, `${at}.message`);
  const messages = first(form, `${at}.messages`);
  return (
    <details open={message !== "" || messages !== ""}>
      <summary>Message to the shopper</summary>
      <div class="fields">
        <label class="field">
          When it does not hold
          <input type="text" name={`${at}.message`} value={message} maxlength={500} dir="auto" />
        </label>
        <label class="field">
          In other languages, one a line: <code>de: Ab 50 Euro</code>
          <textarea name={`${at}.messages`} rows={2} dir="auto">
            {`\n${messages}`}
          </textarea>
        </label>
      </div>
    </details>
  );
}

interface ChoiceProps {
  readonly form: Form;
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly options?: readonly { readonly value: string; readonly name: string }[];
  readonly groups?: readonly {
    readonly name: string;
    readonly options: readonly { readonly value: string; readonly name: string }[];
  }[];
}

/** What is chosen here decides which fields come next: a script sends the form at once, else the button beside it does. */
function Choice({ form, name, label, value, options = [], groups = [] }: ChoiceProps) {
  const show = (option: { readonly value: string; readonly name: string }) => (
    <option value={option.value} selected={option.value === value}>
      {option.name}
    </option>
  );
  // What another choice does not offer any more stays chosen until somebody chooses anew: nothing is changed in silence.
  const known = [...options, ...groups.flatMap((group) => group.options)].some((option) => option.value === value);
  return (
    <select name={name} id={fieldId(name)} aria-label={label} data-refresh autofocus={first(form, "focus") === name}>
      {!known && value !== "" && show({ value, name: value })}
      {options.map(show)}
      {groups.map((group) => (
        <optgroup label={group.name}>{group.options.map(show)}</optgroup>
      ))}
    </select>
  );
}

function Plain(props: { name: string; label: string; value: string; options: readonly (readonly [string, string])[] }) {
  return (
    <select name={props.name} id={fieldId(props.name)} aria-label={props.label}>
      {props.options.map(([value, text]) => (
        <option value={value} selected={value === props.value}>
          {text}
        </option>
      ))}
    </select>
  );
}

function Small(props: NodeProps & { name: string; figure?: boolean }) {
  const name = `${props.at}.${props.name}`;
  return (
    <input
      type="text"
      name={name}
      id={fieldId(name)}
      value={first(props.form, name)}
      aria-label={props.label}
      placeholder={props.figure ? "all" : props.label.toLowerCase()}
      class={props.figure ? "figure" : undefined}
      inputmode={props.figure ? "numeric" : undefined}
      autocomplete="off"
      dir="auto"
    />
  );
}

function Add(props: { at: string; first?: boolean; group?: boolean }) {
  return (
    <p class="row add">
      <button class="button quiet" type="submit" name="do" value={`condition:${props.at}`}>
        {props.first ? "Add a condition" : "Add condition"}
      </button>
      {props.group && (
        <button class="button quiet" type="submit" name="do" value={`group:${props.at}`}>
          Add group
        </button>
      )}
    </p>
  );
}

export function Remove(props: { at: string; what: string }) {
  return (
    <button
      class="button quiet remove"
      type="submit"
      name="do"
      value={`remove:${props.at}`}
      aria-label={`Remove ${props.what}`}
    >
      Remove
    </button>
  );
}
