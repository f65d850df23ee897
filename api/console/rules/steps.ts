/** Buttons of a form with parts that change it and show it again: `do` says which. */
import type { Form } from "../viewer.ts";
import { fittingOperator, isSum, typeOf } from "./choices.ts";
import { first, hasPart, withoutPart, withPart, withPartMoved } from "./nested.ts";

const newCondition = { on: "order.amount", op: "greater_or_equal" } as const;
const newLine = { on: "item.categories", op: "any_of" } as const;

interface Stepped {
  readonly form: Form;
  /** The field to go on with. */
  readonly focus?: string;
}

/** What a new part begins with, by its list. */
type Fresh = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * The form as the button leaves it. Undefined for a button that is none of these: then the form is sent in earnest.
 *
 * @param condition what a new condition begins with, but for one of lines.
 */
export function step(
  given: Form,
  fresh: Fresh,
  condition: Readonly<Record<string, string>> = newCondition,
): Form | undefined {
  const { focus: _, ...form } = given;
  const { verb, at } = verbOf(form);
  const stepped = take(form, verb, at, fresh, condition);
  if (stepped === undefined) return undefined;
  const { focus } = stepped;
  return { ...settled(stepped.form), ...(focus === undefined ? {} : { focus: [focus] }) };
}

function verbOf(form: Form): { readonly verb: string; readonly at: string } {
  const asked = first(form, "do");
  const colon = asked.indexOf(":");
  return colon < 0 ? { verb: asked, at: "" } : { verb: asked.slice(0, colon), at: asked.slice(colon + 1) };
}

function take(
  form: Form,
  verb: string,
  at: string,
  fresh: Fresh,
  condition: Readonly<Record<string, string>>,
): Stepped | undefined {
  switch (verb) {
    case "refresh":
      return { form };
    case "remove":
      return { form: withoutPart(form, at), focus: `${at.replace(/\.\d+$/, "")}.group` };
    case "up":
    case "down": {
      const moved = withPartMoved(form, at, verb === "up" ? -1 : 1);
      return { form: moved.form, focus: `${moved.part}.type` };
    }
    case "condition":
    case "group":
      return addRule(form, verb, at, condition);
    case "new": {
      // `rewards.0.items` is made like any `items`.
      const fields = fresh[at] ?? fresh[at.split(".").at(-1) ?? ""];
      if (fields === undefined) return undefined;
      const added = withPart(form, at, fields);
      return { form: added.form, focus: `${added.part}.${Object.keys(fields)[0]}` };
    }
    default:
      return undefined;
  }
}

function addRule(
  form: Form,
  verb: "condition" | "group",
  at: string,
  condition: Readonly<Record<string, string>>,
): Stepped {
  const group = first(form, `${at}.group`);
  const open = group === "" ? { ...form, [`${at}.group`]: ["all"] } : form;
  const fields = /\.where(\.|$)/.test(at) ? newLine : condition;
  if (verb === "condition") {
    const added = withPart(open, at, fields);
    return { form: added.form, focus: `${added.part}.on` };
  }
  const added = withPart(open, at, { group: group === "any" ? "all" : "any" });
  const inner = withPart(added.form, added.part, fields);
  return { form: inner.form, focus: `${inner.part}.on` };
}

/** What was chosen decides what else there is to fill in: an operator that fits, lines to match. */
function settled(form: Form): Form {
  const result: Record<string, readonly string[]> = { ...form };
  for (const [name, values] of Object.entries(form)) {
    if (!name.endsWith(".on")) continue;
    const at = name.slice(0, -".on".length);
    const on = values[0] ?? "";
    const type = typeOf(on);
    if (type !== undefined) result[`${at}.op`] = [fittingOperator(type, first(form, `${at}.op`))];
    if ((on === "items" || isSum(on)) && !hasPart(form, `${at}.where`)) {
      result[`${at}.where.group`] = ["all"];
      result[`${at}.where.0.on`] = [newLine.on];
      result[`${at}.where.0.op`] = [newLine.op];
    }
  }
  return result;
}
