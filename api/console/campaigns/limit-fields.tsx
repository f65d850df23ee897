import { fieldId, SelectField, TextField } from "../parts/fields.tsx";
import type { Sheet } from "../parts/sheet.ts";
import { first, partsOf } from "../rules/nested.ts";
import { Remove } from "../rules/rule-editor.tsx";
import type { Form } from "../viewer.ts";
import { settingOf } from "./campaign-fields.ts";

export const freshPeriod = { period: "month", per: "all" } as const;

export function limitFields(sheet: Sheet, form: Form) {
  const { currency } = settingOf(form);
  const money = (name: string, label: string, hint?: string) => (
    <TextField sheet={sheet} name={name} label={label} unit={currency} inputmode="decimal" hint={hint} />
  );
  const count = (name: string, label: string, hint?: string) => (
    <TextField sheet={sheet} name={name} label={label} inputmode="numeric" hint={hint} />
  );
  return (
    <>
      <div class="fields">
        {money("budget_amount", "Budget", "The most that all discounts may come to.")}
        <SelectField
          sheet={sheet}
          name="budget_policy"
          label="A discount that does not fit in it"
          options={[
            { value: "refuse", name: "is refused" },
            { value: "trim", name: "is reduced" },
          ]}
        />
        {count("redemptions_max", "Uses in total")}
        {/* An older place for the same: shown where it is in use, so that a change does not lose it. */}
        {first(form, "limits.redemptions_max") !== "" && count("limits.redemptions_max", "Uses in total (limit)")}
        {count("limits.per_customer", "Uses per customer")}
        {count("limits.per_voucher", "Uses per voucher")}
        {money("limits.discount_amount_max_per_order", "Discount per order", "More is reduced to this.")}
        {money("limits.discount_amount_max_per_customer", "Discount per customer")}
        {money("limits.discount_amount_max", "Discount in total")}
        {money("limits.orders_amount_max", "Value of orders in total", "Before discounts.")}
      </div>
      {partsOf(form, "limits.per_period").map((part) => (
        <PeriodRow sheet={sheet} at={`limits.per_period.${part}`} currency={currency} />
      ))}
      <p class="row add">
        <button class="button quiet" type="submit" name="do" value="new:limits.per_period">
          Add a limit per period
        </button>
      </p>
    </>
  );
}

const periods = ["hour", "day", "week", "month", "quarter", "year"];

function PeriodRow({ sheet, at, currency }: { sheet: Sheet; at: string; currency: string }) {
  const fault = sheet.faults.get(at);
  return (
    <div class="part" id={fieldId(at)}>
      <div class="row end">
        <SelectField
          sheet={sheet}
          name={`${at}.period`}
          label="In each"
          options={periods.map((value) => ({ value, name: value }))}
        />
        <SelectField
          sheet={sheet}
          name={`${at}.per`}
          label="By"
          options={[
            { value: "all", name: "everybody together" },
            { value: "customer", name: "each customer" },
          ]}
        />
        <TextField sheet={sheet} name={`${at}.redemptions_max`} label="Uses" inputmode="numeric" />
        <TextField
          sheet={sheet}
          name={`${at}.discount_amount_max`}
          label="Discount"
          unit={currency}
          inputmode="decimal"
        />
        <Remove at={at} what="this limit" />
      </div>
      {fault && <p class="fault">{fault}</p>}
    </div>
  );
}
