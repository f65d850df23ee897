/** The whole of a workflow's definition: as it is sent, and as it is stored. */
import { z } from "@hono/zod-openapi";
import { addFaults } from "../campaigns/faults.ts";
import { ruleShape } from "../campaigns/rule-schema.ts";
import { groupOf } from "../domain/rules/group.ts";
import { type FoundPath, findPath } from "../domain/rules/paths.ts";
import type { Leaf, Rule } from "../domain/rules/rule.ts";
import { checkRule } from "../domain/rules/validate.ts";
import { currency } from "../http/schemas.ts";
import { stepSchema, waitMs } from "./step-schema.ts";
import { eventFields, hasOrder, localTimeText, type Trigger, triggerSchema } from "./trigger-schema.ts";

const stepsMax = 20;
const waitTotalDaysMax = 365;
const dayMs = 86_400_000;

const timeZone = z
  .string()
  .max(100)
  .refine(isTimeZone, "Expected an IANA time zone such as Europe/Berlin")
  .openapi({ example: "Europe/Berlin" });

export function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    // Offsets are no zones: their clocks never change.
    return /^[A-Za-z]/.test(text);
  } catch {
    return false;
  }
}

export const capSchema = z
  .strictObject({ deliveries_max: z.int().min(1).max(1_000), days: z.int().min(1).max(365) })
  .openapi("WorkflowCap", { description: "At most so many deliveries to a customer in any so many days" });

const settingsSchema = z
  .strictObject({
    time_zone: timeZone.default("UTC").openapi({
      description: "For times of day, where the customer has no attribute `time_zone`",
    }),
    quiet_hours: z
      .strictObject({ from: localTimeText, to: localTimeText })
      .refine(({ from, to }) => from !== to, "must be two different times")
      .optional()
      .openapi({ description: "Deliveries wait until they end; `from` may be later than `to`" }),
    cap: capSchema.optional(),
    entry: z.enum(["every_time", "once", "not_while_running"]).default("every_time").openapi({
      description:
        "Whether a customer begins it again: each time, once for ever, or only when no run of theirs is open",
    }),
    entry_gap_days: z.int().min(1).max(3_650).optional().openapi({
      description: "No sooner than so many days after the customer began it last",
    }),
    currency: currency.optional().openapi({
      description: "Of amounts in conditions; orders in another currency begin nothing",
    }),
  })
  .openapi("WorkflowSettings");

const definitionFields = {
  trigger: triggerSchema,
  conditions: ruleShape.nullable().default(null),
  steps: z.array(stepSchema).min(1).max(stepsMax),
  settings: settingsSchema.default(() => settingsSchema.parse({})),
};
export const definitionShape = z.object(definitionFields);
export type Definition = z.output<typeof definitionShape>;
export type Settings = Definition["settings"];

/** What is sent: its shape, and what its parts mean together. */
export function checkDefinition(definition: Definition, context: z.RefinementCtx): void {
  const { trigger, conditions, steps } = definition;
  if (conditions !== null) addFaults(context, at("/conditions", faultsOfRule(conditions, trigger)));
  steps.forEach((step, index) => {
    if (step.type === "condition") addFaults(context, at(`/steps/${index}/rule`, faultsOfRule(step.rule, trigger)));
    if ("to" in step && step.to === "referrer" && trigger.on !== "redemption.succeeded") {
      context.addIssue({
        code: "custom",
        path: ["steps", index, "to"],
        message: "there is a referrer only when a redemption succeeded",
      });
    }
  });
  const waits = steps.reduce((sum, step) => sum + (step.type === "wait" ? waitMs(step) : 0), 0);
  if (waits > waitTotalDaysMax * dayMs) {
    context.addIssue({
      code: "custom",
      path: ["steps"],
      message: `waits are at most ${waitTotalDaysMax} days together`,
    });
  }
  if (steps.length > 0 && steps.every((step) => step.type === "wait" || step.type === "condition")) {
    context.addIssue({ code: "custom", path: ["steps"], message: "needs at least one step that does something" });
  }
}

interface RuleFault {
  readonly pointer: string;
  readonly detail: string;
}

function at(prefix: string, faults: readonly RuleFault[]): RuleFault[] {
  return faults.map(({ pointer, detail }) => ({ pointer: prefix + pointer, detail }));
}

function faultsOfRule(rule: Rule, trigger: Trigger): RuleFault[] {
  const faults = checkRule(rule, "workflow");
  return faults.length > 0 ? faults : faultsOfFacts(rule, trigger, "");
}

/** A fact that the trigger does not bring would never be there: a rule about it is a mistake. */
function faultsOfFacts(rule: Rule, trigger: Trigger, pointer: string): RuleFault[] {
  const group = groupOf(rule);
  if (group !== null) {
    return group.children.flatMap((child, index) => faultsOfFacts(child, trigger, `${pointer}/${group.op}/${index}`));
  }
  const noOrder = `${trigger.on} has no order`;
  if ("where" in rule) {
    if (!hasOrder(trigger.on)) return [{ pointer: `${pointer}/on`, detail: noOrder }];
    return faultsOfFacts(rule.where, trigger, `${pointer}/where`);
  }
  const leaf = rule as Leaf;
  const found = findPath(leaf.on);
  if (found?.definition.of === "order" && !hasOrder(trigger.on)) return [{ pointer: `${pointer}/on`, detail: noOrder }];
  if (found !== null && isUntold(found)) return [{ pointer: `${pointer}/on`, detail: "events do not tell of it" }];
  const fields = eventFields[trigger.on];
  if (found?.definition.of === "event" && fields !== null && !fields.includes(found.key)) {
    const known = fields.length === 0 ? "nothing" : fields.map((field) => `event.${field}`).join(", ");
    return [{ pointer: `${pointer}/on`, detail: `of the event of ${trigger.on} there is ${known}` }];
  }
  return [];
}

const toldOfOrders: readonly string[] = [
  ...["order.amount", "order.amount_after_discounts", "order.quantity", "order.lines_count", "order.currency"],
  ...["order.channel", "order.store_id", "order.shipping_amount"],
  ...["item.sku", "item.product_id", "item.unit_amount", "item.quantity", "item.categories"],
];

/** What a shop may say of an order, and its event does not. */
function isUntold({ definition }: FoundPath): boolean {
  return (definition.of === "order" || definition.of === "item") && !isTold(definition.path);
}

/** Of orders and their lines. */
export function isTold(path: string): boolean {
  return toldOfOrders.includes(path);
}

/** @throws ZodError when what is stored is no definition: data written around the API. */
export function parseStoredDefinition(stored: unknown): Definition {
  return definitionShape.parse(stored);
}
