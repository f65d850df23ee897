/** Which automatic campaigns are worth counting for a request: those whose rules its basket and its customer meet. */
import { looksAtDiscounts } from "../domain/automatic.ts";
import type { CustomerFacts } from "../domain/facts.ts";
import { isHeldOut } from "../domain/holdout.ts";
import { isMet } from "../domain/rules/is-met.ts";
import type { RuleContext } from "../domain/rules/paths.ts";
import type { Pair } from "./definitions.ts";
import type { FactsRequest } from "./facts-request.ts";
import { localTime } from "./local-time.ts";

/** Bounds what one request counts and combines; lowest ids first. */
const candidatesMax = 200;

/** `decide` judges again, with counters; this only spares it, and the database, campaigns that are far from fitting. */
export function automaticCandidates(
  pairs: readonly Pair[],
  request: FactsRequest,
  customer: CustomerFacts | null,
  now: number,
): Pair[] {
  const candidates: Pair[] = [];
  for (const pair of pairs) {
    if (candidates.length === candidatesMax) break;
    if (mightApply(pair, request, customer, now)) candidates.push(pair);
  }
  if (request.withNearMisses !== true) return candidates;
  const met = new Set(candidates);
  return [...candidates, ...pairs.filter((pair) => !met.has(pair))].slice(0, candidatesMax);
}

function mightApply({ sub, main }: Pair, request: FactsRequest, customer: CustomerFacts | null, now: number): boolean {
  if (customer !== null && isHeldOut(sub.id, customer.identifier, sub.holdoutPercent)) return false;
  if (sub.rules === null && main.rules === null) return true;
  const amount = request.order.items.reduce((sum, item) => sum + item.unitAmount * item.quantity, 0);
  const local = localTime(now, sub.timeZone);
  const context: RuleContext = {
    now,
    order: request.order,
    customer,
    localTime: local.time,
    localWeekday: local.weekday,
    localDate: local.date,
    amount,
    amountLeft: amount,
    item: null,
    languages: [],
  };
  return [sub.rules, main.rules].every((rule) => rule === null || looksAtDiscounts(rule) || isMet(rule, context));
}
