/**
 * Facts in, decision out: the one place that says what codes and automatic campaigns give on an order, and why not.
 * Deterministic and total; checkout, replay and tests call the same function. What it says about limits is rechecked
 * when uses are taken.
 */
import { rivalsAmong } from "./apply.ts";
import { unknownCode } from "./assess.ts";
import { codeCandidates } from "./candidate.ts";
import { chooseAutomatic } from "./choose-automatic.ts";
import type { CodeDecision, Decision } from "./decision.ts";
import type { Facts } from "./facts.ts";
import { sum } from "./money.ts";
import { requestOf } from "./progress.ts";

export function decide(facts: Facts): Decision {
  const request = requestOf(facts);
  const all = codeCandidates(facts);
  const { run, exhaustive } = chooseAutomatic({ all, rivals: rivalsAmong(all, request) }, request);

  const byPosition = new Map<number, CodeDecision>();
  const automatic: CodeDecision[] = [];
  for (const [candidate, decision] of run.decided) {
    if (candidate.position !== null) byPosition.set(candidate.position, decision);
    else if (decision.applicable) automatic.push(decision);
  }
  const codes = facts.redeemables.map(
    (redeemable, position) => byPosition.get(position) ?? unknownCode(redeemable, facts.order.items.length),
  );
  const given = [...codes, ...automatic];
  const discountAmount = sum(given.map((each) => each.discountAmount));
  const valid = given.length > 0 && codes.every((code) => code.applicable);
  return {
    valid,
    amount: request.amount,
    discountAmount,
    totalAmount: sum(request.leftBefore.lines) + request.leftBefore.shipping - discountAmount,
    itemsDiscount: facts.order.items.map((_, line) => sum(given.map((each) => each.itemsDiscount[line] ?? 0))),
    shippingDiscount: sum(given.map((each) => each.shippingDiscount)),
    codes,
    automatic,
    exhaustive,
    takes: valid ? run.progress.tally.takes() : [],
  };
}
