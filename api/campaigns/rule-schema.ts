/**
 * Rules on the wire and in storage. One schema parses both: what a manager sends, and what comes back out of jsonb.
 *
 * A tree is read branch by branch, by the keys a node has, and not as a zod union: a union that fails only says that
 * nothing fitted, and the caller needs the pointer of the leaf that is wrong.
 */
import { z } from "@hono/zod-openapi";
import type { Rule } from "../domain/rules/rule.ts";
import { checkRule } from "../domain/rules/validate.ts";
import { addFaults } from "./faults.ts";
import { operand, operatorNames } from "./operand-schema.ts";
import { messageLengthMax, ruleChildrenMax, ruleComponent } from "./rule-component.ts";
import { tooLarge } from "./rule-size.ts";

const text = z.string().min(1).max(messageLengthMax);
const languagesMax = 50;
const languageTag = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$/, 'must be a language such as "de" or "pt-BR"');

const worded = {
  message: text.optional(),
  messages: z
    .record(languageTag, text)
    .refine((messages) => Object.keys(messages).length <= languagesMax, `has at most ${languagesMax} languages`)
    .optional(),
};

const node: z.ZodType<Rule> = z.unknown().transform(parseNode);
const children = z
  .array(z.lazy(() => node))
  .min(1)
  .max(ruleChildrenMax);
const where = z.lazy(() => node);
const op = z.enum(operatorNames);

const branches = {
  all: z.strictObject({ all: children }),
  any: z.strictObject({ any: children }),
  none: z.strictObject({ none: children }),
  items: z.strictObject({
    on: z.literal("items"),
    which: z.enum(["any", "all", "none", "cheapest", "most_expensive"]),
    where,
    ...worded,
  }),
  sum: z.strictObject({
    on: z.enum(["items.amount", "items.quantity", "items.weight"]),
    where,
    op,
    value: operand,
    ...worded,
  }),
  leaf: z.strictObject({
    on: z.string().min(1).max(200),
    op,
    value: operand,
    name: z.string().min(1).max(200).optional(),
    window_days: z.int().min(1).max(3_650).optional(),
    ...worded,
  }),
} as const;

function branchOf(value: object): z.ZodType {
  if ("all" in value) return branches.all;
  if ("any" in value) return branches.any;
  if ("none" in value) return branches.none;
  const on = "on" in value ? value.on : undefined;
  if (on === "items") return branches.items;
  return typeof on === "string" && on.startsWith("items.") ? branches.sum : branches.leaf;
}

function parseNode(value: unknown, context: z.RefinementCtx): Rule {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    context.addIssue({ code: "custom", message: "must be a rule object" });
    return z.NEVER;
  }
  const parsed = branchOf(value).safeParse(value);
  if (parsed.success) return parsed.data as Rule;
  for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: value } as never);
  return z.NEVER;
}

/** The shape of a rule tree inside something that checks its meaning itself, like a reward. */
export const ruleShape: z.ZodType<Rule> = z
  .unknown()
  .transform((value, context): Rule => {
    // Before anything recurses: what is nested deep enough would exhaust the stack.
    const fault = tooLarge(value);
    if (fault === null) return parseNode(value, context);
    context.addIssue({ code: "custom", path: [...fault.path], message: fault.detail });
    return z.NEVER;
  })
  .openapi("Rule", ruleComponent as never);

/** A whole rule tree: its shape, and what its paths, operators and values mean together. */
export const rulesSchema: z.ZodType<Rule> = ruleShape.superRefine((rule, context) =>
  addFaults(context, checkRule(rule)),
);

/** @throws ZodError when the stored tree is not one this version understands: a bug, or data written around the API. */
export function parseStoredRules(stored: unknown): Rule | null {
  return stored === null ? null : rulesSchema.parse(stored);
}
