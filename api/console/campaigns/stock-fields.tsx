/** When vouchers run low: who is told, and how more are made. */
import type { CampaignWire } from "../../campaigns/schemas.ts";
import { SelectField, TextField } from "../parts/fields.tsx";
import { wholeOf } from "../parts/money.ts";
import type { Sheet } from "../parts/sheet.ts";
import { first } from "../rules/nested.ts";
import type { Form } from "../viewer.ts";

const lengthUsual = 12;
const asked = ["below", "size", "max", "pattern.prefix", "pattern.suffix", "pattern.length"] as const;

/** As the API takes it; undefined when nothing was typed about it. */
export function readAutoGrow(form: Form): Record<string, unknown> | undefined {
  const text = (name: string) => first(form, `auto_grow.${name}`).trim() || undefined;
  if (asked.every((name) => text(name) === undefined)) return undefined;
  const max = wholeOf(text("max"));
  const [prefix, suffix] = [text("pattern.prefix"), text("pattern.suffix")];
  return {
    below: wholeOf(text("below")),
    size: wholeOf(text("size")),
    pattern: {
      charset: text("pattern.charset") ?? "mixed",
      length: wholeOf(text("pattern.length")) ?? lengthUsual,
      ...(prefix === undefined ? {} : { prefix }),
      ...(suffix === undefined ? {} : { suffix }),
    },
    ...(max === undefined ? {} : { max }),
  };
}

export function writeAutoGrow({ auto_grow: grow }: CampaignWire): Record<string, unknown> {
  if (grow === null) return {};
  const { below, size, max, pattern } = grow;
  const fields = { below, size, max, ...prefixed("pattern", pattern) };
  return prefixed("auto_grow", fields);
}

function prefixed(name: string, fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([field, value]) => [`${name}.${field}`, value]));
}

export function StockFields({ sheet }: { sheet: Sheet }) {
  const count = (name: string, label: string, hint?: string) => (
    <TextField sheet={sheet} name={name} label={label} inputmode="numeric" hint={hint} />
  );
  return (
    <div class="fields">
      {count("low_stock", "Low from", "The event campaign.low_stock comes once, when no more vouchers are left.")}
      {count("auto_grow.below", "Make more below", "When fewer are left. Empty: no more are made by themselves.")}
      {count("auto_grow.size", "So many at a time")}
      {count("auto_grow.max", "And in all at most", "Empty: no end.")}
      <TextField sheet={sheet} name="auto_grow.pattern.prefix" label="Their codes begin with" maxlength={20} />
      <TextField sheet={sheet} name="auto_grow.pattern.suffix" label="Their codes end with" maxlength={20} />
      <SelectField
        sheet={sheet}
        name="auto_grow.pattern.charset"
        label="Random part of"
        value="mixed"
        options={[
          { value: "mixed", name: "Letters and digits, none alike" },
          { value: "letters", name: "Letters, none alike" },
          { value: "digits", name: "Digits" },
        ]}
      />
      {count(
        "auto_grow.pattern.length",
        "Random characters",
        `Empty: ${lengthUsual}. More of them are harder to guess.`,
      )}
    </div>
  );
}
