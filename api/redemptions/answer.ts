/** What callers and the warehouse are told of a decision. One place builds both, so that they cannot differ. */
import type { CodePart, OrderPart, RiskPart } from "../../ingest/events/parts.ts";
import type { RiskInput } from "../../models/features/risk.ts";
import type { Models, RiskScore } from "../../models/serving.ts";
import type { CodeDecision, Decision } from "../domain/decision.ts";
import type { Facts } from "../domain/facts.ts";
import type { Reason } from "../domain/reason.ts";
import type { Activity } from "./load-facts.ts";

export type Source = "api" | "integration" | "mobile" | "console";

function wireReason(reason: Reason, key: "codes" | "event" = "codes") {
  const { key: name, code, message, rule_id, expected, actual, gap } = reason;
  return {
    key: name,
    ...(code === undefined ? {} : { code }),
    ...(key === "event" ? {} : { message }),
    ...(rule_id === undefined || key === "event" ? {} : { rule_id }),
    ...(expected === undefined ? {} : { expected }),
    ...(actual === undefined ? {} : { actual }),
    ...(gap === undefined ? {} : { gap }),
  };
}

function wireRewards(code: CodeDecision) {
  return code.rewards.map((reward) => ({ type: reward.type, discount_amount: reward.discountAmount }));
}

export function wireCode(code: CodeDecision) {
  return {
    code: code.code,
    campaign_id: code.campaignId,
    applicable: code.applicable,
    discount_amount: code.discountAmount,
    rewards: wireRewards(code),
    reasons: code.reasons.map((reason) => wireReason(reason)),
  };
}

/** All rewards of a decision, each with the code that gave it. */
export function wireAllRewards(decision: Decision) {
  return decision.codes.flatMap((code) => wireRewards(code).map((reward) => ({ ...reward, voucher_code: code.code })));
}

/** All reasons of a decision, each with the voucher code it is about. */
export function wireAllReasons(decision: Decision) {
  return decision.codes.flatMap((code) =>
    code.reasons.map((reason) => ({ ...wireReason(reason), voucher_code: code.code })),
  );
}

export function wireOrder(facts: Facts, decision: Decision) {
  const { order } = facts;
  return {
    id: order.id,
    currency: order.currency,
    channel: order.channel,
    store_id: order.storeId,
    amount: decision.amount,
    shipping_amount: order.shippingAmount,
    discount_amount: decision.discountAmount,
    total_amount: decision.totalAmount,
    items: order.items.map((item, index) => ({
      sku: item.sku,
      product_id: item.productId,
      name: item.name,
      quantity: item.quantity,
      unit_amount: item.unitAmount,
      categories: item.categories,
      discount_amount: decision.itemsDiscount[index] ?? 0,
    })),
  };
}

export function eventOrder(facts: Facts, decision: Decision): OrderPart {
  const order = wireOrder(facts, decision);
  return {
    ...order,
    items: order.items.map(({ name: _, ...item }) => ({ ...item, categories: [...item.categories] })),
  };
}

export function eventCodes(decision: Decision): CodePart[] {
  return decision.codes.map((code) => ({
    code: code.code,
    voucher_id: code.voucherId,
    campaign_id: code.campaignId,
    main_campaign_id: code.parentId,
    discount_amount: code.discountAmount,
    reasons: code.reasons.map((reason) => wireReason(reason, "event")) as CodePart["reasons"],
  }));
}

export function eventRisk(risk: RiskScore): RiskPart {
  return {
    score: risk.score,
    action: risk.action,
    model: risk.model,
    features: risk.features === null ? null : { ...risk.features },
  };
}

export function wireRisk(risk: RiskScore) {
  return { score: risk.score, action: risk.action, reasons: [...risk.reasons] };
}

/** Scores the attempt as it is decided: a rejected one is scored with the discount it would not get, 0. */
export function scoreAttempt(models: Models, facts: Facts, decision: Decision, activity: Activity): RiskScore {
  const { items } = facts.order;
  const input: RiskInput = {
    orderAmount: decision.amount,
    discountAmount: decision.discountAmount,
    linesCount: items.length,
    itemsQuantity: items.reduce((sum, item) => sum + item.quantity, 0),
    maxUnitAmount: items.reduce((most, item) => Math.max(most, item.unitAmount), 0),
    codesCount: facts.redeemables.length,
    hourOfDay: new Date(facts.now).getUTCHours(),
    isGuest: facts.customer === null,
    ...activity,
  };
  return models.scoreRisk(input);
}
