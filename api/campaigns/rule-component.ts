/** The `Rule` of the OpenAPI document, by hand: the generator cannot see through the choice of a branch. */
import {
  birthdayDaysMax,
  durationMinutesMax,
  intervalMax,
  polygonPointsMax,
  radiusMaxM,
} from "../domain/rules/check-window.ts";
import { operandListMax, operatorNames } from "./operand-schema.ts";

export const ruleChildrenMax = 50;
export const messageLengthMax = 300;

const nested = { $ref: "#/components/schemas/Rule" } as const;
const op = { type: "string", enum: [...operatorNames] } as const;
const object = { type: "object", additionalProperties: false } as const;
const wallClock = {
  type: "string",
  pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}$",
  example: "2026-01-05T18:00",
} as const;

const messages = {
  message: {
    type: "string",
    minLength: 1,
    maxLength: messageLengthMax,
    description: "Shown to the shopper when the rule is not met.",
  },
  messages: {
    type: "object",
    description: "The message by language (BCP 47), chosen by the shopper's languages; `message` where none fits.",
    additionalProperties: { type: "string", minLength: 1, maxLength: messageLengthMax },
    example: { de: "Noch zwei Paar Schuhe!", "pt-BR": "Faltam dois pares!" },
  },
} as const;

const point = {
  type: "array",
  description: "[lon, lat], degrees WGS 84",
  minItems: 2,
  maxItems: 2,
  items: { type: "number", minimum: -180, maximum: 180 },
  example: [13.405, 52.52],
} as const;

const value = {
  description:
    "What to compare with. Areas go with `order.location`, a window of days with `customer.birthday`, a recurrence with `time.recurring`, all three by `within`.",
  oneOf: [
    { type: "boolean" },
    { type: "number" },
    { type: "string", minLength: 1, maxLength: 500 },
    { type: "array", minItems: 1, maxItems: operandListMax, items: { type: "string", minLength: 1, maxLength: 200 } },
    { type: "array", minItems: 1, maxItems: operandListMax, items: { type: "number" } },
    {
      ...object,
      required: ["center", "radius_m"],
      properties: { center: point, radius_m: { type: "number", minimum: 1, maximum: radiusMaxM } },
    },
    {
      ...object,
      required: ["polygon"],
      properties: { polygon: { type: "array", minItems: 3, maxItems: polygonPointsMax, items: point } },
    },
    {
      ...object,
      required: ["days_before", "days_after"],
      properties: {
        days_before: { type: "integer", minimum: 0, maximum: birthdayDaysMax },
        days_after: { type: "integer", minimum: 0, maximum: birthdayDaysMax },
      },
    },
    {
      ...object,
      required: ["start", "duration_minutes", "every"],
      description: "Windows of the campaign's wall clock: the first at `start`, then one every `interval`.",
      properties: {
        start: wallClock,
        duration_minutes: { type: "integer", minimum: 1, maximum: durationMinutesMax },
        every: { type: "string", enum: ["day", "week", "month", "year"] },
        interval: { type: "integer", minimum: 1, maximum: intervalMax, default: 1 },
        until: wallClock,
      },
    },
  ],
} as const;

export const ruleComponent = {
  type: "object",
  description:
    "A condition tree of at most 8 levels and 100 nodes: `all`, `any` or `none` of other rules, a quantified look at the lines of the order, a sum over the lines that match, or one comparison of a fact. docs/rules.md has every path and operator.",
  oneOf: [
    ...(["all", "any", "none"] as const).map((key) => ({
      ...object,
      required: [key],
      properties: { [key]: { type: "array" as const, minItems: 1, maxItems: ruleChildrenMax, items: nested } },
    })),
    {
      ...object,
      required: ["on", "which", "where"],
      properties: {
        on: { type: "string", enum: ["items"] },
        which: { type: "string", enum: ["any", "all", "none", "cheapest", "most_expensive"] },
        where: nested,
        ...messages,
      },
    },
    {
      ...object,
      required: ["on", "where", "op", "value"],
      properties: {
        on: { type: "string", enum: ["items.amount", "items.quantity", "items.weight"] },
        where: nested,
        op,
        value,
        ...messages,
      },
    },
    {
      ...object,
      required: ["on", "op", "value"],
      properties: {
        on: { type: "string", minLength: 1, maxLength: 200, description: "The path of the fact, e.g. `order.amount`." },
        op,
        value,
        name: { type: "string", minLength: 1, maxLength: 200, description: "The event's name, for `events.count`." },
        window_days: {
          type: "integer",
          minimum: 1,
          maximum: 3_650,
          description: "Only the last so many days count: for `customer.orders_*` and `events.count`.",
        },
        ...messages,
      },
    },
  ],
  example: { all: [{ on: "order.amount", op: "greater_or_equal", value: 5000 }] },
} as const;
