/** What conditions may ask about, by the trigger that was chosen. */
import { isTold } from "../../workflows/definition.ts";
import { eventFields, hasOrder, type TriggerOn } from "../../workflows/trigger-schema.ts";
import type { Asks } from "../rules/choices.ts";
import { first } from "../rules/nested.ts";
import type { Form } from "../viewer.ts";

function triggerOf(form: Form): TriggerOn | undefined {
  const on = first(form, "trigger.on");
  return Object.hasOwn(eventFields, on) ? (on as TriggerOn) : undefined;
}

export function asksOf(form: Form): Asks {
  const on = triggerOf(form);
  const fields = on === undefined ? [] : eventFields[on];
  return { event: fields === null || fields.length > 0, order: on !== undefined && hasOrder(on) ? isTold : undefined };
}

/** What the trigger's event can be asked for, in words; undefined when it is nothing. */
export function fieldsInWords(form: Form): string | undefined {
  const on = triggerOf(form);
  if (on === undefined) return undefined;
  const fields = eventFields[on];
  if (fields === null) return "The event's fields are the properties that your shop sends with it.";
  if (fields.length === 0) return undefined;
  const amounts = fields.some((field) => field.endsWith("_amount"))
    ? " Amounts are in minor units: 5000 is 50.00."
    : "";
  return `Of the event there is: ${fields.join(", ")}.${amounts}`;
}

/** What a new condition begins with: something that is there. */
export function firstCondition(form: Form): Readonly<Record<string, string>> {
  const on = triggerOf(form);
  return on !== undefined && hasOrder(on)
    ? { on: "order.amount", op: "greater_or_equal" }
    : { on: "customer.orders_count", op: "greater_or_equal" };
}
