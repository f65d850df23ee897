/** Which automatic campaigns are worth counting for a request: those whose rules its basket and its customer meet. */
import { looksAtDiscounts } from "../domain/automatic.ts";
import type { CustomerFacts } from "../domain/facts.ts";
import { isWithheld } from "../domain/holdout.ts";
import { isMet } from "../domain/rules/is-met.ts";
import type { RuleContext } from "../domain/rules/paths.ts";
import type { Rule } from "../domain/rules/rule.ts";
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
  const contexts = contextsOf(request, customer, now);
  const candidates: Pair[] = [];
  for (const pair of pairs) {
    if (candidates.length === candidatesMax) break;
    if (mightApply(pair, customer, contexts)) candidates.push(pair);
  }
  if (request.withNearMisses !== true) return candidates;
  const met = new Set(candidates);
  return [...candidates, ...pairs.filter((pair) => !met.has(pair))].slice(0, candidatesMax);
}

/** What rules see at the wall clock of a time zone: made once for all campaigns of it. */
type Contexts = (timeZone: string) => RuleContext;

function contextsOf({ order }: FactsRequest, customer: CustomerFacts | null, now: number): Contexts {
  const amount = order.items.reduce((sum, item) => sum + item.unitAmount * item.quantity, 0);
  const known = new Map<string, RuleContext>();
  return (timeZone) => {
    let context = known.get(timeZone);
    if (context === undefined) {
      const { time, weekday, date } = localTime(now, timeZone);
      context = {
        now,
        order,
        customer,
        localTime: time,
        localWeekday: weekday,
        localDate: date,
        amount,
        amountLeft: amount,
        item: null,
        languages: [],
      };
      known.set(timeZone, context);
    }
    return context;
  };
}

function mightApply({ sub, main }: Pair, customer: CustomerFacts | null, contexts: Contexts): boolean {
  if (customer !== null && isWithheld(sub, customer)) return false;
  if (sub.rules === null && main.rules === null) return true;
  const context = contexts(sub.timeZone);
  return passes(sub.rules, context) && passes(main.rules, context);
}

function passes(rule: Rule | null, context: RuleContext): boolean {
  return rule === null || isMet(rule, context) || looksAtDiscounts(rule);
}
