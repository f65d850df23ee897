/** Rewards as a form holds them, and as the API takes them. */
import type { Reward, Value } from "../../domain/rewards/reward.ts";
import { decimalOf, minorOf, wholeOf } from "../parts/money.ts";
import { all, first, partsOf } from "../rules/nested.ts";
import { readSlot, writeSlot } from "../rules/read-rule.ts";
import { linesOf, type Setting } from "../rules/values.ts";
import type { Form } from "../viewer.ts";

export const rewardTypes = [
  ["order_discount", "Discount on the order"],
  ["item_discount", "Discount on items"],
  ["shipping_discount", "Discount on shipping"],
  ["buy_x_get_y", "Buy x, get y"],
  ["bundle", "Bundle for a fixed price"],
  ["free_item", "A free item"],
  ["points", "Points"],
  ["voucher", "A new voucher"],
  ["pool_voucher", "A code of a pool"],
  ["gift_credit", "Gift card credit"],
] as const satisfies readonly (readonly [Reward["type"], string])[];

export const freshReward = { type: "order_discount", give: "percent_bp" } as const;
export const freshComponent = {
  quantity: "1",
  "where.group": "all",
  "where.0.on": "item.categories",
  "where.0.op": "any_of",
};

/** "12.5" % is 1250 basis points. */
function basisPoints(text: string): number | string | undefined {
  const plain = text.trim().replace(",", ".").replace(/\s*%$/, "");
  if (plain === "") return undefined;
  return /^\d{1,3}(\.\d{1,2})?$/.test(plain) ? Math.round(Number(plain) * 100) : plain;
}

function percentText(bp: number | undefined): string {
  return bp === undefined ? "" : String(Number((bp / 100).toFixed(2)));
}

/** The rewards under `at`, as the API takes them. */
export function readRewards(form: Form, at: string, setting: Setting): unknown[] {
  return partsOf(form, at).map((part) => readReward(form, `${at}.${part}`, setting));
}

function readReward(form: Form, at: string, setting: Setting): unknown {
  const type = first(form, `${at}.type`);
  return given({ type, ...readBody(form, at, type, setting), when: readSlot(form, `${at}.when`, setting) });
}

function readBody(form: Form, at: string, type: string, setting: Setting): Record<string, unknown> {
  const text = (name: string) => first(form, `${at}.${name}`).trim() || undefined;
  const whole = (name: string) => wholeOf(text(name));
  const money = (name: string) => minorOf(text(name), setting.currency);
  const slot = (name: string) => readSlot(form, `${at}.${name}`, setting);
  switch (type) {
    case "order_discount":
    case "shipping_discount":
      return { ...readValue(form, at, setting), max_amount: money("max_amount") };
    case "item_discount":
      return {
        which: text("which") ?? "all",
        n: text("which") === "nth" ? whole("n") : undefined,
        where: slot("where"),
        ...readValue(form, at, setting),
        max_quantity: whole("max_quantity"),
        max_amount: money("max_amount"),
      };
    case "buy_x_get_y":
      return {
        buy: given({ quantity: whole("buy.quantity"), where: slot("buy.where") }),
        get: given({
          quantity: whole("get.quantity"),
          percent_bp: basisPoints(text("get.percent_bp") ?? ""),
          where: slot("get.where"),
        }),
        max_times: whole("max_times"),
        max_amount: money("max_amount"),
      };
    case "bundle":
      return {
        items: partsOf(form, `${at}.items`).map((part) => ({
          quantity: whole(`items.${part}.quantity`),
          where: slot(`items.${part}.where`),
        })),
        fixed_amount: money("fixed_amount"),
        max_times: whole("max_times"),
        max_amount: money("max_amount"),
      };
    case "free_item":
      return {
        item: given({
          sku: text("item.sku"),
          name: text("item.name"),
          product_id: text("item.product_id"),
          quantity: whole("item.quantity"),
        }),
      };
    case "points":
      return {
        points: text("give") === "tiers" ? undefined : whole("points"),
        per_amount: text("give") === "per_amount" ? money("per_amount") : undefined,
        tiers: text("give") === "tiers" ? readTiers(form, at, setting, pointsTier) : undefined,
        max_points: whole("max_points"),
        expires_in_days: whole("expires_in_days"),
      };
    case "voucher":
      return { campaign_id: text("campaign_other") ?? text("campaign_id") };
    case "pool_voucher":
      return { pool_id: text("pool_id") };
    default:
      return { amount: money("amount"), campaign_id: text("campaign_other") ?? text("campaign_id") };
  }
}

function readValue(form: Form, at: string, setting: Setting): Record<string, unknown> {
  const give = first(form, `${at}.give`);
  const text = first(form, `${at}.${give}`);
  if (give === "tiers") return { tiers: readTiers(form, at, setting, discountTier) };
  if (give === "amount" || give === "fixed_amount") return { [give]: minorOf(text, setting.currency) };
  return { percent_bp: basisPoints(first(form, `${at}.percent_bp`)) };
}

type TierOf = (value: string, currency: string) => Record<string, unknown>;

/** "50 = 10 %", a line a tier. */
function readTiers(form: Form, at: string, { currency }: Setting, tierOf: TierOf): unknown[] {
  return all(form, `${at}.tiers`)
    .flatMap(linesOf)
    .map((line) => {
      const [from = "", ...rest] = line.split("=");
      return { from_amount: minorOf(from, currency), ...tierOf(rest.join("=").trim(), currency) };
    });
}

function discountTier(value: string, currency: string): Record<string, unknown> {
  if (value.endsWith("%")) return { percent_bp: basisPoints(value) };
  const fixed = /^for\s+(.*)$/i.exec(value)?.[1];
  return fixed === undefined ? { amount: minorOf(value, currency) } : { fixed_amount: minorOf(fixed, currency) };
}

function pointsTier(value: string): Record<string, unknown> {
  return { points: wholeOf(value.replace(/\s*points?$/i, "")) };
}

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

type Fields = Record<string, readonly string[]>;

export function writeRewards(rewards: readonly Reward[], at: string, setting: Setting): Fields {
  return Object.assign({}, ...rewards.map((reward, index) => writeReward(reward, `${at}.${index}`, setting)));
}

function writeReward(reward: Reward, at: string, setting: Setting): Fields {
  const fields = Object.entries(textsOf(reward, setting.currency)).filter(([, text]) => text !== "");
  return {
    ...Object.fromEntries(fields.map(([name, text]) => [`${at}.${name}`, [text]])),
    ...slotsOf(reward, at, setting),
    ...writeSlot(reward.when, `${at}.when`, setting),
  };
}

function slotsOf(reward: Reward, at: string, setting: Setting): Fields {
  switch (reward.type) {
    case "item_discount":
      return writeSlot(reward.where, `${at}.where`, setting);
    case "buy_x_get_y":
      return {
        ...writeSlot(reward.buy.where, `${at}.buy.where`, setting),
        ...writeSlot(reward.get.where, `${at}.get.where`, setting),
      };
    case "bundle":
      return Object.assign(
        {},
        ...reward.items.map(({ where }, k) => writeSlot(where, `${at}.items.${k}.where`, setting)),
      );
    default:
      return {};
  }
}

const text = (value: number | string | undefined) => (value === undefined ? "" : String(value));

function textsOf(reward: Reward, currency: string): Record<string, string> {
  const money = (amount: number | undefined) => decimalOf(amount, currency);
  const { type } = reward;
  switch (type) {
    case "order_discount":
    case "shipping_discount":
      return { type, ...valueTexts(reward, currency), max_amount: money(reward.max_amount) };
    case "item_discount":
      return {
        type,
        which: reward.which,
        n: text(reward.n),
        ...valueTexts(reward, currency),
        max_quantity: text(reward.max_quantity),
        max_amount: money(reward.max_amount),
      };
    case "buy_x_get_y":
      return {
        type,
        "buy.quantity": text(reward.buy.quantity),
        "get.quantity": text(reward.get.quantity),
        "get.percent_bp": percentText(reward.get.percent_bp),
        max_times: text(reward.max_times),
        max_amount: money(reward.max_amount),
      };
    case "bundle":
      return {
        type,
        ...Object.fromEntries(reward.items.map(({ quantity }, k) => [`items.${k}.quantity`, text(quantity)])),
        fixed_amount: money(reward.fixed_amount),
        max_times: text(reward.max_times),
        max_amount: money(reward.max_amount),
      };
    case "free_item":
      return {
        type,
        "item.sku": reward.item.sku,
        "item.name": text(reward.item.name),
        "item.product_id": text(reward.item.product_id),
        "item.quantity": text(reward.item.quantity),
      };
    case "points":
      return {
        type,
        give: reward.tiers ? "tiers" : reward.per_amount === undefined ? "points" : "per_amount",
        points: text(reward.points),
        per_amount: money(reward.per_amount),
        tiers: (reward.tiers ?? []).map((tier) => `${money(tier.from_amount)} = ${tier.points}`).join("\n"),
        max_points: text(reward.max_points),
        expires_in_days: text(reward.expires_in_days),
      };
    case "voucher":
      return { type, campaign_id: reward.campaign_id };
    case "pool_voucher":
      return { type, pool_id: reward.pool_id };
    case "gift_credit":
      return { type, amount: money(reward.amount), campaign_id: text(reward.campaign_id) };
  }
}

function valueTexts(
  value: Value & { readonly tiers?: readonly (Value & { readonly from_amount: number })[] },
  currency: string,
) {
  const words = (one: Value) => {
    if (one.percent_bp !== undefined) return `${percentText(one.percent_bp)} %`;
    return one.amount === undefined ? `for ${decimalOf(one.fixed_amount, currency)}` : decimalOf(one.amount, currency);
  };
  const kind = (["percent_bp", "amount", "fixed_amount"] as const).find((name) => value[name] !== undefined);
  return {
    give: value.tiers ? "tiers" : (kind ?? "percent_bp"),
    percent_bp: percentText(value.percent_bp),
    amount: decimalOf(value.amount, currency),
    fixed_amount: decimalOf(value.fixed_amount, currency),
    tiers: (value.tiers ?? []).map((tier) => `${decimalOf(tier.from_amount, currency)} = ${words(tier)}`).join("\n"),
  };
}
