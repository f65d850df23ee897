/** A segment's rules on the wire and in storage. */
import type { z } from "@hono/zod-openapi";
import { addFaults } from "../../campaigns/faults.ts";
import { ruleShape } from "../../campaigns/rule-schema.ts";
import type { Rule } from "../../domain/rules/rule.ts";
import { checkSegmentRules } from "./check.ts";

export const segmentRules: z.ZodType<Rule> = ruleShape.superRefine((rule, context) =>
  addFaults(context, checkSegmentRules(rule)),
);
