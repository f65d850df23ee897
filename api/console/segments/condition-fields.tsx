/** The conditions of a dynamic segment, one below the other, and what the rules say when read aloud. */
import { operatorsOf, segmentFacts } from "../../segments/rules/facts.ts";
import { segmentRules } from "../../segments/rules/schema.ts";
import { segmentSentence } from "../../segments/rules/sentence.ts";
import { shortened } from "../format.tsx";
import { AreaField, type Option, SelectField, TextField } from "../parts/fields.tsx";
import type { Sheet } from "../parts/sheet.ts";
import type { Form } from "../viewer.ts";
import { conditionsMax, factOf, groupIn, operatorOf, type Row, rowsIn, rulesOf } from "./conditions.ts";

const groupNames = { profile: "Profile", behaviour: "Behaviour", score: "Scores", membership: "Lists" } as const;

const words: Readonly<Record<string, string>> = {
  equals: "is",
  not_equals: "is not",
  greater_than: "is more than",
  greater_or_equal: "is at least",
  less_than: "is less than",
  less_or_equal: "is at most",
  between: "is between",
  any_of: "is one of",
  none_of: "is none of",
  all_of: "includes all of",
  starts_with: "starts with",
  ends_with: "ends with",
  matches: "matches the pattern",
  multiple_of: "is a multiple of",
  within: "is within",
  exists: "is known",
};

const titled = (text: string) => {
  const words = text.replace(/^the /, "");
  return words.charAt(0).toUpperCase() + words.slice(1);
};

const factGroups = (Object.keys(groupNames) as (keyof typeof groupNames)[]).map((group) => ({
  name: groupNames[group],
  options: segmentFacts
    .filter((fact) => fact.group === group)
    .map(({ on, label }) => ({ value: on, name: titled(label) })),
}));

const yesNo: readonly Option[] = [
  { value: "true", name: "yes" },
  { value: "false", name: "no" },
];

const hints: Readonly<Record<string, string>> = {
  money: "Cents: 1250 for 12.50.",
  list: "One on a line, or with commas.",
  instant: "UTC.",
};

export function ConditionFields({ sheet, form }: { sheet: Sheet; form: Form }) {
  const rows = rowsIn(form);
  return (
    <fieldset class="field wide" id="f-rules">
      <legend>Who is in it</legend>
      <ReadAloud form={form} />
      <SelectField
        sheet={sheet}
        name="rules.group"
        label="How the conditions go together"
        value={groupIn(form)}
        options={[
          { value: "all", name: "all of them hold" },
          { value: "any", name: "at least one holds" },
          { value: "none", name: "none of them holds" },
        ]}
      />
      {rows.map((row, at) => (
        <Condition sheet={sheet} row={row} at={at} alone={rows.length === 1} />
      ))}
      <p class="row gap">
        {rows.length < conditionsMax && (
          <button class="button quiet" type="submit" name="do" value="add">
            Add a condition
          </button>
        )}
        <button class="button quiet" type="submit" name="do" value="refresh">
          Update the form
        </button>
      </p>
    </fieldset>
  );
}

function ReadAloud({ form }: { form: Form }) {
  const rules = segmentRules.safeParse(rulesOf(form));
  if (!rules.success) return <p class="muted">Not complete yet. After choosing another fact, update the form.</p>;
  return (
    <p class="strong" data-test="sentence">
      <bdi>{shortened(segmentSentence(rules.data), 1_000)}.</bdi>
    </p>
  );
}

function Condition({ sheet, row, at, alone }: { sheet: Sheet; row: Row; at: number; alone: boolean }) {
  const fact = factOf(row.on);
  if (!fact) return null;
  const op = operatorOf(row);
  const name = (field: string) => `rules.${at}.${field}`;
  return (
    <fieldset class="condition" id={`f-rules.${at}`}>
      <legend class="small muted">{`Condition ${at + 1}`}</legend>
      <div class="fields">
        <SelectField sheet={sheet} name={name("on")} label="Fact" value={fact.on} options={[]} groups={factGroups} />
        {fact.keyed && (
          <TextField sheet={sheet} name={name("key")} label="Its name in your shop" value={row.key} maxlength={64} />
        )}
        {fact.named && (
          <TextField sheet={sheet} name={name("name")} label="Name of the event" value={row.name} maxlength={100} />
        )}
        <SelectField
          sheet={sheet}
          name={name("op")}
          label="Is compared"
          value={op}
          options={operatorsOf(fact.type).map((value) => ({ value, name: words[value] ?? value }))}
        />
        <Value sheet={sheet} row={row} op={op} type={fact.type} name={name} />
        {fact.windowed && (
          <TextField
            sheet={sheet}
            name={name("days")}
            label="In the last"
            value={row.days}
            inputmode="numeric"
            unit="days"
            hint="Empty: ever."
          />
        )}
      </div>
      {!alone && (
        <p class="row">
          <button class="button quiet" type="submit" name="do" value={`remove:${at}`}>
            Remove condition {at + 1}
          </button>
        </p>
      )}
    </fieldset>
  );
}

interface ValueProps {
  readonly sheet: Sheet;
  readonly row: Row;
  readonly op: string;
  readonly type: string;
  readonly name: (field: string) => string;
}

function Value({ sheet, row, op, type, name }: ValueProps) {
  if (op === "exists" || type === "boolean") {
    return (
      <SelectField sheet={sheet} name={name("value")} label="Answer" value={row.value || "true"} options={yesNo} />
    );
  }
  if (op === "within") {
    return (
      <>
        <TextField sheet={sheet} name={name("value")} label="Days before it" value={row.value} inputmode="numeric" />
        <TextField sheet={sheet} name={name("upto")} label="Days after it" value={row.upto} inputmode="numeric" />
      </>
    );
  }
  if (["any_of", "none_of", "all_of"].includes(op)) {
    return <AreaField sheet={sheet} name={name("value")} label="Values" value={row.value} rows={2} hint={hints.list} />;
  }
  const kind = type === "instant" ? "datetime-local" : "text";
  const label = op === "between" ? "From" : "Value";
  return (
    <>
      <TextField sheet={sheet} name={name("value")} label={label} type={kind} value={row.value} hint={hints[type]} />
      {op === "between" && <TextField sheet={sheet} name={name("upto")} label="To" type={kind} value={row.upto} />}
    </>
  );
}
