/** What a condition is compared with: the fields that suit what it looks at. */
import type { PathType } from "../../domain/rules/paths.ts";
import type { Operator } from "../../domain/rules/rule.ts";
import { fieldId } from "../parts/fields.tsx";
import type { Form } from "../viewer.ts";
import { all, first } from "./nested.ts";
import { linesOf, type Setting, takesList } from "./values.ts";

export interface ValueProps {
  readonly form: Form;
  readonly at: string;
  readonly on: string;
  readonly type: PathType;
  readonly op: Operator;
  readonly setting: Setting;
  /** Names of the project's segments. */
  readonly segments: readonly string[];
}

const segmentsShownMax = 40;
const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/** The week as people read it. */
const week = [1, 2, 3, 4, 5, 6, 0];

export function ValueField(props: ValueProps) {
  const { type, op, on, segments } = props;
  if (op === "exists")
    return (
      <Pick
        {...props}
        options={[
          ["true", "yes"],
          ["false", "no"],
        ]}
      />
    );
  if (op === "within") return <WindowFields {...props} />;
  if (op === "multiple_of") return <One {...props} inputType="number" />;
  if (type === "boolean")
    return (
      <Pick
        {...props}
        options={[
          ["true", "yes"],
          ["false", "no"],
        ]}
      />
    );
  if (takesList(op)) {
    if (type === "weekday") return <Ticks {...props} options={week.map((day) => [String(day), weekdays[day] ?? ""])} />;
    if (on === "customer.segments" && segments.length > 0 && segments.length <= segmentsShownMax) {
      return <Ticks {...props} options={segments.map((name) => [name, name])} />;
    }
    return (
      <>
        <Lines {...props} />
        {type === "scalar" && <As {...props} />}
      </>
    );
  }
  if (type === "weekday" && op !== "between") {
    return <Pick {...props} options={week.map((day) => [String(day), weekdays[day] ?? ""])} />;
  }
  return (
    <>
      <One {...props} inputType={inputTypes[type] ?? "text"} />
      {op === "between" && (
        <>
          <span class="muted">and</span>
          <One {...props} name="to" label="Value, to" inputType={inputTypes[type] ?? "text"} />
        </>
      )}
      {type === "scalar" && (op === "equals" || op === "not_equals") && <As {...props} />}
      {type === "weight" && <span class="unit">g</span>}
      {type === "money" && <span class="unit">{props.setting.currency}</span>}
      {type === "instant" && <span class="unit">{props.setting.timeZone}</span>}
    </>
  );
}

const inputTypes: Readonly<Partial<Record<PathType, string>>> = {
  instant: "datetime-local",
  date: "date",
  local_time: "time",
};

function One(props: ValueProps & { inputType: string; name?: string; label?: string; holder?: string }) {
  const name = `${props.at}.${props.name ?? "value"}`;
  const decimal = props.type === "money" || props.type === "number" || props.type === "weight";
  return (
    <input
      type={props.inputType}
      id={fieldId(name)}
      name={name}
      value={first(props.form, name)}
      aria-label={props.label ?? "Value"}
      placeholder={props.holder}
      inputmode={decimal ? "decimal" : undefined}
      class={decimal ? "figure" : undefined}
      autocomplete="off"
      dir={props.inputType === "text" ? "auto" : undefined}
    />
  );
}

function Pick(props: ValueProps & { options: readonly (readonly [string, string])[]; name?: string; label?: string }) {
  const name = `${props.at}.${props.name ?? "value"}`;
  const chosen = first(props.form, name);
  return (
    <select id={fieldId(name)} name={name} aria-label={props.label ?? "Value"}>
      {props.options.map(([value, text]) => (
        <option value={value} selected={value === chosen}>
          {text}
        </option>
      ))}
    </select>
  );
}

function As(props: ValueProps) {
  const options = [
    ["text", "as text"],
    ["number", "as number"],
    ["boolean", "as yes or no"],
  ] as const;
  return <Pick {...props} name="as" label="Kind of value" options={options} />;
}

function Lines(props: ValueProps) {
  const name = `${props.at}.value`;
  const lines = all(props.form, name).flatMap(linesOf);
  return (
    <textarea
      id={fieldId(name)}
      name={name}
      rows={Math.min(Math.max(lines.length, 2), 8)}
      aria-label="Values, one a line"
      placeholder="one a line"
      dir="auto"
    >
      {`\n${lines.join("\n")}`}
    </textarea>
  );
}

/** A value that is stored and no longer offered stays a box of its own. */
function Ticks(props: ValueProps & { options: readonly (readonly [string, string])[] }) {
  const name = `${props.at}.value`;
  const chosen = all(props.form, name).flatMap(linesOf);
  const gone = chosen.filter((value) => !props.options.some(([known]) => known === value));
  return (
    <fieldset class="ticks" id={fieldId(name)}>
      <legend class="hidden-text">Values</legend>
      {[...props.options, ...gone.map((value) => [value, value] as const)].map(([value, text]) => (
        <label class="inline">
          <input type="checkbox" name={name} value={value} checked={chosen.includes(value)} />
          <bdi>{text}</bdi>
        </label>
      ))}
    </fieldset>
  );
}

function WindowFields(props: ValueProps) {
  if (props.type === "birthday") {
    return (
      <>
        <One {...props} name="before" label="Days before" inputType="number" />
        <span class="muted">days before to</span>
        <One {...props} name="after" label="Days after" inputType="number" />
        <span class="muted">days after</span>
      </>
    );
  }
  if (props.type === "recurring") return <RecurringFields {...props} />;
  const isPolygon = first(props.form, `${props.at}.area`) === "polygon";
  const name = `${props.at}.polygon`;
  return (
    <>
      <Pick
        {...props}
        name="area"
        label="Kind of area"
        options={[
          ["circle", "a circle"],
          ["polygon", "a polygon"],
        ]}
      />
      {isPolygon ? (
        <textarea id={fieldId(name)} name={name} rows={4} aria-label="Corners: latitude, longitude, one a line">
          {`\n${first(props.form, name)}`}
        </textarea>
      ) : (
        <>
          <One {...props} name="radius" label="Radius in metres" holder="metres" inputType="text" />
          <span class="muted">m around</span>
          <One {...props} name="lat" label="Latitude" holder="latitude" inputType="text" />
          <One {...props} name="lon" label="Longitude" holder="longitude" inputType="text" />
        </>
      )}
    </>
  );
}

function RecurringFields(props: ValueProps) {
  const every = [
    ["day", "days"],
    ["week", "weeks"],
    ["month", "months"],
    ["year", "years"],
  ] as const;
  return (
    <>
      <One {...props} name="minutes" label="Minutes" holder="minutes" inputType="number" />
      <span class="muted">minutes, every</span>
      <One {...props} name="interval" label="Every so many" holder="1" inputType="number" />
      <Pick {...props} name="every" label="Days, weeks, months or years" options={every} />
      <span class="muted">from</span>
      <One {...props} name="start" label="First begins" inputType="datetime-local" />
      <span class="muted">until</span>
      <One {...props} name="until" label="Until" inputType="datetime-local" />
    </>
  );
}
