/** What the risk features are told of an attempt: a rejected one has the discount it would not get, 0. */
import type { RiskInput } from "../../models/features/risk.ts";
import type { Decision } from "../domain/decision.ts";
import type { LoadedFacts } from "./load-facts.ts";

export function riskInputOf({ facts, signals }: LoadedFacts, decision: Decision): RiskInput {
  const { items } = facts.order;
  return {
    orderAmount: decision.amount,
    discountAmount: decision.discountAmount,
    linesCount: items.length,
    itemsQuantity: items.reduce((sum, item) => sum + item.quantity, 0),
    codesCount: facts.redeemables.length,
    hourOfDay: new Date(facts.now).getUTCHours(),
    isGuest: facts.customer === null,
    accountAgeSeconds: signals.accountAgeSeconds,
    isSelfReferral: signals.isSelfReferral,
    known: signals.known,
  };
}
