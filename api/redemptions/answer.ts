/** What callers and the warehouse are told of a decision. One place builds both, so that they cannot differ. */
import type { CodePart, OrderPart } from "../../ingest/events/parts.ts";
import type { AppliedReward, CodeDecision, Decision } from "../domain/decision.ts";
import type { Facts } from "../domain/facts.ts";
import type { Reason } from "../domain/reason.ts";

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

/** The codes that a redemption handed out, by where the answer shows them: "position/index". */
export type IssuedCodes = ReadonlyMap<string, string>;
const nothingIssued: IssuedCodes = new Map();

function wireReward(reward: AppliedReward, issuedCode: string | undefined) {
  const { item } = reward;
  return {
    type: reward.type,
    discount_amount: reward.discountAmount,
    ...(reward.points === undefined ? {} : { points: reward.points }),
    ...(reward.expiresInDays === undefined ? {} : { expires_in_days: reward.expiresInDays }),
    ...(reward.amount === undefined ? {} : { amount: reward.amount }),
    ...(reward.campaignId === undefined ? {} : { campaign_id: reward.campaignId }),
    ...(reward.poolId === undefined ? {} : { pool_id: reward.poolId }),
    ...(item === undefined ? {} : { item: { sku: item.sku, product_id: item.productId, name: item.name } }),
    ...(reward.quantity === undefined ? {} : { quantity: reward.quantity }),
    ...(reward.missingQuantity === undefined ? {} : { missing_quantity: reward.missingQuantity }),
    ...(issuedCode === undefined ? {} : { issued_code: issuedCode }),
  };
}

function wireRewards(code: CodeDecision, position: number, issued: IssuedCodes) {
  return code.rewards.map((reward, index) => wireReward(reward, issued.get(`${position}/${index}`)));
}

export function wireApplied(code: CodeDecision, position = 0, issued: IssuedCodes = nothingIssued) {
  return {
    campaign_id: code.campaignId,
    applicable: code.applicable,
    discount_amount: code.discountAmount,
    shipping_discount_amount: code.shippingDiscount,
    rewards: wireRewards(code, position, issued),
    reasons: code.reasons.map((reason) => wireReason(reason)),
  };
}

/** The codes of the request, in the order given. */
export function wireCodes(decision: Decision, issued: IssuedCodes = nothingIssued) {
  return decision.codes.map((code, position) => ({ code: code.code, ...wireApplied(code, position, issued) }));
}

/** Automatic campaigns that apply, in the order in which they were applied. */
export function wireAutomatic(decision: Decision, issued: IssuedCodes = nothingIssued) {
  return decision.automatic.map((code, index) => {
    const { reasons: _, applicable: __, ...applied } = wireApplied(code, decision.codes.length + index, issued);
    return applied;
  });
}

/** All rewards of a decision, each with the code that gave it; an automatic campaign has none. */
export function wireAllRewards(decision: Decision, issued: IssuedCodes = nothingIssued) {
  return [...decision.codes, ...decision.automatic].flatMap((code, position) =>
    wireRewards(code, position, issued).map((reward) => ({
      ...reward,
      voucher_code: code.code === "" ? null : code.code,
    })),
  );
}

/** All reasons of a decision, each with the voucher code it is about. */
export function wireAllReasons(decision: Decision) {
  return decision.codes.flatMap((code) =>
    code.reasons.map((reason) => ({ ...wireReason(reason), voucher_code: code.code })),
  );
}

type Sums = Pick<Decision, "amount" | "discountAmount" | "shippingDiscount" | "totalAmount" | "itemsDiscount">;

export function wireOrder(facts: Facts, decision: Sums) {
  const { order } = facts;
  return {
    id: order.id,
    currency: order.currency,
    channel: order.channel,
    store_id: order.storeId,
    amount: decision.amount,
    shipping_amount: order.shippingAmount,
    discount_amount: decision.discountAmount,
    shipping_discount_amount: decision.shippingDiscount,
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
  const { shipping_discount_amount: _, ...order } = wireOrder(facts, decision);
  return {
    ...order,
    items: order.items.map(({ name: __, ...item }, index) => ({
      ...item,
      categories: [...item.categories],
      ...costPart(facts.order.items[index]?.unitCostAmount),
    })),
  };
}

/** Shops tell costs for their reports alone: they are in events, and in no answer. */
function costPart(unitCost: number | undefined): { unit_cost_amount?: number } {
  return unitCost === undefined ? {} : { unit_cost_amount: unitCost };
}

/** @param redeemables of the codes, in their order: tells until when each is good. */
export function eventCodes(decision: Decision, redeemables: Facts["redeemables"] = []): CodePart[] {
  return [...decision.codes, ...decision.automatic].map((code, at) => ({
    code: code.code,
    voucher_id: code.voucherId,
    campaign_id: code.campaignId,
    main_campaign_id: code.parentId,
    discount_amount: code.discountAmount,
    shipping_discount: code.shippingDiscount,
    ...expiryPart(redeemables[at]?.voucher?.expiresAt),
    rewards: code.rewards.map(eventReward),
    reasons: code.reasons.map((reason) => wireReason(reason, "event")) as CodePart["reasons"],
  }));
}

function expiryPart(expiresAt: number | null | undefined): { expires_at?: string } {
  return expiresAt === null || expiresAt === undefined ? {} : { expires_at: new Date(expiresAt).toISOString() };
}

function eventReward({ type, discountAmount, points, amount, campaignId, poolId }: AppliedReward) {
  return {
    type,
    discount_amount: discountAmount,
    ...(points === undefined ? {} : { points }),
    ...(amount === undefined ? {} : { amount }),
    ...(campaignId === undefined ? {} : { campaign_id: campaignId }),
    ...(poolId === undefined ? {} : { pool_id: poolId }),
  };
}
