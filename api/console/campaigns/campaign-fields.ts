/** A campaign as its form holds it, and as the API takes it. */
import { z } from "zod";
import type { CampaignWire } from "../../campaigns/schemas.ts";
import type { Reward } from "../../domain/rewards/reward.ts";
import { instantOf, localText } from "../parts/moments.tsx";
import { decimalOf, minorOf, wholeOf } from "../parts/money.ts";
import { all, first, partsOf } from "../rules/nested.ts";
import { readSlot, writeSlot } from "../rules/read-rule.ts";
import { linesOf, type Setting } from "../rules/values.ts";
import type { Form } from "../viewer.ts";
import { readRewards, writeRewards } from "./reward-fields.ts";
import { readAutoGrow, writeAutoGrow } from "./stock-fields.tsx";

type Type = CampaignWire["type"];

const texts = ["name", "team", "budget_code", "channel", "purpose", "medium", "customer_information"] as const;
const limitCounts = ["redemptions_max", "per_customer", "per_voucher"] as const;
const limitAmounts = [
  "discount_amount_max",
  "discount_amount_max_per_customer",
  "discount_amount_max_per_order",
  "orders_amount_max",
] as const;
const exclusions = ["skus", "product_ids", "categories"] as const;
const ofSub = [
  "triggers_on",
  "trigger_name",
  "rewards",
  "referrer_rewards",
  "automatic",
  "stacking",
  "exclusions",
  "points_price",
  "voucher_lifetime_days",
  "low_stock",
  "auto_grow",
  "holdout_percent",
  "holdout_codes",
  "on_cancel",
  "on_rollback",
] as const;
const ofBoth = [
  ...texts,
  "starts_at",
  "ends_at",
  "time_zone",
  "budget_amount",
  "budget_policy",
  "redemptions_max",
  "limits",
  "rules",
  "metadata",
] as const;

export function settingOf(form: Form): Setting {
  const timeZone = first(form, "time_zone").trim();
  return { currency: first(form, "currency").trim().toUpperCase(), timeZone: isTimeZone(timeZone) ? timeZone : "UTC" };
}

/** One that clocks know: whether it may be stored is the API's to say. */
function isTimeZone(name: string): boolean {
  try {
    return name !== "" && new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/**
 * What `POST /v1/campaigns` takes; fields that were left empty are absent.
 *
 * @param stored instants of the campaign that is changed.
 */
export function readCampaign(form: Form, type: Type, stored: readonly string[] = []): Record<string, unknown> {
  const setting = { ...settingOf(form), stored };
  const text = (name: string) => first(form, name).replaceAll("\r\n", "\n").trim() || undefined;
  const whole = (name: string) => wholeOf(first(form, name));
  const money = (name: string) => minorOf(first(form, name), setting.currency);
  const common = {
    ...Object.fromEntries(texts.map((name) => [name, text(name)])),
    type,
    currency: setting.currency || undefined,
    starts_at: instantOf(text("starts_at"), setting.timeZone, stored),
    ends_at: instantOf(text("ends_at"), setting.timeZone, stored),
    time_zone: text("time_zone"),
    budget_amount: money("budget_amount"),
    budget_policy: text("budget_policy"),
    redemptions_max: whole("redemptions_max"),
    limits: filled(readLimits(form, setting)),
    rules: readSlot(form, "rules", setting),
    metadata: filled(readMetadata(form)),
  };
  if (type === "main") return present({ ...common, template: text("template") });
  const isReferral = first(form, "template") === "referral";
  return present({
    ...common,
    parent_id: text("parent_id"),
    triggers_on: text("triggers_on"),
    trigger_name: text("triggers_on") === "custom" ? text("trigger_name") : undefined,
    rewards: readRewards(form, "rewards", setting),
    referrer_rewards: isReferral ? readRewards(form, "referrer_rewards", setting) : undefined,
    automatic: isTicked(form, "automatic"),
    stacking: filled(
      present({
        exclusive: isTicked(form, "stacking.exclusive") || undefined,
        group: text("stacking.group"),
        order: whole("stacking.order"),
        max_per_order: whole("stacking.max_per_order"),
      }),
    ),
    exclusions: filled(
      present(
        Object.fromEntries(
          exclusions.map((name) => {
            const lines = all(form, `exclusions.${name}`).flatMap(linesOf);
            return [name, lines.length === 0 ? undefined : lines];
          }),
        ),
      ),
    ),
    points_price: whole("points_price"),
    voucher_lifetime_days: whole("voucher_lifetime_days"),
    low_stock: whole("low_stock"),
    auto_grow: readAutoGrow(form),
    holdout_percent: whole("holdout_percent"),
    holdout_codes: isTicked(form, "holdout_codes"),
    on_cancel: text("on_cancel"),
    on_rollback: text("on_rollback"),
  });
}

/** What `PATCH` takes: all of the form, null for what was left empty; what is fixed stays out. */
export function readPatch(form: Form, type: Type, stored: readonly string[]): Record<string, unknown> {
  const body = readCampaign(form, type, stored);
  const names: readonly string[] = type === "sub" ? [...ofBoth, ...ofSub] : ofBoth;
  const fields = names.map((name) => [name, body[name] ?? (name === "name" ? "" : null)]);
  return {
    ...Object.fromEntries(fields.filter(([name, value]) => !(name === "referrer_rewards" && value === null))),
    ...(type === "main" ? present({ template: body.template, currency: body.currency }) : {}),
    version: wholeOf(first(form, "version")),
  };
}

function isTicked(form: Form, name: string): boolean {
  return all(form, name).includes("on");
}

function present(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function filled(fields: Record<string, unknown>): Record<string, unknown> | undefined {
  return Object.keys(fields).length === 0 ? undefined : fields;
}

function readLimits(form: Form, { currency }: Setting): Record<string, unknown> {
  const periods = partsOf(form, "limits.per_period").map((part) => {
    const at = `limits.per_period.${part}`;
    return present({
      period: first(form, `${at}.period`),
      per: first(form, `${at}.per`) || undefined,
      redemptions_max: wholeOf(first(form, `${at}.redemptions_max`)),
      discount_amount_max: minorOf(first(form, `${at}.discount_amount_max`), currency),
    });
  });
  return present({
    ...Object.fromEntries(limitCounts.map((name) => [name, wholeOf(first(form, `limits.${name}`))])),
    ...Object.fromEntries(limitAmounts.map((name) => [name, minorOf(first(form, `limits.${name}`), currency)])),
    per_period: periods.length === 0 ? undefined : periods,
  });
}

/** "source: newsletter", a line a field. A text that looks like something else, or has lines, stands in quotes. */
function readMetadata(form: Form): Record<string, unknown> {
  const entries = linesOf(first(form, "metadata")).map((line): [string, unknown] => {
    const colon = line.indexOf(":");
    return colon < 0 ? [line, ""] : [line.slice(0, colon).trim(), scalarOf(line.slice(colon + 1).trim())];
  });
  return Object.fromEntries(entries);
}

const quoted = z.string();

function scalarOf(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  if (/^-?(0|[1-9]\d{0,14})(\.\d{1,9})?$/.test(text)) return Number(text);
  if (!text.startsWith('"')) return text;
  try {
    return quoted.parse(JSON.parse(text));
  } catch {
    return text;
  }
}

function scalarText(value: unknown): string {
  if (typeof value !== "string") return String(value);
  return value !== value.trim() || value.includes("\n") || scalarOf(value) !== value ? JSON.stringify(value) : value;
}

/** A stored campaign as its form. */
export function writeCampaign(campaign: CampaignWire): Form {
  const { currency, time_zone: timeZone, limits, stacking } = campaign;
  const setting = { currency, timeZone };
  const money = (amount: number | null | undefined) => decimalOf(amount, currency);
  const fields: Record<string, unknown> = {
    ...Object.fromEntries(texts.map((name) => [name, campaign[name]])),
    version: campaign.version,
    currency,
    template: campaign.template,
    parent_id: campaign.parent_id,
    starts_at: localText(campaign.starts_at, timeZone),
    ends_at: localText(campaign.ends_at, timeZone),
    time_zone: timeZone,
    budget_amount: money(campaign.budget_amount),
    budget_policy: campaign.budget_policy,
    redemptions_max: campaign.redemptions_max,
    metadata: Object.entries(campaign.metadata)
      .map(([key, value]) => `${key}: ${scalarText(value)}`)
      .join("\n"),
    ...Object.fromEntries(limitCounts.map((name) => [`limits.${name}`, limits[name]])),
    ...Object.fromEntries(limitAmounts.map((name) => [`limits.${name}`, money(limits[name])])),
    triggers_on: campaign.triggers_on,
    trigger_name: campaign.trigger_name,
    automatic: campaign.automatic ? "on" : "",
    "stacking.exclusive": stacking.exclusive ? "on" : "",
    "stacking.group": stacking.group,
    "stacking.order": stacking.order,
    "stacking.max_per_order": stacking.max_per_order,
    ...Object.fromEntries(exclusions.map((name) => [`exclusions.${name}`, campaign.exclusions[name]?.join("\n")])),
    points_price: campaign.points_price,
    voucher_lifetime_days: campaign.voucher_lifetime_days,
    low_stock: campaign.low_stock,
    ...writeAutoGrow(campaign),
    holdout_percent: campaign.type === "sub" ? campaign.holdout_percent : "",
    holdout_codes: campaign.holdout_codes ? "on" : "",
    on_cancel: campaign.on_cancel,
    on_rollback: campaign.on_rollback,
  };
  for (const [index, limit] of (limits.per_period ?? []).entries()) {
    const at = `limits.per_period.${index}`;
    fields[`${at}.period`] = limit.period;
    fields[`${at}.per`] = limit.per;
    fields[`${at}.redemptions_max`] = limit.redemptions_max;
    fields[`${at}.discount_amount_max`] = money(limit.discount_amount_max);
  }
  return {
    ...Object.fromEntries(
      Object.entries(fields)
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([name, value]) => [name, [String(value)]]),
    ),
    ...writeSlot(campaign.rules, "rules", setting),
    ...writeRewards(campaign.rewards as readonly Reward[], "rewards", setting),
    ...writeRewards(campaign.referrer_rewards as readonly Reward[], "referrer_rewards", setting),
  };
}
