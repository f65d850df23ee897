/** The counter's form as the API's request: one amount, or a few lines. Fields are called as their pointers are. */
import type { z } from "@hono/zod-openapi";
import { redemptionBody, validationBody } from "../../redemptions/schemas.ts";
import { parsed } from "../parts/form.tsx";
import { minorOf, wholeOf } from "../parts/money.ts";
import { textOf } from "../parts/sheet.ts";
import type { Form } from "../viewer.ts";

export type CheckBody = z.output<typeof validationBody>;
export type RedeemBody = z.output<typeof redemptionBody>;

/** Lines that the form has room for. */
export const linesMax = 6;

/** Of a line of which only the amount was typed. */
const anyItem = "basket";

/** Everything of the form that a redemption is made of: what a page carries along from the check to the redemption. */
export function carried(form: Form): Readonly<Record<string, string>> {
  const entries = Object.keys(form).flatMap((name) => {
    const text = name === "codes.0" || /^(customer|order)\./.test(name) ? textOf(form, name) : undefined;
    return text === undefined ? [] : [[name, text] as const];
  });
  return Object.fromEntries(entries);
}

function requestOf(form: Form) {
  const currency = textOf(form, "order.currency") ?? "";
  const identifier = textOf(form, "customer.identifier");
  const items = [...Array(linesMax).keys()].flatMap((line) => {
    const field = (name: string) => textOf(form, `order.items.${line}.${name}`);
    const typed = ["unit_amount", "sku", "name"].some((name) => field(name) !== undefined);
    if (line > 0 && !typed) return [];
    const categories = field("categories")
      ?.split(/\s*,\s*/)
      .filter((category) => category !== "");
    return [
      {
        sku: field("sku") ?? anyItem,
        quantity: wholeOf(field("quantity")) ?? 1,
        unit_amount: minorOf(field("unit_amount"), currency),
        ...(field("name") === undefined ? {} : { name: field("name") }),
        ...(categories === undefined ? {} : { categories }),
      },
    ];
  });
  const optional = (name: "channel" | "store_id") => {
    const text = textOf(form, `order.${name}`);
    return text === undefined ? {} : { [name]: text };
  };
  return {
    codes: (textOf(form, "codes.0") ?? "").split(/[\s,;]+/).filter((code) => code !== ""),
    ...(identifier === undefined ? {} : { customer: { identifier } }),
    order: { currency, items, ...optional("channel"), ...optional("store_id") },
    source: "console",
  };
}

/** @throws Problem 400 that names each field */
export function checkBodyOf(form: Form): CheckBody {
  const body = requestOf(form);
  const id = textOf(form, "order.id");
  // Without a code only automatic campaigns would be asked for, which is not what a counter wants to know.
  const codes = body.codes.length === 0 ? [""] : body.codes;
  return parsed(validationBody, { ...body, codes, order: { ...body.order, ...(id === undefined ? {} : { id }) } });
}

/** @param attempt names the order of a sale that has no number of its own. @throws Problem 400 */
export function redeemBodyOf(form: Form, attempt: string): RedeemBody {
  const body = requestOf(form);
  const codes = body.codes.length === 0 ? [""] : body.codes;
  return parsed(redemptionBody, {
    ...body,
    codes,
    order: { ...body.order, id: textOf(form, "order.id") ?? `console-${attempt}` },
  });
}
