import type { Decision } from "../../../api/domain/decision.ts";
import type { Facts, OnRollback } from "../../../api/domain/facts.ts";
import type { Redeemed } from "../../../api/domain/rollback.ts";

/** A redemption of this decision, before anything of it is rolled back; every code with the same policy. */
export function redeemedOf(facts: Facts, decision: Decision, onRollback: OnRollback): Redeemed {
  return {
    quantities: facts.order.items.map(({ quantity }) => quantity),
    unitsReturned: [],
    codes: [...decision.codes, ...decision.automatic].map((code) => ({
      voucherId: code.voucherId,
      campaignId: code.campaignId ?? "",
      onRollback,
      isGiftCard: code.rewards.some(({ type }) => type === "gift_card"),
      itemsDiscount: code.itemsDiscount,
      shippingDiscount: code.shippingDiscount,
      itemsReturned: [],
      shippingReturned: 0,
    })),
  };
}
