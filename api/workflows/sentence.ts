/** A definition read aloud: "When an order is paid and the order amount is at least 50.00 EUR, wait 2 hours, then …". */
import { formatMoney } from "../domain/money.ts";
import type { Rule } from "../domain/rules/rule.ts";
import { ruleSentence } from "../domain/rules/sentence.ts";
import type { Definition } from "./definition.ts";
import type { Step, StepOf } from "./step-schema.ts";
import type { Trigger } from "./trigger-schema.ts";

/** Names by id, of what a definition refers to; what is gone since goes by its id. */
export type Names = ReadonlyMap<string, string>;

export function workflowSentence(definition: Definition, names: Names): string {
  const { trigger, conditions, steps } = definition;
  const currency = currencyOf(definition);
  const when = `When ${triggerClause(trigger, names)}`;
  const and = conditions === null ? "" : ` and ${clause(conditions, currency)}`;
  const what = steps.map((step) => stepClause(step, names, currency)).join(", then ");
  return `${when}${and}, ${what}.`;
}

/** The steps of a definition, each in words of its own. */
export function stepSentences(definition: Definition, names: Names): string[] {
  const currency = currencyOf(definition);
  return definition.steps.map((step) => {
    const words = stepClause(step, names, currency);
    return words.charAt(0).toUpperCase() + words.slice(1);
  });
}

/** Amounts of a workflow for any currency are in units of each: they are shown as such. */
function currencyOf({ settings, trigger }: Definition): string {
  return settings.currency ?? (trigger.on === "orders.reached" ? trigger.currency : undefined) ?? "";
}

function clause(rule: Rule, currency: string): string {
  const sentence = ruleSentence(rule, currency);
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

function triggerClause(trigger: Trigger, names: Names): string {
  switch (trigger.on) {
    case "customer.created":
      return "a customer is created";
    case "customer.birthday":
      return `${onADay(trigger)} a customer's birthday`;
    case "customer.anniversary":
      return `${onADay(trigger)} the anniversary of a customer's sign-up`;
    case "order.paid":
      return "an order is paid";
    case "redemption.succeeded":
      return `a voucher${ofCampaigns(trigger.campaign_ids, names)} is redeemed`;
    case "redemption.rejected":
      return `a redemption${ofCampaigns(trigger.campaign_ids, names)} is rejected`;
    case "voucher.published":
      return `a customer is given a voucher${ofCampaigns(trigger.campaign_ids, names)}`;
    case "voucher.expiring":
      return `a customer's voucher${ofCampaigns(trigger.campaign_ids, names)} expires in ${plural(trigger.days_before, "day")}`;
    case "points.reached":
      return `a customer reaches ${trigger.points} points`;
    case "orders.reached":
      return trigger.count === undefined
        ? `a customer's paid orders reach ${formatMoney(trigger.amount ?? 0, trigger.currency ?? "")}`
        : `a customer reaches ${plural(trigger.count, "paid order")}`;
    case "segment.entered":
      return `a customer enters the segment ${nameOf(trigger.segment_id, names)}`;
    case "segment.left":
      return `a customer leaves the segment ${nameOf(trigger.segment_id, names)}`;
    case "custom":
      return `the event "${trigger.name}" comes`;
  }
}

function onADay({
  days_before: days = 0,
  at = "09:00",
}: {
  days_before?: number | undefined;
  at?: string | undefined;
}) {
  return days === 0 ? `it is ${at} on` : `it is ${at}, ${plural(days, "day")} before`;
}

function ofCampaigns(ids: readonly string[] | undefined, names: Names): string {
  return ids === undefined ? "" : ` of ${ids.map((id) => nameOf(id, names)).join(" or ")}`;
}

function stepClause(step: Step, names: Names, currency: string): string {
  const whom = "to" in step && step.to === "referrer" ? " to the referrer" : "";
  switch (step.type) {
    case "wait":
      return waitClause(step);
    case "condition":
      return `go on only if ${clause(step.rule, currency)}`;
    case "publish_voucher":
      return `give a voucher of ${nameOf(step.campaign_id, names)}${whom}`;
    case "points":
      return `give ${plural(step.points, "point")}${whom}`;
    case "gift_credit":
      return `put ${formatMoney(step.amount, step.currency)} on ${step.to === "referrer" ? "the referrer's" : "their"} gift card of ${nameOf(step.campaign_id, names)}`;
    case "deliver":
      return `send ${nameOf(step.template_id, names)} by ${nameOf(step.channel_id, names)}${whom}`;
    case "add_to_segment":
      return `put ${step.to === "referrer" ? "the referrer" : "them"} into the segment ${nameOf(step.segment_id, names)}`;
    case "remove_from_segment":
      return `take ${step.to === "referrer" ? "the referrer" : "them"} out of the segment ${nameOf(step.segment_id, names)}`;
  }
}

function waitClause({ minutes, hours, days, until }: StepOf<"wait">): string {
  if (until !== undefined) return `wait until ${until}`;
  if (days !== undefined) return `wait ${plural(days, "day")}`;
  return hours === undefined ? `wait ${plural(minutes ?? 0, "minute")}` : `wait ${plural(hours, "hour")}`;
}

function nameOf(id: string, names: Names): string {
  return names.get(id) ?? id;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
