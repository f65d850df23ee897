/** A decision that would give something and, by its risk, does not: now, or for good. */
import type { CodeDecision, Decision } from "../domain/decision.ts";
import { makeReason, type Reason } from "../domain/reason.ts";

/** What is held for review becomes a redemption once it has passed, or an ordinary reservation, as it was asked for. */
export type Hold = "redemption" | "reservation";

/** Says nothing of why: whoever tries what passes must not learn from the answer. */
export const heldReason = makeReason("held_for_review", "This order is checked before the code can be used.");
export const rejectedReason = makeReason("risk_rejected", "This code cannot be used for this order.");

export function withheld(decision: Decision, reason: Reason): Decision {
  return {
    ...decision,
    valid: false,
    discountAmount: 0,
    totalAmount: decision.totalAmount + decision.discountAmount,
    itemsDiscount: decision.itemsDiscount.map(() => 0),
    shippingDiscount: 0,
    codes: decision.codes.map((code) => withheldCode(code, reason)),
    automatic: [],
    takes: [],
  };
}

function withheldCode(code: CodeDecision, reason: Reason): CodeDecision {
  return {
    ...code,
    applicable: false,
    discountAmount: 0,
    itemsDiscount: code.itemsDiscount.map(() => 0),
    shippingDiscount: 0,
    rewards: [],
    reasons: [reason],
  };
}
