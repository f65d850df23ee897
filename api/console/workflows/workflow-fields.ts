/** A workflow as its form holds it, and as the API takes it. */
import type { WorkflowWire } from "../../workflows/read.ts";
import type { Step } from "../../workflows/step-schema.ts";
import type { TriggerOn } from "../../workflows/trigger-schema.ts";
import { decimalOf, minorOf, wholeOf } from "../parts/money.ts";
import { all, first, partsOf } from "../rules/nested.ts";
import { readSlot, ruleField, writeSlot } from "../rules/read-rule.ts";
import { linesOf, type Setting } from "../rules/values.ts";
import type { Form } from "../viewer.ts";
import { type Choices, idOf } from "./choices.ts";

/** What amounts and times of conditions are read by. */
export function settingOf(form: Form): Setting {
  const ofTrigger = first(form, "trigger.on") === "orders.reached" ? first(form, "trigger.currency") : "";
  const currency = first(form, "settings.currency").trim() || ofTrigger.trim();
  const zone = first(form, "settings.time_zone").trim();
  return { currency: currency.toUpperCase(), timeZone: isTimeZone(zone) ? zone : "UTC" };
}

function isTimeZone(name: string): boolean {
  try {
    return name !== "" && new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/**
 * What `POST /v1/workflows` takes; fields that were left empty are absent.
 *
 * @param stored instants of the workflow that is changed.
 */
export function readWorkflow(form: Form, choices: Choices, stored: readonly string[] = []): Record<string, unknown> {
  const setting = { ...settingOf(form), stored };
  return {
    name: first(form, "name").trim(),
    trigger: readTrigger(form, choices),
    conditions: readSlot(form, "conditions", setting) ?? null,
    steps: partsOf(form, "steps").map((part) => readStep(form, `steps.${part}`, choices, setting)),
    settings: readSettings(form),
  };
}

function readTrigger(form: Form, choices: Choices): Record<string, unknown> {
  const text = (name: string) => first(form, `trigger.${name}`).trim() || undefined;
  const whole = (name: string) => wholeOf(text(name));
  const on = text("on") as TriggerOn | undefined;
  const ids = all(form, "trigger.campaign_ids").flatMap(linesOf);
  const campaigns = ids.length === 0 ? undefined : ids.map((id) => idOf(choices, "campaigns", id));
  const currency = text("currency")?.toUpperCase();
  switch (on) {
    case "customer.birthday":
    case "customer.anniversary":
      return present({ on, days_before: whole("days_before"), at: text("at") });
    case "redemption.succeeded":
    case "redemption.rejected":
    case "voucher.published":
      return present({ on, campaign_ids: campaigns });
    case "voucher.expiring":
      return present({ on, days_before: whole("days_before"), campaign_ids: campaigns });
    case "points.reached":
      return present({ on, points: whole("points") });
    case "orders.reached":
      if (text("level") !== "amount") return present({ on, count: whole("count") });
      return present({ on, amount: minorOf(text("amount"), currency ?? ""), currency });
    case "segment.entered":
    case "segment.left":
      return present({ on, segment_id: idOf(choices, "segments", text("segment_id")) });
    case "custom":
      return present({ on, name: text("name") });
    default:
      return present({ on });
  }
}

function readStep(form: Form, at: string, choices: Choices, setting: Setting): Record<string, unknown> {
  const text = (name: string) => first(form, `${at}.${name}`).trim() || undefined;
  const whole = (name: string) => wholeOf(text(name));
  const type = text("type") as Step["type"] | undefined;
  const to = text("to");
  const id = (kind: "campaigns" | "segments" | "channels" | "templates", name: string) =>
    idOf(choices, kind, text(name));
  switch (type) {
    case "wait": {
      const unit = text("unit") ?? "days";
      return present({ type, [unit]: unit === "until" ? text("until") : whole(unit) });
    }
    case "condition":
      return present({ type, rule: readSlot(form, `${at}.rule`, setting) });
    case "publish_voucher":
      return present({ type, campaign_id: id("campaigns", "campaign_id"), to });
    case "points":
      return present({ type, points: whole("points"), expires_in_days: whole("expires_in_days"), to });
    case "gift_credit": {
      const campaignId = id("campaigns", "campaign_id");
      // The cards' currency is the amount's: nobody types it.
      const currency = choices.cards.find((card) => card.id === campaignId)?.currency;
      return present({
        type,
        amount: minorOf(text("amount"), currency ?? setting.currency),
        currency: currency ?? (campaignId === undefined ? undefined : setting.currency || undefined),
        campaign_id: campaignId,
        to,
      });
    }
    case "deliver":
      return present({
        type,
        channel_id: id("channels", "channel_id"),
        template_id: id("templates", "template_id"),
        to,
      });
    default:
      return present({ type, segment_id: id("segments", "segment_id"), to });
  }
}

function readSettings(form: Form): Record<string, unknown> {
  const text = (name: string) => first(form, `settings.${name}`).trim() || undefined;
  const quiet = present({ from: text("quiet_hours.from"), to: text("quiet_hours.to") });
  const cap = present({ deliveries_max: wholeOf(text("cap.deliveries_max")), days: wholeOf(text("cap.days")) });
  return present({
    time_zone: text("time_zone"),
    quiet_hours: filled(quiet),
    cap: filled(cap),
    entry: text("entry"),
    entry_gap_days: wholeOf(text("entry_gap_days")),
    currency: text("currency")?.toUpperCase(),
  });
}

function present(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function filled(fields: Record<string, unknown>): Record<string, unknown> | undefined {
  return Object.keys(fields).length === 0 ? undefined : fields;
}

type Stored = Pick<WorkflowWire, "name" | "version" | "trigger" | "conditions" | "steps" | "settings">;

/** A stored workflow as its form. */
export function writeWorkflow({ name, version, trigger, conditions, steps, settings }: Stored): Form {
  const plain: Record<string, unknown> = { name, version, ...triggerTexts(trigger) };
  const { quiet_hours, cap, ...others } = settings;
  for (const [key, value] of Object.entries(others)) plain[`settings.${key}`] = value;
  for (const [key, value] of Object.entries(quiet_hours ?? {})) plain[`settings.quiet_hours.${key}`] = value;
  for (const [key, value] of Object.entries(cap ?? {})) plain[`settings.cap.${key}`] = value;
  for (const [index, step] of steps.entries()) {
    for (const [key, value] of Object.entries(stepTexts(step))) plain[`steps.${index}.${key}`] = value;
  }
  const form: Form = {
    ...texts(plain),
    ...("campaign_ids" in trigger && trigger.campaign_ids ? { "trigger.campaign_ids": trigger.campaign_ids } : {}),
  };
  const setting = settingOf(form);
  const rules = steps.map((step, index) =>
    step.type === "condition" ? writeSlot(step.rule, `steps.${index}.rule`, setting) : {},
  );
  return Object.assign({ ...form }, writeSlot(conditions, "conditions", setting), ...rules);
}

function triggerTexts(trigger: Stored["trigger"]): Record<string, unknown> {
  const { campaign_ids: _, ...fields } = { campaign_ids: undefined, ...trigger };
  const named = Object.fromEntries(Object.entries(fields).map(([key, value]) => [`trigger.${key}`, value]));
  if (trigger.on !== "orders.reached") return named;
  const isAmount = trigger.amount !== undefined;
  return {
    ...named,
    "trigger.level": isAmount ? "amount" : "count",
    ...(isAmount && { "trigger.amount": decimalOf(trigger.amount, trigger.currency ?? "") }),
  };
}

function stepTexts(step: Step): Record<string, unknown> {
  if (step.type === "condition") return { type: step.type };
  if (step.type === "gift_credit") return { ...step, amount: decimalOf(step.amount, step.currency) };
  if (step.type !== "wait") return { ...step };
  const unit = (["minutes", "hours", "days", "until"] as const).find((name) => step[name] !== undefined) ?? "days";
  return { ...step, unit };
}

function texts(fields: Record<string, unknown>): Form {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([key, value]) => [key, [String(value)]]),
  );
}

/** Where the API's pointer leads in the form. What is wrong with a pair is said at its first field. */
export function workflowField(name: string): string {
  const field = ruleField(name);
  if (field === "trigger") return "trigger.count";
  if (field === "settings.quiet_hours") return "settings.quiet_hours.from";
  if (field === "settings.cap") return "settings.cap.deliveries_max";
  return field.replace(/^(trigger\.campaign_ids)\.\d+$/, "$1").replace(/^(steps\.\d+)\.currency$/, "$1.campaign_id");
}
