/** What a rule compares with, on the wire: operators, and operands by their shape. Their meaning is `domain/rules`'. */
import { z } from "@hono/zod-openapi";
import {
  birthdayDaysMax,
  durationMinutesMax,
  intervalMax,
  polygonPointsMax,
  radiusMaxM,
} from "../domain/rules/check-window.ts";
import type { Leaf, Operand } from "../domain/rules/rule.ts";

export const operatorNames = [
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
  "matches",
  "multiple_of",
  "within",
  "exists",
] as const satisfies readonly Leaf["op"][];

export const operandListMax = 500;

const number = z.number().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);

const simple = z.union(
  [
    z.boolean(),
    number,
    z.string().min(1).max(500),
    z.array(z.string().min(1).max(200)).min(1).max(operandListMax),
    z.array(number).min(1).max(operandListMax),
  ],
  { error: `must be a boolean, a number, a text, or a list of 1 to ${operandListMax} texts or of numbers` },
);

const point = z.tuple([number.min(-180).max(180), number.min(-90).max(90)]);
const wallClock = z.string().max(16);

const circle = z.strictObject({ center: point, radius_m: number.min(1).max(radiusMaxM) });
const polygon = z.strictObject({ polygon: z.array(point).min(3).max(polygonPointsMax) });
const birthdayWindow = z.strictObject({
  days_before: z.int().min(0).max(birthdayDaysMax),
  days_after: z.int().min(0).max(birthdayDaysMax),
});
const recurrence = z.strictObject({
  start: wallClock,
  duration_minutes: z.int().min(1).max(durationMinutesMax),
  every: z.enum(["day", "week", "month", "year"]),
  interval: z.int().min(1).max(intervalMax).optional(),
  until: wallClock.optional(),
});

/** Objects are told apart by the key that only one of them has, so that an error names the field that is wrong. */
function schemaOf(value: unknown): z.ZodType {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return simple;
  if ("center" in value || "radius_m" in value) return circle;
  if ("polygon" in value) return polygon;
  return "days_before" in value || "days_after" in value ? birthdayWindow : recurrence;
}

export const operand: z.ZodType<Operand> = z.unknown().transform((value, context): Operand => {
  const parsed = schemaOf(value).safeParse(value);
  if (parsed.success) return parsed.data as Operand;
  for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: value } as never);
  return z.NEVER;
});
