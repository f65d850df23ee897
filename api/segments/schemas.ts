/** Segments on the wire. */
import { z } from "@hono/zod-openapi";
import { ruleShape } from "../campaigns/rule-schema.ts";
import { customerIdentifier, instant, nameOf } from "../http/schemas.ts";
import { ageOf } from "./ages.ts";
import type { SegmentRow } from "./queries.ts";
import { operatorsOf, type SegmentFact } from "./rules/facts.ts";
import { segmentRules } from "./rules/schema.ts";
import { segmentSentence } from "./rules/sentence.ts";

/** One request names so many customers; more go into further requests. */
const namedMax = 1_000;

const name = nameOf(200).openapi({ description: "Unique in the project; rules name segments by it", example: "vip" });

const rules = segmentRules.optional();
const exampleRules = {
  all: [
    { on: "customer.orders_amount", op: "greater_or_equal", value: 10_000, window_days: 90 },
    { on: "customer.consent.email", op: "equals", value: true },
  ],
};

export const segmentBody = z
  .strictObject({
    name,
    kind: z
      .enum(["static", "dynamic"])
      .optional()
      .openapi({ description: "What it is says `rules`; given for readers" }),
    rules,
  })
  .superRefine(({ kind, rules }, context) => {
    const message = "A dynamic segment has rules, a static one has none.";
    if (kind !== undefined && (kind === "dynamic") !== (rules !== undefined)) {
      context.addIssue({ code: "custom", path: ["rules"], message });
    }
  })
  .openapi("NewSegment", { example: { name: "good customers", rules: exampleRules } });

export const segmentPatch = z
  .strictObject({ name: name.optional(), rules })
  .openapi("SegmentChange", { example: { rules: exampleRules } });

export const segmentWire = z
  .object({
    id: z.string(),
    name,
    kind: z.enum(["static", "dynamic"]).openapi({
      description: "static: its members are named by hand; dynamic: they are whoever fits its rules",
    }),
    rules: ruleShape.nullable(),
    rules_sentence: z.string().nullable().openapi({ description: "The rules read aloud" }),
    state: z.enum(["ready", "evaluating", "failed", "deleting"]).openapi({
      description:
        "evaluating: nobody has looked at all customers yet by these rules; failed: see failure; deleting: its members are leaving",
    }),
    failure: z.string().nullable().openapi({ description: "Why the rules cannot be evaluated" }),
    evaluated_at: instant.nullable().openapi({
      description: "Whatever was known of customers then is in it; null for a list, and before the first evaluation",
    }),
    age_seconds: z.int().nullable().openapi({ description: "Since evaluated_at" }),
    members_count: z.int(),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("Segment");

export const membersBody = z
  .strictObject({
    customers: z.array(customerIdentifier).min(1).max(namedMax).openapi({ description: "Identifiers" }),
  })
  .openapi("SegmentMembers", { example: { customers: ["customer-1", "customer-2"] } });

export const enteredWire = z
  .object({ entered: z.int().openapi({ description: "Those who were not in it before" }), members_count: z.int() })
  .openapi("SegmentEntered");

export const leftWire = z
  .object({ left: z.int().openapi({ description: "Those who were in it" }), members_count: z.int() })
  .openapi("SegmentLeft");

export const importedWire = z
  .object({
    rows_read: z.int(),
    entered: z.int().openapi({ description: "Those who were not in it before" }),
    failed: z.int().openapi({ description: "Rows that were wrong" }),
    members_count: z.int(),
    errors: z
      .array(z.object({ line: z.int(), reason: z.string() }))
      .openapi({ description: "Why, by line, of the first 100" }),
  })
  .openapi("SegmentImport");

export const previewBody = z
  .strictObject({ rules: segmentRules })
  .openapi("SegmentPreviewRequest", { example: { rules: exampleRules } });

export const previewWire = z
  .object({
    size: z.int().openapi({ description: "How many customers fit; where complete is false, an estimate" }),
    complete: z.boolean().openapi({ description: "Whether all customers were looked at in the time there was" }),
    evaluated_count: z.int().openapi({ description: "Customers looked at" }),
    customers_count: z.int(),
    sample: z.array(z.string()).openapi({ description: "Identifiers of some who fit, 20 at most" }),
    as_of: instant.openapi({ description: "Whatever was known of customers then is in it" }),
  })
  .openapi("SegmentPreview");

export const factsWire = z
  .object({
    data: z.array(
      z.object({
        on: z
          .string()
          .openapi({ description: "What a rule names; a keyed one is followed by a key of the shop's own" }),
        type: z.enum(["money", "number", "decimal", "text", "list", "boolean", "scalar", "instant", "birthday"]),
        group: z.enum(["profile", "behaviour", "score", "membership"]),
        label: z.string(),
        keyed: z.boolean(),
        window_days: z.boolean().openapi({ description: "Whether it can be asked of the last so many days" }),
        name: z.boolean().openapi({ description: "Whether it needs the name of an event" }),
        operators: z.array(z.string()),
      }),
    ),
  })
  .openapi("SegmentFacts");

export function factsToWire(facts: readonly SegmentFact[]): z.output<typeof factsWire> {
  return {
    data: facts.map(({ on, type, group, label, keyed, windowed, named }) => ({
      ...{ on, type, group, label, keyed },
      window_days: windowed,
      name: named,
      operators: [...operatorsOf(type)],
    })),
  };
}

export const memberWire = z.object({ identifier: customerIdentifier, entered_at: instant }).openapi("SegmentMember");

const failures: Readonly<Record<string, string>> = {
  too_slow: "Asking the warehouse for these rules takes too long.",
  too_large: "Asking the warehouse for these rules takes more memory than it may have.",
  refused: "The warehouse refuses to answer these rules.",
};

function stateOf({
  kind,
  failure,
  version,
  evaluated_version,
  deleting_at,
}: SegmentRow): z.output<typeof segmentWire>["state"] {
  if (deleting_at !== null) return "deleting";
  if (kind === "static") return "ready";
  if (failure !== null) return "failed";
  return evaluated_version === version ? "ready" : "evaluating";
}

export function toSegmentWire(row: SegmentRow): z.output<typeof segmentWire> {
  const stored = row.rules === null ? null : segmentRules.parse(row.rules);
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    rules: stored,
    rules_sentence: stored === null ? null : segmentSentence(stored),
    state: stateOf(row),
    failure: row.failure === null ? null : (failures[row.failure] ?? row.failure),
    ...ageOf(row),
    members_count: row.members_count,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
