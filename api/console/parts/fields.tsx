/** Fields of forms: a label, a hint, and what is wrong with it, tied together for whoever cannot see them side by side. */
import type { Child } from "hono/jsx";
import { type Sheet, tickedIn, typedIn } from "./sheet.ts";

interface FieldProps {
  readonly sheet: Sheet;
  /** The pointer in the API's body, with dots. */
  readonly name: string;
  readonly label: string;
  readonly hint?: string | undefined;
  /** What is stored; what was typed goes before it. */
  readonly value?: string | null | undefined;
  readonly required?: boolean;
  /** Over the whole width of the form. */
  readonly wide?: boolean;
}

/** The id of a field, as a link to it knows it. */
export function fieldId(name: string): string {
  return `f-${name.replaceAll(/[^\w.-]/g, "_")}`;
}

function described(props: FieldProps) {
  const id = fieldId(props.name);
  const fault = props.sheet.faults.get(props.name);
  const by = [...(props.hint ? [`${id}-hint`] : []), ...(fault ? [`${id}-fault`] : [])].join(" ");
  return {
    id,
    name: props.name,
    required: props.required,
    "aria-describedby": by === "" ? undefined : by,
    "aria-invalid": fault ? ("true" as const) : undefined,
    // A form that a button changed says where to go on.
    autofocus: props.sheet.typed?.focus?.[0] === props.name,
  };
}

function Around(props: { of: FieldProps; children: Child }) {
  const { of } = props;
  const id = fieldId(of.name);
  const fault = of.sheet.faults.get(of.name);
  return (
    <div class={`field${of.wide ? " wide" : ""}${fault ? " faulty" : ""}`}>
      <label for={id}>
        {of.label}
        {of.required && <span class="muted"> (needed)</span>}
      </label>
      {props.children}
      {of.hint && (
        <p class="hint" id={`${id}-hint`}>
          {of.hint}
        </p>
      )}
      {fault && (
        <p class="fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </div>
  );
}

interface TextFieldProps extends FieldProps {
  readonly type?:
    | "text"
    | "number"
    | "date"
    | "datetime-local"
    | "time"
    | "email"
    | "tel"
    | "url"
    | "password"
    | "search";
  readonly placeholder?: string;
  readonly maxlength?: number;
  /** For numbers: what may be typed; the API judges it. */
  readonly min?: number | string;
  readonly max?: number | string;
  readonly step?: number | string;
  readonly inputmode?: "numeric" | "decimal" | "text";
  readonly autocomplete?: string;
  /** Of a `<datalist>`. */
  readonly list?: string;
  /** Shown behind the field: "EUR", "%". */
  readonly unit?: string;
}

export function TextField(props: TextFieldProps) {
  const { type = "text", unit } = props;
  const input = (
    <input
      {...described(props)}
      type={type}
      value={type === "password" ? "" : typedIn(props.sheet, props.name, props.value)}
      placeholder={props.placeholder}
      maxlength={props.maxlength}
      min={props.min}
      max={props.max}
      step={props.step}
      inputmode={props.inputmode}
      autocomplete={props.autocomplete ?? "off"}
      list={props.list}
      dir={type === "text" || type === "search" ? "auto" : undefined}
    />
  );
  return (
    <Around of={props}>
      {unit ? (
        <span class="with-unit">
          {input}
          <span class="unit">{unit}</span>
        </span>
      ) : (
        input
      )}
    </Around>
  );
}

export function AreaField(props: FieldProps & { rows?: number; maxlength?: number; placeholder?: string }) {
  return (
    <Around of={props}>
      {/* The first line break of a textarea is not part of what is in it. */}
      <textarea
        {...described(props)}
        rows={props.rows ?? 3}
        maxlength={props.maxlength}
        placeholder={props.placeholder}
        dir="auto"
      >
        {`\n${typedIn(props.sheet, props.name, props.value)}`}
      </textarea>
    </Around>
  );
}

export interface Option {
  readonly value: string;
  readonly name: string;
}

interface SelectProps extends FieldProps {
  readonly options: readonly Option[];
  readonly groups?: readonly OptionGroup[];
  /** What is chosen decides which fields come next: with scripts the form is shown again at once. */
  readonly refresh?: boolean;
}

/** What is stored and no longer among the options stays one: a form that is only looked at changes nothing. */
export function SelectField(props: SelectProps) {
  const chosen = typedIn(props.sheet, props.name, props.value);
  const all = [...props.options, ...(props.groups ?? []).flatMap((group) => group.options)];
  const known = all.some((option) => option.value === chosen);
  const show = (option: Option) => (
    <option value={option.value} selected={option.value === chosen}>
      {option.name}
    </option>
  );
  return (
    <Around of={props}>
      <select {...described(props)} data-refresh={props.refresh}>
        {!known && chosen !== "" && show({ value: chosen, name: chosen })}
        {props.options.map(show)}
        {props.groups?.map((group) => (
          <optgroup label={group.name}>{group.options.map(show)}</optgroup>
        ))}
      </select>
    </Around>
  );
}

export interface OptionGroup {
  readonly name: string;
  readonly options: readonly Option[];
}

/** A box to tick. A form tells nothing of a box that is not ticked: its handler reads absence as no. */
export function CheckField(props: Omit<FieldProps, "value" | "required"> & { checked?: boolean; value?: string }) {
  const { sheet, name, value = "on" } = props;
  const id = `${fieldId(name)}${value === "on" ? "" : `-${value}`}`;
  const fault = sheet.faults.get(name);
  return (
    <div class={`field check${props.wide ? " wide" : ""}${fault ? " faulty" : ""}`}>
      <label class="inline" for={id}>
        <input
          type="checkbox"
          id={id}
          name={name}
          value={value}
          checked={tickedIn(sheet, name, props.checked, value)}
          aria-describedby={props.hint ? `${id}-hint` : undefined}
        />
        {props.label}
      </label>
      {props.hint && (
        <p class="hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
      {fault && <p class="fault">{fault}</p>}
    </div>
  );
}

/** One of a few, all of them visible. */
export function ChoiceField(props: FieldProps & { options: readonly (Option & { hint?: string })[] }) {
  const chosen = typedIn(props.sheet, props.name, props.value);
  const fault = props.sheet.faults.get(props.name);
  const id = fieldId(props.name);
  return (
    <fieldset
      class={`field choices${props.wide ? " wide" : ""}`}
      id={id}
      aria-describedby={fault ? `${id}-fault` : undefined}
    >
      <legend>{props.label}</legend>
      {props.options.map((option) => (
        <label class="inline">
          <input type="radio" name={props.name} value={option.value} checked={option.value === chosen} />
          <span>
            {option.name}
            {option.hint && <span class="hint"> {option.hint}</span>}
          </span>
        </label>
      ))}
      {props.hint && <p class="hint">{props.hint}</p>}
      {fault && (
        <p class="fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </fieldset>
  );
}
