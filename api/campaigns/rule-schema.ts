/**
 * Rules on the wire and in storage. One schema parses both: what a manager sends, and what comes back out of jsonb.
 *
 * A tree is read branch by branch, by the keys a node has, and not as a zod union: a union that fails only says that
 * nothing fitted, and the caller needs the pointer of the leaf that is wrong.
 */
import { z } from "@hono/zod-openapi";
import type { Leaf, Operand, Rule } from "../domain/rules/rule.ts";
import { checkRule } from "../domain/rules/validate.ts";
import { addFaults } from "./faults.ts";

const operators = [
  "equals",
  "not_equals",
  "greater_than",
  "greater_or_equal",
  "less_than",
  "less_or_equal",
  "between",
  "any_of",
  "none_of",
  "all_of",
  "starts_with",
  "ends_with",
  "multiple_of",
  "exists",
] as const satisfies readonly Leaf["op"][];

const childrenMax = 50;
const listMax = 500;

const number = z.number().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);
const operand: z.ZodType<Operand> = z.union(
  [
    z.boolean(),
    number,
    z.string().min(1).max(500),
    z.array(z.string().min(1).max(200)).min(1).max(listMax),
    z.array(number).min(1).max(listMax),
  ],
  { error: `must be a boolean, a number, a text, or a list of 1 to ${listMax} texts or of numbers` },
);

const message = z.string().min(1).max(300).optional();
const children = z
  .array(z.lazy(() => ruleShape))
  .min(1)
  .max(childrenMax);

const branches = {
  all: z.strictObject({ all: children }),
  any: z.strictObject({ any: children }),
  none: z.strictObject({ none: children }),
  items: z.strictObject({
    on: z.literal("items"),
    which: z.enum(["any", "all", "none", "cheapest", "most_expensive"]),
    where: z.lazy(() => ruleShape),
    message,
  }),
  leaf: z.strictObject({
    on: z.string().min(1).max(200),
    op: z.enum(operators),
    value: operand,
    name: z.string().min(1).max(200).optional(),
    window_days: z.int().min(1).max(3_650).optional(),
    message,
  }),
} as const;

function branchOf(node: object): z.ZodType {
  if ("all" in node) return branches.all;
  if ("any" in node) return branches.any;
  if ("none" in node) return branches.none;
  return "on" in node && node.on === "items" ? branches.items : branches.leaf;
}

/** The recursion is described by hand: the generator cannot see through the choice of a branch. */
const ruleComponent = {
  type: "object",
  description:
    "A condition tree: `all`, `any` or `none` of other rules, a quantified look at the lines of the order, or one comparison of a fact.",
  oneOf: [
    ...(["all", "any", "none"] as const).map((key) => ({
      type: "object" as const,
      required: [key],
      additionalProperties: false,
      properties: {
        [key]: {
          type: "array" as const,
          minItems: 1,
          maxItems: childrenMax,
          items: { $ref: "#/components/schemas/Rule" },
        },
      },
    })),
    {
      type: "object",
      required: ["on", "which", "where"],
      additionalProperties: false,
      properties: {
        on: { type: "string", enum: ["items"] },
        which: { type: "string", enum: ["any", "all", "none", "cheapest", "most_expensive"] },
        where: { $ref: "#/components/schemas/Rule" },
        message: { type: "string", maxLength: 300 },
      },
    },
    {
      type: "object",
      required: ["on", "op", "value"],
      additionalProperties: false,
      properties: {
        on: { type: "string", maxLength: 200, description: "The path of the fact, e.g. `order.amount`." },
        op: { type: "string", enum: [...operators] },
        value: {
          oneOf: [
            { type: "boolean" },
            { type: "number" },
            { type: "string", maxLength: 500 },
            { type: "array", minItems: 1, maxItems: listMax, items: { type: "string", maxLength: 200 } },
            { type: "array", minItems: 1, maxItems: listMax, items: { type: "number" } },
          ],
        },
        name: { type: "string", maxLength: 200, description: "The event's name, for `events.count`." },
        window_days: { type: "integer", minimum: 1, maximum: 3_650 },
        message: { type: "string", maxLength: 300, description: "Shown to the shopper when the rule is not met." },
      },
    },
  ],
  example: { all: [{ on: "order.amount", op: "greater_or_equal", value: 5000 }] },
} as const;

/** The shape of a rule tree inside something that checks its meaning itself, like a reward. */
export const ruleShape: z.ZodType<Rule> = z
  .unknown()
  .transform((value, context): Rule => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      context.addIssue({ code: "custom", message: "must be a rule object" });
      return z.NEVER;
    }
    const parsed = branchOf(value).safeParse(value);
    if (parsed.success) return parsed.data as Rule;
    for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: value } as never);
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
