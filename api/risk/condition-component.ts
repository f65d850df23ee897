/** The `RiskCondition` of the OpenAPI document, by hand: the generator cannot see through the choice of a branch. */
import { comparisons, depthMax, leavesMax, valuesMax } from "./condition.ts";

const nested = { $ref: "#/components/schemas/RiskCondition" } as const;
const object = { type: "object", additionalProperties: false } as const;
const text = { type: "string", minLength: 1, maxLength: 200 } as const;

export const conditionComponent = {
  type: "object",
  description: `A tree of at most ${depthMax} levels and ${leavesMax} leaves: all, any or none of other conditions, or one comparison of a feature, of campaign_id (sub or main), order.amount (minor units) or order.channel. GET /v1/risk/features lists the features.`,
  oneOf: [
    ...(["all", "any", "none"] as const).map((key) => ({
      ...object,
      required: [key],
      properties: { [key]: { type: "array" as const, minItems: 1, maxItems: leavesMax, items: nested } },
    })),
    {
      ...object,
      required: ["on", "op", "value"],
      properties: {
        on: { type: "string", minLength: 1, maxLength: 100, example: "order.amount" },
        op: { type: "string", enum: [...comparisons] },
        value: {
          oneOf: [
            { type: "number" },
            text,
            { type: "array", minItems: 1, maxItems: valuesMax, items: { type: "number" } },
            { type: "array", minItems: 1, maxItems: valuesMax, items: text },
          ],
        },
      },
    },
  ],
  example: { all: [{ on: "order.amount", op: "greater_or_equal", value: 5000 }] },
} as const;
